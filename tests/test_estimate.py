"""Estimates: what is counted, what is drawn, what the journal tells, and what it comes to in money and time."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from svit.config import RunConfig
from svit.contexts.store import ContextStore, build_store
from svit.cost.prompt_cache import PromptCache
from svit.estimate.quote import quote
from svit.estimate.survey import Survey
from svit.estimate.task_estimate import Estimate
from svit.prompting.tokens import estimated_tokens
from svit.records import ImageContext
from svit.run.journal import Journal
from svit.run.journal_rows import Charge, Intent, Shard, StoredReply
from svit.setup.run_spending import spending
from svit.setup.task_jobs import jobs
from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions
from svit.tasks import TASKS, chosen_tasks

LUNA = RunConfig(provider="openai", model="gpt-6-luna", reasoning_effort="none")
CHAT = 9
"""What two messages and the end of a chat add to the tokens of the texts."""


@pytest.fixture(scope="session")
def many(sample: dict[int, ImageContext], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 2,200 images that differ in length; each tenth has no annotation."""
    path = tmp_path_factory.mktemp("many") / "many.contexts"

    def context(n: int) -> ImageContext:
        base = msgspec.structs.replace(sample[n % 8 + 1], image_id=n)
        bare = {"captions": (), "objects": (), "regions": (), "relationships": ()}
        return msgspec.structs.replace(base, **(bare if n % 10 == 9 else {"captions": ("A photo.",) * (n % 7)}))

    build_store(path, (context(n) for n in range(2200)), origin="many")
    return path


def survey(store: ContextStore, config: RunConfig = LUNA, **changes: Any) -> Estimate:
    names = changes.pop("tasks", ["all"])
    todo = changes.pop("jobs", None) or jobs(config, chosen_tasks(names))
    cache = lambda: PromptCache(estimated_tokens, config.caching, cache_breakpoint=True)  # noqa: E731
    return Survey(todo, store, cache, spending(config), **changes).estimate()


def test_every_prompt_is_counted_as_it_would_be_sent(sample_store: Path) -> None:
    with ContextStore(sample_store) as store:
        found = survey(store)
        texts = [
            message.content
            for job in jobs(LUNA, TASKS.values())
            for context in store
            for message in job.task.prompt(context, job.recipe).messages
        ]
    assert found.total.requests == 32
    assert found.total.prompt_tokens == sum(map(estimated_tokens, texts)) + 32 * CHAT
    assert found.total.completion_tokens == sum(8 * (task.answer_tokens or 0) for task in TASKS.values())
    assert (found.drawn, found.total.error) == (8, 0)


def test_a_sample_is_near_the_count_of_all_says_how_near_and_is_always_the_same(many: Path) -> None:
    with ContextStore(many) as store:
        whole, drawn, again = survey(store, prompts=None), survey(store, prompts=800), survey(store, prompts=800)
    assert whole.total.error == 0
    assert (whole.drawn, drawn.drawn) == (2200, 200)
    assert 0 < drawn.total.error < 0.1 * whole.total.prompt_tokens
    assert abs(drawn.total.prompt_tokens - whole.total.prompt_tokens) < 3 * drawn.total.error
    assert drawn == again


def test_the_standard_error_is_that_of_simple_draws(many: Path) -> None:
    with ContextStore(many) as store:
        job = jobs(LUNA, [TASKS["referring"]])[0]
        sizes = [
            sum(estimated_tokens(m.content) for m in job.task.prompt(c, job.recipe).messages) + CHAT
            for c in store
            if not c.is_empty
        ]
        sizes += [0] * (2200 - len(sizes))
        found = survey(store, tasks=["referring"], prompts=200)
    mean = sum(sizes) / 2200
    spread = (sum((size - mean) ** 2 for size in sizes) / 2199) ** 0.5
    expected = 2200 * spread / 200**0.5 * (1 - 200 / 2200) ** 0.5
    assert found.total.error == pytest.approx(expected, rel=0.15)


def test_images_that_will_not_be_asked_about_are_counted_apart(many: Path) -> None:
    with ContextStore(many) as store:
        found = survey(store, tasks=["referring"], prompts=None)
        narrow = [replace(job, recipe=replace(job.recipe, room=4)) for job in jobs(LUNA, [TASKS["referring"]])]
        tight = survey(store, jobs=narrow, limit=50, prompts=None)
    assert found.total.not_asked == {"empty_context": 220}
    assert (found.total.requests, found.total.done) == (1980, 0)
    assert tight.total.not_asked == {"empty_context": 5, "context_too_long": 45}
    assert tight.total.requests == tight.total.prompt_tokens == tight.total.most == 0


def test_the_most_is_every_attempt_at_its_worst(sample_store: Path) -> None:
    with ContextStore(sample_store) as store:
        found = survey(store, LUNA.model_copy(update={"attempts": 5}))
        books = spending(LUNA)
        asked = [(job, job.task.prompt(context, job.recipe)) for job in jobs(LUNA, TASKS.values()) for context in store]
    first = sum(books.worst(prompt) for _, prompt in asked)
    assert found.total.most == first + 4 * sum(books.worst(prompt, job.longest_repair) for job, prompt in asked)


def test_whole_shards_and_settled_images_are_done_and_the_others_have_the_attempts_that_are_left(
    many: Path, tmp_path: Path
) -> None:
    referring, conversation = todo = jobs(LUNA, [TASKS["referring"], TASKS["conversation"]])
    books = spending(LUNA)
    with ContextStore(many) as store, Journal(tmp_path / "j.db") as journal:
        recipe = referring.fingerprint(store.digest)
        journal.published(Shard("referring", 0, recipe, 1000, 900, {"empty_context": 100}, 1))
        journal.published(Shard("referring", 1, "an older recipe", 1000, 900, {"empty_context": 100}, 1))
        journal.published(Shard("conversation", 1, conversation.fingerprint(store.digest), 500, 450, {}, 1))
        once, thrice, hopeless = (
            conversation.task.prompt(store.get(n), conversation.recipe) for n in (1000, 1001, 1002)
        )
        keys = [(once, 1), (thrice, 1), (thrice, 2), (thrice, 3), (hopeless, 1)]
        journal.intend(Intent(each.id, n, each.task, each.context.image_id, "v") for each, n in keys)
        journal.keep([StoredReply(once.id, 1, b"{}"), *(StoredReply(thrice.id, n, b"{}") for n in (1, 2, 3))])
        journal.keep([StoredReply(hopeless.id, 1, None, b'{"code": "filtered", "words": "", "final": true}')])
        found = survey(store, jobs=todo, journal=journal, prompts=None)
        fresh = survey(store, jobs=todo, prompts=None)
    [of_referring, of_conversation] = found.tasks
    assert (of_referring.done, of_referring.prompts) == (1000, 1080)
    assert (of_conversation.done, of_conversation.prompts) == (2, 1978)
    mended = [books.worst(each, conversation.longest_repair) for each in (once, thrice, hopeless)]
    assert mended[0] > books.worst(once), "an answer that is mended is sent along"
    lost = mended[0] + sum(books.worst(each) for each in (thrice, hopeless)) + 2 * sum(mended[1:])
    assert fresh.tasks[1].most - of_conversation.most == lost


def test_each_part_of_a_run_is_drawn_from(many: Path, tmp_path: Path) -> None:
    """One shard lacks a task that the others have: it has its say even in a small sample."""
    todo = jobs(LUNA, [TASKS["referring"], TASKS["conversation"]])
    with ContextStore(many) as store, Journal(tmp_path / "j.db") as journal:
        for shard in (0, 1):
            journal.published(Shard("referring", shard, todo[0].fingerprint(store.digest), 1000, 900, {}, 1))
        found = survey(store, jobs=todo, journal=journal, prompts=20)
    assert found.drawn == 100
    assert found.tasks[0].prompts == pytest.approx(180, abs=20)
    assert found.tasks[1].prompts == pytest.approx(1980, abs=100)


def test_answers_and_retries_of_the_journal_take_the_place_of_assumptions(sample_store: Path, tmp_path: Path) -> None:
    [job] = jobs(LUNA, [TASKS["referring"]])
    version = job.recipe.template.version
    with ContextStore(sample_store) as store, Journal(tmp_path / "j.db") as journal:
        asked = [("a", 1, 700), ("b", 1, 800), ("c", 1, 900), ("c", 2, 1000)]
        journal.intend(Intent(key, attempt, "referring", 99, version) for key, attempt, _ in asked)
        journal.intend([Intent("d", 1, "referring", 99, "an older prompt"), Intent("e", 1, "referring", 99, version)])
        journal.keep([*(StoredReply(key, attempt, b"{}") for key, attempt, _ in asked), StoredReply("d", 1, b"{}")])
        journal.book(Charge(key, attempt, 10, tokens, 0) for key, attempt, tokens in asked)
        journal.book([Charge("d", 1, 10, 5, 0)])
        found, fresh = (survey(store, tasks=["referring"], journal=each) for each in (journal, None))
    assert (found.total.answers, found.tasks[0].answer_tokens) == (4, 850)
    assert found.total.requests == 10, "8 prompts, 4 requests for every 3 of them"
    assert found.total.completion_tokens == round(8 * 4 / 3) * 850 - 850 * (round(8 * 4 / 3) - 10)
    assert found.total.prompt_tokens == fresh.total.prompt_tokens * 4 // 3
    assert found.total.seconds >= 0


@pytest.mark.parametrize(
    ("limits", "bound_by", "hours"),
    [
        ({"rpm": 60, "tpm": 10**9, "in_flight": 10_000}, "rpm", 8 / 60 / 60),
        ({"rpm": 10**9, "tpm": 1000, "in_flight": 10_000}, "tpm", None),
        ({"rpm": 10**6, "tpm": 10**9, "in_flight": 2}, "in_flight", 8 * (1 + 1150 / 60) / 2 / 3600),
        ({"in_flight": 4}, "in_flight", 8 * (1 + 1150 / 60) / 4 / 3600),
    ],
)
def test_the_limit_that_binds_is_named(
    sample_store: Path, limits: dict[str, int], bound_by: str, hours: float | None
) -> None:
    with ContextStore(sample_store) as store:
        found = quote(LUNA.model_copy(update=limits), [TASKS["referring"]], store)
    assert found.hours is not None
    assert found.hours.bound_by == bound_by
    expected = hours or (found.total.prompt_tokens + found.total.completion_tokens) / 1000 / 60
    assert found.hours.all == pytest.approx(expected, rel=1e-3)


def test_a_wait_for_a_rate_limit_in_the_measured_time_is_not_taken_for_the_window(
    sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10 at once at 60 a minute: each takes 10 s from its intent to its reply, most of it waiting."""
    clock = iter([0.0, 10.0])
    monkeypatch.setattr("svit.run.journal.time.time", lambda: next(clock))
    with ContextStore(sample_store) as store, Journal(tmp_path / "j.db") as journal:
        journal.intend([Intent("a", 1, "referring", 99, "v")])
        journal.keep([StoredReply("a", 1, b"{}")])
        config = LUNA.model_copy(update={"rpm": 60, "in_flight": 10})
        found = quote(config, [TASKS["referring"]], store, journal)
    assert found.hours is not None
    assert (found.hours.seconds, found.hours.measured, found.hours.bound_by) == (10, True, "rpm")


def test_levers_are_worth_what_the_prices_say(sample_store: Path) -> None:
    config = LUNA.model_copy(update={"context_first": True, "caching": "prefix"})
    with ContextStore(sample_store) as store:
        found = quote(config, chosen_tasks(["all"]), store)
        without = quote(LUNA.model_copy(update={"caching": "off"}), chosen_tasks(["all"]), store)
    total = found.total
    plain = total.prompt_tokens - total.cached_tokens - total.cache_write_tokens
    pico = plain * 100 + total.cached_tokens * 10 + total.cache_write_tokens * 125 + total.completion_tokens * 500
    assert total.dollars is not None
    assert without.total.dollars is not None
    assert total.dollars["standard"] == pytest.approx(pico / 10**9)
    assert total.cached_tokens == 3 * total.cache_write_tokens > 0, "one task of four writes, the others read"
    levers = {lever.setting: lever.dollars for lever in found.levers}
    assert levers["as configured"] == total.dollars["standard"]
    assert levers["service_tier: flex"] == total.dollars["flex"] == pytest.approx(pico / 2 / 10**9, rel=1e-5)
    assert levers["context_first: false, caching: off"] == without.total.dollars["standard"]


def test_a_prompt_that_is_written_to_the_cache_in_vain_is_seen(sample_store: Path) -> None:
    with ContextStore(sample_store) as store:
        found = quote(LUNA, [TASKS["referring"]], store)
    assert found.total.cache_write_tokens > 0
    levers = {lever.setting: lever.dollars for lever in found.levers}
    assert levers["caching: off"] < levers["as configured"]


# The command line.


def svit(folder: Path, *words: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, "-m", "svit", *map(str, words)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, f"exit {done.returncode}: {done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def test_the_estimate_is_what_the_endpoint_bills_and_its_ceiling_is_never_reached(
    tmp_path: Path, sample_store: Path
) -> None:
    with running(SimulatorOptions(port=0, cache=False)) as server:
        (tmp_path / "c.yaml").write_text(f"provider: openai\nmodel: gpt-6-luna\nbase_url: {server.url}\n")
        words = ("--config", "c.yaml", "--contexts", sample_store, "--task", "conversation")
        both = ("--task", "referring")
        before = json.loads(svit(tmp_path, "estimate", *words, *both, "--run", "r", "--json").stdout)
        assert server.books()["requests"] == 0
        assert not (tmp_path / "r").exists()
        svit(tmp_path, "generate", *words, "--run", "r")
        first = server.books()
        midway = json.loads(svit(tmp_path, "estimate", *words, *both, "--run", "r", "--json").stdout)
        ceiling = f"{midway['max_cost_needed']:.9f}"
        svit(tmp_path, "generate", *words, *both, "--run", "r", "--max-cost", ceiling)
        books = server.books()
    assert before["total"]["prompt_tokens"] - CHAT * 16 == books["prompt_tokens"]
    assert before["total"]["requests"] == books["billed"] == 16
    assert midway["total"]["done"] == 8
    assert midway["total"]["requests"] == 8
    assert midway["spent"] == pytest.approx((100 * first["prompt_tokens"] + 500 * first["completion_tokens"]) / 10**9)
    measured = midway["tasks"][0]
    assert measured["answers_measured"] == 8
    assert measured["answer_tokens"] == pytest.approx(first["completion_tokens"] / 8, abs=0.1)


def kept(folder: Path) -> dict[str, bytes]:
    """Return what a folder holds, but for the index that SQLite makes for readers of a journal too."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return {path.name: path.read_bytes() for path in files}


def test_a_finished_run_has_nothing_to_ask_and_is_left_as_it_was(tmp_path: Path) -> None:
    svit(tmp_path, "generate", "--task", "referring", "--run", "r")
    before = kept(tmp_path / "r")
    done = svit(tmp_path, "estimate", "--run", "r")
    assert done.stdout == "All 8 answers are there already. Nothing is to be asked.\n"
    assert kept(tmp_path / "r") == before


def test_the_run_s_own_config_and_tasks_are_taken(tmp_path: Path) -> None:
    svit(tmp_path, "generate", "--task", "referring", "--run", "r", "--limit", "3")
    found = json.loads(svit(tmp_path, "estimate", "--run", "r", "--json").stdout)
    assert [task["task"] for task in found["tasks"]] == ["referring"]
    assert (found["model"], found["total"]["requests"]) == ("offline", 5)


def test_other_contexts_than_the_run_s_are_refused(tmp_path: Path, many: Path) -> None:
    svit(tmp_path, "generate", "--task", "referring", "--run", "r", "-q")
    assert "made from other contexts" in svit(tmp_path, "estimate", "--run", "r", "--contexts", many, code=2).stderr


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("offline", ["The offline writer costs nothing."]),
        ("vllm", ["There is no price for Qwen/Qwen3-32B, so no cost is known.", "in_flight", "tokens out"]),
        ("openai", ["standard", "flex", "At the very most, all 3 attempts", "tokens a minute (tpm)"]),
    ],
)
def test_it_reads_well_at_80_columns(tmp_path: Path, config: str, words: list[str]) -> None:
    shown = svit(tmp_path, "estimate", "--config", config).stdout
    for word in words:
        assert word in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert ("$" in shown) == (config == "openai")


def test_what_stands_in_the_way_is_said(tmp_path: Path) -> None:
    def told(text: str, *words: str, code: int = 0) -> str:
        (tmp_path / "c.yaml").write_text("provider: openai\n" + text)
        done = svit(tmp_path, "estimate", "--config", "c.yaml", *words, code=code)
        return done.stdout + done.stderr

    assert "gpt-4 was shut down on 2026-10-23" in told("model: gpt-4")
    assert "will stop the run before its end" in told("model: gpt-6-luna\nmax_cost: 0.001")
    assert "The model reasons first" in told("model: gpt-6-luna")
    assert "The model reasons first" not in told("model: gpt-6-luna\nreasoning_effort: none")
    assert "'temperature' is accepted only where" in told(
        "model: gpt-6-luna\ntasks: {referring: {temperature: 1}}", code=2
    )
    assert "There is no run in nowhere yet" in told("model: gpt-6-luna", "--run", "nowhere")
    assert not (tmp_path / "nowhere").exists()


REASONING = "provider: openai\nmodel: gpt-6-luna\nreasoning_effort: none\nverify: {{model: gpt-5-mini{}}}\n"


@pytest.mark.parametrize(
    ("more", "tokens", "words"),
    [
        (", reasoning_effort: high", 2048, "The verifier reasons first, which is billed as output: 3,000 tokens"),
        (", reasoning_effort: high, max_tokens: 9000", 3120, "The verifier reasons first"),
        (", reasoning_effort: minimal", 220, "The verifier reasons first, which is billed as output: 100 tokens"),
        ("", 1120, "The verifier reasons first, which is billed as output: 1,000 tokens"),
    ],
)
def test_what_a_verifier_thinks_is_in_the_estimate(tmp_path: Path, more: str, tokens: int, words: str) -> None:
    (tmp_path / "c.yaml").write_text(REASONING.format(more))
    text = svit(tmp_path, "estimate", "--config", "c.yaml", "--task", "referring").stdout
    assert words in " ".join(text.split())
    found = json.loads(svit(tmp_path, "estimate", "--config", "c.yaml", "--task", "referring", "--json").stdout)
    opinions = found["tasks"][-1]
    assert (opinions["task"], opinions["answer_tokens"]) == ("verify", tokens)
    assert opinions["completion_tokens"] == 8 * tokens
    pico = 8 * tokens * 2 * 10**6 + opinions["prompt_tokens"] * 0.25 * 10**6
    assert opinions["dollars"]["standard"] == pytest.approx(pico / 10**12, rel=0.02)


def test_what_a_writer_thinks_is_in_the_estimate_and_not_in_what_the_verifier_reads(sample_store: Path) -> None:
    thinking = LUNA.model_copy(update={"reasoning_effort": "low"})
    with ContextStore(sample_store) as store:
        plain, found = (quote(config, [TASKS["conversation"]], store) for config in (LUNA, thinking))
    assert found.total.answer_tokens - plain.total.answer_tokens == 300
    assert found.total.dollars
    assert plain.total.dollars
    assert found.total.dollars["standard"] > plain.total.dollars["standard"]
    verify = {"verify": {"model": "gpt-4o-mini"}}
    read = []
    for config in (LUNA, thinking):
        asked = RunConfig.model_validate({**config.model_dump(), **verify})
        with ContextStore(sample_store) as store:
            read.append(quote(asked, [TASKS["conversation"]], store).tasks[-1].prompt_tokens)
    assert read[0] == read[1]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_ceiling_reaches_as_far_as_is_said(share: float, tmp_path: Path, sample_store: Path) -> None:
    with running(SimulatorOptions(port=0, cache=False)) as server:
        text = f"provider: openai\nmodel: gpt-6-luna\nreasoning_effort: none\ncaching: 'off'\nbase_url: {server.url}\n"
        (tmp_path / "c.yaml").write_text(text)
        words = ("--config", "c.yaml", "--contexts", sample_store, "--task", "conversation")
        svit(tmp_path, "generate", *words, "--run", "a", "--limit", "2")
        svit(tmp_path, "generate", *words, "--run", "b", "--limit", "2")
        known = json.loads(svit(tmp_path, "estimate", *words, "--run", "a", "--json").stdout)
        ceiling = f"{known['spent'] + share * known['total']['dollars']['standard']:.9f}"
        found = json.loads(svit(tmp_path, "estimate", *words, "--run", "a", "--max-cost", ceiling, "--json").stdout)
        before = server.books()["billed"]
        svit(tmp_path, "generate", *words, "--run", "a", "--max-cost", ceiling, code=3)
        billed = server.books()["billed"] - before
    reach = found["reach"]
    assert reach["ceiling"] == "max_cost"
    assert abs(reach["requests"] - billed) <= 1
    assert reach["images"] == reach["requests"]
    assert reach["beyond"] == pytest.approx((1 - share) * known["total"]["dollars"]["standard"], rel=0.01)


def test_the_ceiling_of_the_month_counts_what_other_runs_spent(
    tmp_path: Path, sample_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVIT_LEDGER", str(tmp_path / "ledger.db"))
    words = ("--task", "conversation", "--contexts", sample_store)
    (tmp_path / "c.yaml").write_text("provider: openai\nmodel: gpt-6-luna\nreasoning_effort: none\n")

    def estimated(*more: str) -> tuple[str, dict[str, Any]]:
        text = svit(tmp_path, "estimate", "--config", "c.yaml", *words, *more).stdout
        return " ".join(text.split()), json.loads(
            svit(tmp_path, "estimate", "--config", "c.yaml", *words, *more, "--json").stdout
        )

    text, found = estimated("--max-cost-per-month", "0.002")
    assert not (tmp_path / "ledger.db").exists(), "an estimate makes no ledger"
    assert found["month_spent"] == 0
    assert found["reach"]["ceiling"] == "max_cost_per_month"
    assert "The max_cost_per_month of $0.0020 will stop the run before its end" in text
    with running(SimulatorOptions(port=0)) as server:
        (tmp_path / "other.yaml").write_text(f"provider: openai\nmodel: gpt-6-luna\nbase_url: {server.url}\n")
        svit(tmp_path, "generate", "--config", "other.yaml", *words, "--run", "other", "--limit", "4")
    text, later = estimated("--max-cost-per-month", "0.002", "--max-cost", "1")
    assert later["month_spent"] > 0
    assert later["reach"]["requests"] < found["reach"]["requests"] or found["reach"]["requests"] == 0
    assert "of it is spent or held by all runs of this month" in text
    text, enough = estimated("--max-cost-per-month", "500", "--max-cost", "100")
    assert enough["reach"] is None
    assert "The max_cost of $100.00 and the max_cost_per_month of $500.00 will do" in text
    text, nearer = estimated("--max-cost-per-month", "500", "--max-cost", "0.001")
    assert nearer["reach"]["ceiling"] == "max_cost"


@pytest.mark.parametrize(
    "words", [(), ("--config", "openai"), ("--config", "vllm"), ("--config", "openai", "--limit", "1")]
)
def test_it_needs_no_key_and_no_file_and_advertises_nothing_that_is_not_there(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    empty = tmp_path / "empty"
    empty.mkdir()
    text = svit(empty, "estimate", *words).stdout + svit(empty, "estimate", "--help").stdout
    assert "batch" not in text
    assert list(empty.iterdir()) == []


def test_coco_is_estimated(tmp_path: Path) -> None:
    boxes = {"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 10, 50, 40]}
    image = {"id": 7, "file_name": "7.jpg", "width": 100, "height": 80}
    known = {"images": [image], "annotations": [boxes], "categories": [{"id": 1, "name": "cat"}]}
    (tmp_path / "instances.json").write_text(json.dumps(known))
    found = json.loads(
        svit(tmp_path, "estimate", "--config", "openai", "--coco-instances", "instances.json", "--json").stdout
    )
    assert (found["images"], found["total"]["requests"]) == (1, 4)


def test_the_json_has_a_stable_shape(tmp_path: Path) -> None:
    found = json.loads(svit(tmp_path, "estimate", "--config", "openai", "--json", "--limit", "2").stdout)
    assert sorted(found) == sorted(
        "provider model prices_as_of tier images images_drawn token_error attempts reasons reasoning "
        "opinion_reasoning tasks total levers hours "
        "spent max_cost max_cost_needed max_cost_per_month month_spent reach shutdown".split()
    )
    assert sorted(found["total"]) == sorted(
        "task images done not_asked requests requests_per_prompt prompt_tokens prompt_tokens_standard_error "
        "cached_tokens cache_write_tokens completion_tokens answer_tokens answers_measured dollars most_dollars".split()
    )
    assert sorted(found["total"]["dollars"]) == ["flex", "standard"]
    assert sorted(found["hours"]) == sorted("all bound_by rpm tpm in_flight seconds measured".split())
    assert found["images"] == 2
