"""A second opinion on samples: what it says, what becomes of the sample, and that nothing is paid for twice."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson
import pytest

from rehearsal import finished, generate, svit
from svit.config import RunConfig, changed
from svit.contexts.store import ContextStore, build_store
from svit.errors import SvitError
from svit.prompting.render import PromptRecipe, Template, context_text
from svit.prompting.tokens import TokenCounter
from svit.providers.base import Failure, Reply, Request
from svit.providers.openai.online import OnlineProvider
from svit.records import VERIFY, Completion, Dialogue, Flaw, ImageContext, Prompt, Rejection, Sample, Sampling, Turn
from svit.run import shard_assembly
from svit.run.attempts import SECOND_OPINION, Job
from svit.run.folder import RunFolder
from svit.run.generation import Generation
from svit.run.journal import Journal
from svit.run.rebuild import rebuild
from svit.run.verification import PendingVerification, Verifier, numbered
from svit.setup.chosen_provider import check_requests, provider
from svit.setup.run_spending import spending
from svit.setup.task_jobs import jobs
from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions
from svit.tasks import chosen_tasks
from svit.tasks.base import Task, provenance_of

VERIFIER = Verifier("Judge.\n\n{{answers}}", Sampling("critic", 100), 3)
CONTEXT = ImageContext(1, "1.jpg", 10, 10, captions=("A dog on a mat.",))


def pairs(text: str) -> tuple[Dialogue, ...]:
    """Read `q=a` pairs; several of them joined by a slash are one conversation."""
    return tuple(
        Dialogue(tuple(Turn(*turn.split("=")) for turn in dialogue.split("/"))) for dialogue in text.split(";")
    )


def job(*, attempts: int = 2, least: int = 0, verifier: Verifier | None = VERIFIER) -> Job:
    task = Task("t", "", context_text, pairs, 3, (), lambda context, seed: "", 10, min_pairs=least)
    recipe = PromptRecipe(Template("Write.", name="t.txt"), Sampling("m", 10), TokenCounter(len, exact=True), 10_000)
    return Job(task, recipe, attempts, verifier=verifier)


def sample_of(text: str, made_by: Job) -> PendingVerification:
    prompt = made_by.task.prompt(CONTEXT, made_by.recipe)
    result = made_by.task.judge(prompt, Completion(text, "stop", "m"), 1)
    assert isinstance(result, Sample)
    return PendingVerification(result, prompt, 1, text)


THREE = "a?=1;b?=2;c?=3"


# --- what it says ---


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("1: yes\n2: yes\n3: yes", {}),
        ("1: yes\n2: no, it is a cat\n3: yes", {2: "it is a cat"}),
        ("Here is my judgement.\n\n1. Yes\n2. No - nothing says so.\n3. YES", {2: "nothing says so."}),
        ("- **1**: yes\n- **2**: no (wrong box)\n- **3**: no", {2: "wrong box)", 3: ""}),
        ('{"1": "yes", \n"2": "no",\n"3": "yes"}', {2: '"'}),
        ("Answer 3: no\nAnswer 1: yes\nQuestion 2 - yes", {3: ""}),
        ("3) no, nobody\n1) yes\n2) yes", {3: "nobody"}),
    ],
)
def test_the_opinion_names_what_is_wrong_and_why(text: str, wrong: Mapping[int, str]) -> None:
    said = VERIFIER.opinion(sample_of(THREE, job()).sample, Completion(text, "stop", "critic"))
    assert not isinstance(said, Flaw)
    assert {number: why.strip('",') for number, why in said.items()} == {n: w.strip('",') for n, w in wrong.items()}


@pytest.mark.parametrize(
    "text",
    [
        *("", "yes", "1: yes\n2: yes", "1: yes\n2: yes\n3: yes\n4: yes", "1: yes\n2: no\n2: yes\n3: yes"),
        *("1: maybe\n2: yes\n3: yes", "All three are fine.", "1: yesterday\n2: yes\n3: yes", "1: yes\n1: yes\n2: no"),
    ],
)
def test_a_reply_that_leaves_an_answer_open_is_no_opinion(text: str) -> None:
    said = VERIFIER.opinion(sample_of(THREE, job()).sample, Completion(text, "stop", "critic"))
    assert isinstance(said, Flaw)
    assert said.code == "unverified"


@pytest.mark.parametrize(
    "text", ["1: yes\n" * 10_000, " " * 4_000_000 + "no", "1" * 4_000_000, "1: yes\n2: yes\n3: yes\n" + "a" * 20_000]
)
def test_an_opinion_that_is_too_long_to_be_one_is_none(text: str) -> None:
    said = VERIFIER.opinion(sample_of(THREE, job()).sample, Completion(text, "stop", "critic"))
    assert isinstance(said, Flaw)
    assert f"an opinion of {len(text):,} characters, where at most 20,000 are read" in said.words


def test_of_a_single_answer_a_bare_word_is_enough() -> None:
    sample = sample_of("a?=1", job(least=1)).sample
    assert VERIFIER.opinion(sample, Completion("Yes.", "stop", "critic")) == {}
    assert VERIFIER.opinion(sample, Completion("No, a cat.", "stop", "critic")) == {1: "a cat."}
    assert isinstance(VERIFIER.opinion(sample, Completion("Nothing.", "stop", "critic")), Flaw)


def test_the_request_shows_all_annotations_and_every_answer_on_a_line_of_its_own() -> None:
    dialogues = (Dialogue((Turn("a?", "1\n5. Question: x"), Turn("b?", "2"))), Dialogue((Turn("c?", "3"),)))
    sample = Sample(CONTEXT, "t", dialogues, provenance_of(job().task.prompt(CONTEXT, job().recipe), 1, "m"))
    made = VERIFIER.prompt(sample)
    assert (made.task, made.sampling.model, made.shared) == (VERIFY, "critic", 1)
    assert made.messages[0].content == context_text(CONTEXT, region_boxes=True)
    assert made.messages[1].content == (
        "Judge.\n\nanswers:\nconversation 1:\n1. Question: a?\nAnswer: 1 5. Question: x\n2. Question: b?\nAnswer: 2\n"
        "3. Question: c?\nAnswer: 3"
    )


# --- what becomes of the sample ---


def test_what_all_can_stand_becomes_a_sample_that_names_its_verifier() -> None:
    doubted = sample_of(THREE, job())
    result = VERIFIER.verdict(job().task, doubted, {}, "critic-2026")
    assert isinstance(result, Sample)
    assert (result.dialogues, result.verified_by) == (doubted.sample.dialogues, "critic-2026")


def test_with_its_first_turn_a_conversation_falls_and_a_later_turn_alone() -> None:
    talk = job(least=2)
    doubted = sample_of("a?=1/b?=2;c?=3/d?=4/e?=5;f?=6", talk)
    result = VERIFIER.verdict(talk.task, doubted, {1: "", 4: "no", 5: ""}, "critic")
    assert isinstance(result, Sample)
    assert [[turn.question for turn in dialogue.turns] for dialogue in result.dialogues] == [["c?"], ["f?"]]
    assert result.dropped == {"contradicted": 3}, "a conversation and two turns"
    assert [flaw.code for flaw in result.warnings] == ["wrong_count"]


def test_too_little_left_is_a_rejection_that_says_what_is_wrong() -> None:
    doubted = sample_of(THREE, job(least=3))
    result = VERIFIER.verdict(job(least=3).task, doubted, {2: "it is a cat"}, "critic")
    assert isinstance(result, Rejection)
    assert result.flaws == (Flaw("contradicted", "2 (it is a cat)"),)
    assert result.text == THREE
    assert isinstance(VERIFIER.verdict(job(least=2).task, doubted, {2: ""}, "critic"), Sample)
    assert isinstance(VERIFIER.verdict(job().task, doubted, {2: ""}, "critic"), Rejection), "all or nothing"


# --- in a run ---


def body(text: str) -> bytes:
    return orjson.dumps({"model": "m", "choices": [{"message": {"content": text}, "finish_reason": "stop"}]})


Says = Callable[[Request], bytes | Failure]


@dataclass
class Two:
    """A writer and its verifier; `most` requests are answered, and then the process dies."""

    verifies: Says = lambda request: body("1: yes\n2: yes\n3: yes")
    writes: Says = lambda request: body(THREE)
    most: int = 10**6
    asked: list[tuple[str, int | str, int]] = field(default_factory=list)

    async def complete(  # type: ignore[misc]
        self, requests: "asyncio.Queue[Request]", stopping: asyncio.Event | None = None
    ) -> Iterator[Reply]:
        async for request in requests:  # type: ignore[attr-defined]
            if len(self.asked) == self.most:
                raise BrokenPipeError
            prompt = request.prompt
            self.asked.append((prompt.task, prompt.context.image_id, request.attempt))
            yield Reply(request, (self.verifies if prompt.task == VERIFY else self.writes)(request))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContextStore]:
    contexts = (replace_id(CONTEXT, n) for n in range(1, 6))
    build_store(tmp_path / "c", contexts, origin="test")
    with ContextStore(tmp_path / "c") as opened:
        yield opened


def replace_id(context: ImageContext, number: int) -> ImageContext:
    return ImageContext(number, f"{number}.jpg", 10, 10, captions=(*context.captions, f"image {number}"))


def run(folder: Path, store: ContextStore, provider: Two, made_by: Job, *, again: bool = False) -> Generation:
    with Journal(folder / "journal.db") as journal:
        generation = Generation([made_by], store, journal, RunFolder(folder), again=again)
        asyncio.run(asyncio.wait_for(generation.run(provider), 30))  # type: ignore[arg-type]
    return generation


def lines(folder: Path, kind: str) -> dict[int, dict[str, object]]:
    files = [file for file in (folder / "t").glob("*.jsonl") if ("rejected" in file.name) == (kind == "rejected")]
    found = [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
    return {line["image_id"]: line for line in found}


def test_every_sample_is_seen_twice_and_a_finished_run_asks_nothing(tmp_path: Path, store: ContextStore) -> None:
    first = Two()
    generation = run(tmp_path, store, first, job())
    assert sorted(first.asked) == sorted([(task, n, 1) for n in range(1, 6) for task in ("t", VERIFY)])
    assert {line["verified_by"] for line in lines(tmp_path, "samples").values()} == {"m"}
    assert generation.reasons == {"new prompt": 5, SECOND_OPINION: 5}
    second = Two()
    run(tmp_path, store, second, job())
    assert second.asked == []


def test_what_is_contradicted_is_asked_for_again_and_verified_again(tmp_path: Path, store: ContextStore) -> None:
    def verifies(request: Request) -> bytes:
        doubts = request.prompt.context.image_id == 3 and "=9" not in request.prompt.messages[1].content
        return body("1: no, wrong\n2: yes\n3: yes" if doubts and "Answer: 9" not in asked(request) else YES)

    def writes(request: Request) -> bytes:
        return body(THREE if request.attempt == 1 else "a?=9;b?=2;c?=3")

    provider = Two(verifies, writes)
    generation = run(tmp_path, store, provider, job())
    assert [each for each in provider.asked if each[1] == 3] == [
        ("t", 3, 1),
        (VERIFY, 3, 1),
        ("t", 3, 2),
        (VERIFY, 3, 1),
    ]
    assert set(lines(tmp_path, "samples")) == {1, 2, 3, 4, 5}
    assert generation.reasons["rejected: contradicted"] == 1


YES = "1: yes\n2: yes\n3: yes"


def asked(request: Request) -> str:
    return request.prompt.messages[1].content


def test_what_stays_contradicted_is_rejected_with_the_reasons(tmp_path: Path, store: ContextStore) -> None:
    provider = Two(lambda request: body("1: yes\n2: no, a cat\n3: yes"))
    run(tmp_path, store, provider, job(attempts=2))
    assert len(provider.asked) == 5 * 2 + 5, "two answers of an image are the same here, and so is what is said of them"
    rejected = lines(tmp_path, "rejected")
    assert set(rejected) == {1, 2, 3, 4, 5}
    assert rejected[1]["flaws"] == [{"code": "contradicted", "words": "2 (a cat)", "severity": "reject"}]


def test_without_an_opinion_a_sample_is_rejected_and_regenerating_asks_for_the_opinion_alone(
    tmp_path: Path, store: ContextStore
) -> None:
    provider = Two(lambda request: body("Well."))
    run(tmp_path, store, provider, job())
    assert sorted(each for each in provider.asked if each[1] == 2) == [
        ("t", 2, 1),
        *((VERIFY, 2, n) for n in (1, 2, 3)),
    ]
    assert {line["flaws"][0]["code"] for line in lines(tmp_path, "rejected").values()} == {"unverified"}  # type: ignore[index]
    idle = Two()
    run(tmp_path, store, idle, job())
    assert idle.asked == []
    with Journal(tmp_path / "journal.db") as journal:
        assert rebuild([job()], store, journal, RunFolder(tmp_path), len(store)) == 0, "nothing is left to be asked"
    better = Two()
    run(tmp_path, store, better, job(), again=True)
    assert sorted(better.asked) == [(VERIFY, n, 4) for n in range(1, 6)]
    assert set(lines(tmp_path, "samples")) == {1, 2, 3, 4, 5}
    assert lines(tmp_path, "rejected") == {}


def test_a_verifier_that_refuses_the_request_is_not_asked_again(tmp_path: Path, store: ContextStore) -> None:
    provider = Two(lambda request: Failure("bad_request", "no"))
    run(tmp_path, store, provider, job())
    assert sorted(provider.asked) == sorted([(task, n, 1) for n in range(1, 6) for task in ("t", VERIFY)])
    assert {line["flaws"][0]["words"] for line in lines(tmp_path, "rejected").values()} == {"bad_request: no"}  # type: ignore[index]


@pytest.mark.parametrize("most", range(1, 10))
def test_a_run_that_dies_anywhere_asks_for_nothing_twice(tmp_path: Path, store: ContextStore, most: int) -> None:
    first, second = Two(most=most), Two()
    with pytest.raises(BrokenPipeError):
        run(tmp_path, store, first, job())
    run(tmp_path, store, second, job())
    assert len(first.asked) + len(second.asked) == 10
    assert len({*first.asked, *second.asked}) == 10
    assert len(lines(tmp_path, "samples")) == 5


def test_verifying_a_finished_run_asks_for_opinions_alone(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Two(), job(verifier=None))
    provider = Two(lambda request: body("1: no\n2: yes\n3: yes" if request.prompt.context.image_id == 4 else YES))
    run(tmp_path, store, provider, job(least=2))
    assert sorted(provider.asked) == [(VERIFY, n, 1) for n in range(1, 6)]
    samples = lines(tmp_path, "samples")
    assert samples[4]["dropped"] == '{"contradicted":1}'
    assert samples[1]["dropped"] == ""


# --- several tasks whose prompts share their beginning ---

TASKS = ("t", "u", "v")


def sharing(*, verifier: Verifier | None = VERIFIER, attempts: int = 2) -> list[Job]:
    """Return jobs that show the context first, alike for all, so that an image's first request leads the others."""
    made_by = job(least=2, verifier=verifier, attempts=attempts)
    recipe = replace(made_by.recipe, lead="The image is above.")
    return [replace(made_by, task=replace(made_by.task, name=name), recipe=recipe) for name in TASKS]


def by_task(request: Request) -> bytes:
    return body(THREE.replace("1", request.prompt.task))


def passed(folder: Path, store: ContextStore, provider: Two, todo: list[Job], *, again: bool = False) -> None:
    with Journal(folder / "journal.db") as journal:
        generation = Generation(todo, store, journal, RunFolder(folder), again=again)
        asyncio.run(asyncio.wait_for(generation.run(provider), 10))  # type: ignore[arg-type]


def opinions_wanted() -> list[tuple[str, int | str, int]]:
    return sorted([(VERIFY, n, 1) for n in range(1, 6)] * len(TASKS))


def doubtful(request: Request) -> bytes | Failure:
    said: dict[int, bytes | Failure] = {
        1: body("1: no\n2: no\n3: yes"),
        2: Failure("timeout", "60 s"),
        3: body("Well."),
        4: Failure("filtered", "HTTP 400", final=True, free=True),
    }
    return said.get(int(request.prompt.context.image_id), body(YES))


def test_verifying_an_existing_run_of_tasks_that_share_their_beginning_ends(
    tmp_path: Path, store: ContextStore
) -> None:
    passed(tmp_path, store, Two(writes=by_task), sharing(verifier=None))
    provider = Two(writes=by_task)
    passed(tmp_path, store, provider, sharing())
    assert sorted(provider.asked) == opinions_wanted()


@pytest.mark.parametrize("most", range(0, 15, 2))
def test_verifying_an_existing_run_goes_on_after_it_was_killed(tmp_path: Path, store: ContextStore, most: int) -> None:
    passed(tmp_path, store, Two(writes=by_task), sharing(verifier=None))
    first, second = Two(writes=by_task, most=most), Two(writes=by_task)
    with pytest.raises(BrokenPipeError):
        passed(tmp_path, store, first, sharing())
    passed(tmp_path, store, second, sharing(), again=most % 4 == 0)
    assert sorted(first.asked + second.asked) == opinions_wanted()


@pytest.mark.parametrize("is_new", [True, False])
def test_whatever_becomes_of_the_first_opinion_the_other_tasks_are_asked(
    tmp_path: Path, store: ContextStore, is_new: bool
) -> None:
    if not is_new:
        passed(tmp_path, store, Two(writes=by_task), sharing(verifier=None))
    passed(tmp_path, store, Two(doubtful, by_task), sharing())
    for task in TASKS:
        assert len(list((tmp_path / task).glob("*.jsonl"))) == 2, "samples and rejections"
    better = Two(writes=by_task)
    passed(tmp_path, store, better, sharing(), again=True)
    assert {image for _, image, _ in better.asked} == {1, 2, 3, 4}


def test_regenerating_where_some_tasks_lack_an_opinion_and_some_an_answer_ends(
    tmp_path: Path, store: ContextStore
) -> None:
    passed(tmp_path, store, Two(writes=by_task), sharing(verifier=None)[1:])
    passed(tmp_path, store, Two(writes=lambda request: Failure("timeout", "60 s")), sharing(verifier=None)[:1])
    provider = Two(writes=by_task)
    passed(tmp_path, store, provider, sharing(), again=True)
    assert len(provider.asked) == 5 * (1 + len(TASKS))


def test_one_opinion_is_for_all_tasks_that_answered_alike(tmp_path: Path, store: ContextStore) -> None:
    passed(tmp_path, store, Two(), sharing(verifier=None))
    provider = Held()
    passed(tmp_path, store, provider, [replace(each, recipe=job().recipe) for each in sharing()])
    assert len({*provider.asked}) == len(provider.asked), "none is paid for twice"
    passed(tmp_path, store, idle := Two(), [replace(each, recipe=job().recipe) for each in sharing()])
    assert idle.asked == []


class Held(Two):
    """Answers what it was asked only when nothing more comes for a while."""

    async def complete(  # type: ignore[misc]
        self, requests: "asyncio.Queue[Request]", stopping: asyncio.Event | None = None
    ) -> Iterator[Reply]:
        held: list[Request] = []
        pull = asyncio.ensure_future(anext(requests, None))  # type: ignore[call-overload]
        while True:
            await asyncio.wait({pull}, timeout=0.05 if held else None)
            if pull.done() and pull.result() is None:
                return
            if pull.done():
                held.append(pull.result())
                pull = asyncio.ensure_future(anext(requests, None))  # type: ignore[call-overload]
                continue
            for request in held:
                self.asked.append((request.prompt.task, request.prompt.context.image_id, request.attempt))
                yield Reply(request, (self.verifies if request.prompt.task == VERIFY else self.writes)(request))
            held = []


def test_rebuilding_makes_the_same_shards_without_asking(tmp_path: Path, store: ContextStore) -> None:
    provider = Two(lambda request: body("1: no\n2: yes\n3: yes" if request.prompt.context.image_id == 4 else YES))
    run(tmp_path, store, provider, job(least=2))
    file = tmp_path / "t" / "00000.jsonl"
    before = file.read_bytes()
    file.unlink()
    with Journal(tmp_path / "journal.db") as journal:
        missing = rebuild([job(least=2)], store, journal, RunFolder(tmp_path), len(store))
    assert (missing, file.read_bytes()) == (0, before)


def test_a_verifier_makes_another_shard() -> None:
    plain, seen_twice = job(verifier=None).fingerprint("c"), job().fingerprint("c")
    other = job(verifier=replace(VERIFIER, text="Judge well.\n{{answers}}")).fingerprint("c")
    assert len({plain, seen_twice, other}) == 3


# --- its config and its cost ---


def config(**settings: object) -> RunConfig:
    read = {"provider": "openai", "model": "gpt-6-luna", "base_url": "http://127.0.0.1:1/v1", **settings}
    return changed(read, {}, name="config")


def test_the_verifier_is_another_model_unless_one_insists() -> None:
    tasks = chosen_tasks(["referring"])
    with pytest.raises(SvitError, match="gpt-6-luna writes the answers itself"):
        jobs(config(verify="gpt-6-luna"), tasks)
    [insists] = jobs(config(verify={"model": "gpt-6-luna", "own_model": True}), tasks)
    [other] = jobs(config(verify="gpt-6-sol"), tasks)
    assert insists.verifier
    assert insists.verifier.sampling.model == "gpt-6-luna"
    assert other.verifier
    assert other.verifier.sampling.model == "gpt-6-sol"
    with pytest.raises(SvitError, match="no model need verify"):
        jobs(changed({"verify": "gpt-6-sol"}, {}, name="config"), tasks)


def test_the_command_line_names_the_model_and_keeps_the_other_settings() -> None:
    read = {"provider": "openai", "model": "m", "verify": {"model": "x", "max_tokens": 77}}
    named = changed(read, {"verify": "y"}, name="config").verify
    assert named
    assert (named.model, named.max_tokens) == ("y", 77)
    kept = changed(read, {"verify": None}, name="config").verify
    assert kept
    assert kept.model == "x"


def test_each_model_is_asked_in_its_own_way(distinct: Path) -> None:
    settings = config(verify="gpt-4o", caching="prefix", context_first=True, reasoning_effort="none")
    [made_by] = jobs(settings, chosen_tasks(["referring"]))
    check_requests(settings, [made_by])
    asked_of = provider(settings, lambda _: None)
    assert isinstance(asked_of, OnlineProvider)
    assert made_by.verifier
    with ContextStore(distinct) as store:
        prompt = made_by.task.prompt(next(store.slice(0, 1)), made_by.recipe)
    sample = Sample(prompt.context, "referring", (), provenance_of(prompt, 1, "m"))
    written, verified = asked_of.body(prompt), asked_of.body(made_by.verifier.prompt(sample))
    assert (written["model"], verified["model"]) == ("gpt-6-luna", "gpt-4o")
    assert "prompt_cache_options" in written
    assert "prompt_cache_options" not in verified, "it has none, and need not have any"
    assert written["reasoning_effort"] == "none"
    assert "reasoning_effort" not in verified
    wrong = config(verify={"model": "gpt-4o", "reasoning_effort": "low"})
    with pytest.raises(SvitError, match="gpt-4o: 'reasoning_effort"):
        check_requests(wrong, jobs(wrong, chosen_tasks(["referring"])))


def test_each_model_has_its_own_price_and_one_without_a_price_keeps_no_ceiling() -> None:
    books = spending(config(verify="gpt-6-sol"))
    assert books.price
    assert books.verifier
    prompt = Prompt("referring", (), Sampling("gpt-6-luna", 1000), "v", CONTEXT)
    asked = Prompt(VERIFY, (), Sampling("gpt-6-sol", 1000), "v", CONTEXT)
    assert books.worst(asked) == 20 * books.worst(prompt) > 0
    with pytest.raises(SvitError, match="nobodys-model"):
        spending(config(verify="nobodys-model", max_cost="1"))
    free = spending(config(verify="nobodys-model"))
    assert (free.price, free.verifier) == (None, None), "half of the costs would pass for all of them"


def test_a_verified_run_pays_both_models_and_its_estimate_counts_both(tmp_path: Path, distinct: Path) -> None:
    words = ("--task", "referring", "--contexts", distinct)
    with running(SimulatorOptions(port=0)) as server:
        talk = finished(generate(tmp_path, server, *words, "--verify", "gpt-6-sol"), 0, 1)
        again = finished(generate(tmp_path, server, *words, "--verify", "gpt-6-sol"), 0, 1)
        billed = server.books()
    assert "60 new prompt" in talk
    assert "second opinion" in talk
    assert "nothing was asked" in again
    database = sqlite3.connect(tmp_path / "r" / "journal.db")
    rows = database.execute(
        "SELECT task, count(*), sum(prompt_tokens), sum(completion_tokens), sum(cost) "
        "FROM requests JOIN replies USING (request) GROUP BY task ORDER BY task"
    ).fetchall()
    database.close()
    (writer, written, prompt_in, answer_out, paid), (verifier, verified, asked_in, opinion_out, paid_for_opinions) = (
        rows
    )
    assert (writer, verifier) == ("referring", VERIFY)
    assert written >= 60
    assert verified >= 60
    assert prompt_in + asked_in == billed["prompt_tokens"]
    assert answer_out + opinion_out == billed["completion_tokens"]
    assert paid <= 125 * prompt_in + 500 * answer_out
    assert 2000 * asked_in * 0.1 + 10_000 * opinion_out <= paid_for_opinions <= 2500 * asked_in + 10_000 * opinion_out
    process = svit(tmp_path, "estimate", "--config", "config.yaml", *words, "--verify", "gpt-6-sol", "--json")
    out, talk = process.communicate(timeout=120)
    assert process.returncode == 0, talk
    quote = json.loads(out)
    assert [task["task"] for task in quote["tasks"]] == ["referring", VERIFY]
    assert quote["tasks"][1]["requests"] == 60
    total = sum(task["dollars"]["standard"] for task in quote["tasks"])
    assert quote["total"]["dollars"]["standard"] == pytest.approx(total)
    assert quote["max_cost_needed"] > (paid + paid_for_opinions) / 1e9


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_assembly, "SHARD_IMAGES", 10)


def test_numbers_run_through_all_dialogues() -> None:
    assert numbered(pairs("a?=1;b?=2")) == "answers:\n1. Question: a?\nAnswer: 1\n2. Question: b?\nAnswer: 2"
