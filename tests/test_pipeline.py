import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from svit.contexts.store import ContextStore, build_store
from svit.cost.budget import Budget, Claim
from svit.cost.prices import Price
from svit.cost.spending import Spending
from svit.errors import DataError, FileHeldError, ProviderRefusesError, StalledError, StorageError
from svit.prompting.render import PromptRecipe, Template, context_text
from svit.prompting.tokens import TokenCounter
from svit.providers.base import NOT_ASKED, Failure, Reply, Request
from svit.records import Dialogue, Draft, Flaw, ImageContext, Prompt, Sampling, Turn
from svit.run import generation, request_queue, shard_assembly
from svit.run.attempts import Job
from svit.run.folder import RunFolder
from svit.run.generation import Generation
from svit.run.journal import Journal
from svit.run.journal_rows import Intent, StoredReply
from svit.run.rebuild import rebuild
from svit.run.shard_assembly import Outcome
from svit.run.shards import publish
from svit.tasks.base import Task


def body(text: str) -> bytes:
    choice = {"message": {"content": text}, "finish_reason": "stop"}
    return orjson.dumps({"model": "m", "choices": [choice]})


def one_answer(text: str) -> tuple[Dialogue, ...]:
    return (Dialogue((Turn("What is it?", text),)),)


def says_good(draft: Draft) -> Iterator[Flaw]:
    answer = draft.dialogues[0].turns[0].answer
    if not answer.startswith("good"):
        yield Flaw("not_good", answer)


def job(name: str = "t", *, attempts: int = 3, template: str = "Write.") -> Job:
    task = Task(name, "", context_text, one_answer, 1, (says_good,), lambda context, seed: "", 10)
    counter = TokenCounter(len, exact=True)
    return Job(task, PromptRecipe(Template(template, name="t.txt"), Sampling("m", 10), counter, 10_000), attempts)


Answer = Callable[[Request], bytes | Failure]


@dataclass
class Scripted:
    """Answers by a function of the request, the latest first of `late` under way, and remembers what it was asked.

    When no further request comes it answers what it holds, as a model does in the end.
    """

    answer: Answer = lambda request: body(f"good {request.prompt.task} {request.prompt.context.image_id}")
    late: int = 1
    asked: list[tuple[str, int | str, int]] = field(default_factory=list)
    held: list[Request] = field(default_factory=list)
    waits_for: str = ""

    async def complete(
        self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
    ) -> AsyncIterator[Reply]:
        pull = asyncio.ensure_future(_next(requests))
        try:
            while True:
                done, _ = await asyncio.wait({pull}, timeout=0.05 if self.held else None)
                if done:
                    request = pull.result()
                    if request is None:
                        return
                    self.asked.append((request.prompt.task, request.prompt.context.image_id, request.attempt))
                    self.held.append(request)
                    pull = asyncio.ensure_future(_next(requests))
                if not done or self.must_answer():
                    held = self.held.pop()
                    yield Reply(held, self.answer(held))
        finally:
            pull.cancel()

    def must_answer(self) -> bool:
        return len(self.held) >= self.late


async def _next(requests: AsyncIterator[Request]) -> Request | None:
    return await anext(requests, None)


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_assembly, "SHARD_IMAGES", 10)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContextStore]:
    build_store(tmp_path / "c", (image(n) for n in range(1, 36)), origin="test")
    with ContextStore(tmp_path / "c") as opened:
        yield opened


def image(number: int) -> ImageContext:
    return ImageContext(number, f"{number}.jpg", 10, 10, captions=() if number == 13 else (f"image {number}",))


@dataclass
class Passed:
    outcomes: list[Outcome]
    emitted: list[bytes]
    missing: int


def run(
    folder: Path,
    store: ContextStore,
    provider: Scripted,
    jobs: Sequence[Job],
    *,
    limit: int | None = None,
    emit: bool = False,
    spending: Spending | None = None,
) -> Passed:
    passed = Passed([], [], 0)
    with Journal(folder / "journal.db") as journal:
        generation = Generation(
            jobs,
            store,
            journal,
            RunFolder(folder),
            limit=limit,
            spending=spending,
            settled=lambda outcome, _: passed.outcomes.append(outcome),
            emit=passed.emitted.append if emit else None,
        )
        passed.missing = generation.missing()
        asyncio.run(asyncio.wait_for(generation.run(provider), 30))
    return passed


def pass_over(
    folder: Path, store: ContextStore, provider: Scripted, emit: Callable[[bytes], None]
) -> list[StoredReply]:
    """Run until something stops it, then return what the journal holds."""

    async def stopped(generation: Generation) -> None:
        with pytest.raises((BrokenPipeError, asyncio.CancelledError)):
            await asyncio.wait_for(generation.run(provider), 30)
        asked = len(provider.asked)
        await asyncio.sleep(0.1)
        assert len(provider.asked) == asked, "it still asks"

    with Journal(folder / "journal.db") as journal:
        asyncio.run(stopped(Generation([job()], store, journal, RunFolder(folder), emit=emit)))
        return [
            StoredReply(*row)
            for row in journal.read("SELECT prompt_id, attempt, NULL FROM replies JOIN requests USING (request)")
        ]


def samples(folder: Path, task: str = "t") -> list[int]:
    files = sorted(file for file in (folder / task).glob("*.jsonl") if "rejected" not in file.name)
    return [json.loads(line)["image_id"] for file in files for line in file.read_bytes().splitlines()]


def rejected(folder: Path, task: str = "t") -> dict[int, str]:
    files = sorted((folder / task).glob("*.rejected.jsonl"))
    lines = [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
    return {line["image_id"]: line["flaws"][0]["code"] for line in lines}


EVERY = [n for n in range(1, 36) if n != 13]


def test_every_image_ends_in_a_sample_or_a_rejection_in_context_order(tmp_path: Path, store: ContextStore) -> None:
    passed = run(tmp_path, store, Scripted(late=5), [job("t"), job("u")])
    assert passed.missing == len(passed.outcomes) == 70
    for task in ("t", "u"):
        assert samples(tmp_path, task) == EVERY
        assert rejected(tmp_path, task) == {13: "empty_context"}
    assert sorted(file.name for file in (tmp_path / "t").iterdir()) == [
        *("00000.jsonl", "00001.jsonl", "00001.rejected.jsonl", "00002.jsonl", "00003.jsonl")
    ]


@dataclass
class Busy:
    """An account with a ledger that another process holds each time that so many claims were let through."""

    every: int
    limit: int | None = None
    claims: int = 0

    def spent(self, month: str) -> int:
        return 0

    def claim(self, month: str, *, spent: int, needed: int, wish: int) -> Claim:
        self.claims += 1
        if self.claims % self.every:
            raise FileHeldError("another process holds it just now")
        return Claim(needed, 0)

    def settle(self, month: str, *, spent: int, held: int) -> None:
        return


@pytest.mark.parametrize("every", [2, 3, 5])
def test_a_ledger_that_another_process_holds_at_the_first_request_costs_a_moment(
    tmp_path: Path, store: ContextStore, every: int
) -> None:
    price = Price(100, 10, 125, 500, {"standard": 100})
    books = Spending(price, budget=Budget(account=Busy(every)))
    run(tmp_path, store, Scripted(), [job()], limit=3, spending=books)
    assert samples(tmp_path) == [1, 2, 3]


def test_the_tasks_of_an_image_are_asked_one_after_another(tmp_path: Path, store: ContextStore) -> None:
    provider = Scripted()
    run(tmp_path, store, provider, [job("t"), job("u")], limit=3)
    assert provider.asked == [(task, n, 1) for n in (1, 2, 3) for task in ("t", "u")]


def test_a_bad_answer_is_asked_again_and_then_rejected_with_its_last_text(tmp_path: Path, store: ContextStore) -> None:
    def answer(request: Request) -> bytes | Failure:
        number = request.prompt.context.image_id
        if number == 3:
            return body(f"bad, attempt {request.attempt}")
        if number == 5 and request.attempt == 1:
            return Failure("timeout", "60 s")
        if number == 6:
            return b"<html>503</html>"
        return body("good")

    provider = Scripted(answer)
    run(tmp_path, store, provider, [job()], limit=8)
    assert samples(tmp_path) == [1, 2, 4, 5, 7, 8]
    assert rejected(tmp_path) == {3: "not_good", 6: "unreadable_reply"}
    assert [attempt for _, n, attempt in provider.asked if n == 3] == [1, 2, 3]
    assert [attempt for _, n, attempt in provider.asked if n == 5] == [1, 2]
    assert "bad, attempt 3" in (tmp_path / "t" / "00000.rejected.jsonl").read_text()


def test_a_finished_run_asks_nothing(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(), [job()])
    provider = Scripted()
    assert run(tmp_path, store, provider, [job()]).missing == 0
    assert provider.asked == []


def test_a_stopped_run_continues_without_asking_twice(tmp_path: Path, store: ContextStore) -> None:
    class StoppedError(Exception):
        pass

    answered: list[int | str] = []

    def stopping(request: Request) -> bytes:
        if len(answered) == 17:
            raise StoppedError
        answered.append(request.prompt.context.image_id)
        return body("good")

    with pytest.raises(StoppedError):
        run(tmp_path, store, Scripted(stopping), [job()])
    with Journal(tmp_path / "journal.db") as journal:
        kept = journal.read("SELECT count(*) FROM replies", ())[0][0]
    provider = Scripted()
    run(tmp_path, store, provider, [job()])
    assert samples(tmp_path) == EVERY
    assert len(provider.asked) == len(EVERY) - kept
    assert kept > 0


def test_only_what_an_edit_changes_is_asked_again(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(), [job("t"), job("u")])
    provider = Scripted()
    run(tmp_path, store, provider, [job("t"), job("u", template="Write well.")])
    assert {task for task, _, _ in provider.asked} == {"u"}
    assert len(provider.asked) == len(EVERY)
    back = Scripted()
    run(tmp_path, store, back, [job("t"), job("u")])
    assert back.asked == [], "the replies to the first wording are still in the journal"


def test_more_attempts_give_rejected_images_another_chance(tmp_path: Path, store: ContextStore) -> None:
    run(
        tmp_path,
        store,
        Scripted(lambda r: body("bad" if r.prompt.context.image_id == 2 else "good")),
        [job(attempts=1)],
    )
    assert rejected(tmp_path)[2] == "not_good"
    provider = Scripted()
    run(tmp_path, store, provider, [job(attempts=2)])
    assert provider.asked == [("t", 2, 2)]
    assert samples(tmp_path) == EVERY


def test_a_higher_limit_extends_a_run_and_a_lower_one_takes_nothing_away(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(), [job()], limit=4)
    provider = Scripted()
    run(tmp_path, store, provider, [job()], limit=12)
    assert [n for _, n, _ in provider.asked] == list(range(5, 13))
    run(tmp_path, store, Scripted(), [job()], limit=2)
    assert samples(tmp_path) == list(range(1, 13))


def test_a_shard_that_somebody_deleted_is_made_again_without_asking(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(), [job()])
    (tmp_path / "t" / "00002.jsonl").unlink()
    provider = Scripted()
    run(tmp_path, store, provider, [job()])
    assert provider.asked == []
    assert samples(tmp_path) == EVERY


@pytest.mark.parametrize("late", [1, 7])
def test_lines_are_emitted_in_context_order_also_from_shards_that_stand(
    tmp_path: Path, store: ContextStore, late: int
) -> None:
    run(tmp_path, store, Scripted(), [job("t")], limit=15)
    emitted = run(tmp_path, store, Scripted(late=late), [job("t"), job("u")], emit=True).emitted
    expected = [(n, task) for n in EVERY for task in ("t", "u")]
    assert [(record["image_id"], record["task"]) for record in map(json.loads, emitted)] == expected
    again = run(tmp_path, store, Scripted(), [job("t"), job("u")], emit=True).emitted
    assert again == emitted


def pipe_closed(line: bytes) -> None:
    raise BrokenPipeError


def interrupted(line: bytes) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


@pytest.mark.parametrize("stop", [pipe_closed, interrupted])
@pytest.mark.parametrize("at_once", [1, 4, 1000])
def test_every_reply_that_came_is_kept_however_the_run_stops(
    tmp_path: Path, stop: Callable[[bytes], None], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "_REPLIES", at_once)
    build_store(tmp_path / "big", (image(n) for n in range(1, 101)), origin="test")

    class AtOnce(Scripted):
        async def complete(
            self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
        ) -> AsyncIterator[Reply]:
            async for request in requests:
                self.asked.append((request.prompt.task, request.prompt.context.image_id, request.attempt))
                yield Reply(request, body("good"))

    provider = AtOnce()
    with ContextStore(tmp_path / "big") as contexts:
        kept = pass_over(tmp_path, contexts, provider, stop)
    assert 0 < len(provider.asked) == len(kept)
    assert len(kept) <= 2 * request_queue._LEAST + 4 * at_once


def test_a_request_is_in_the_journal_before_it_leaves_and_a_reply_before_it_is_judged(
    tmp_path: Path, store: ContextStore
) -> None:
    def answer(request: Request) -> bytes:
        with Journal(tmp_path / "journal.db", read_only=True) as journal:
            sent = [(each.prompt_id, each.attempt) for each in journal.asked(request.prompt.context.image_id)]
        assert (request.prompt.id, request.attempt) in sent
        return body("good" if request.attempt == 2 else "bad")

    def is_kept(draft: Draft) -> Iterator[Flaw]:
        with Journal(tmp_path / "journal.db", read_only=True) as journal:
            assert journal.replies(draft.prompt.id, draft.prompt.context.image_id)
        yield from says_good(draft)

    plain = job()
    looking = replace(plain, task=replace(plain.task, checks=(is_kept,)))
    run(tmp_path, store, Scripted(answer), [looking], limit=3)
    assert samples(tmp_path) == [1, 2, 3]


def test_a_run_that_only_judges_again_can_be_interrupted(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(), [job()])
    settled: list[Outcome] = []

    async def interrupted_early(journal: Journal) -> None:
        def count(outcome: Outcome, _: bool) -> None:
            settled.append(outcome)
            running.cancel()

        generation = Generation([job(attempts=4)], store, journal, RunFolder(tmp_path), settled=count)
        running = asyncio.ensure_future(generation.run(Scripted()))
        with pytest.raises(asyncio.CancelledError):
            await running

    with Journal(tmp_path / "journal.db") as journal:
        asyncio.run(interrupted_early(journal))
    assert 0 < len(settled) < 10


def test_a_shard_whose_publication_failed_half_way_stands_for_no_recipe(
    tmp_path: Path, store: ContextStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, lines: Iterable[bytes]) -> None:
        if path == RunFolder(tmp_path).samples("t", 0):
            raise StorageError("No space left on device.")
        publish(path, lines)

    run(tmp_path, store, Scripted(), [job()], limit=5)
    with monkeypatch.context() as patched:
        patched.setattr(shard_assembly, "publish", full)
        with pytest.raises(StorageError):
            run(tmp_path, store, Scripted(lambda _: body("bad")), [job(template="Other.")], limit=5)
    assert rejected(tmp_path)
    run(tmp_path, store, Scripted(), [job()], limit=5)
    assert (samples(tmp_path), rejected(tmp_path)) == ([1, 2, 3, 4, 5], {})


def test_a_given_up_image_is_not_asked_again_when_its_shard_is_made_anew(tmp_path: Path, store: ContextStore) -> None:
    bad_second = Scripted(lambda r: body("bad" if r.prompt.context.image_id == 2 else "good"))
    run(tmp_path, store, bad_second, [job()], limit=3)
    (tmp_path / "t" / "00000.jsonl").unlink()
    provider = Scripted()
    run(tmp_path, store, provider, [job()], limit=3)
    assert provider.asked == []
    assert (samples(tmp_path), rejected(tmp_path)) == ([1, 3], {2: "not_good"})


def test_a_shard_without_a_sample_stands_too(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(lambda _: body("bad")), [job()], limit=3)
    assert run(tmp_path, store, Scripted(), [job()], limit=3).missing == 0


def test_a_provider_that_leaves_requests_unanswered_does_not_pass_for_done(tmp_path: Path, store: ContextStore) -> None:
    class Leaving(Scripted):
        async def complete(
            self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
        ) -> AsyncIterator[Reply]:
            async for request in requests:
                if request.prompt.context.image_id == 3:
                    return
                yield Reply(request, body("good"))

    with pytest.raises(StalledError, match=r"33 outcomes are missing: image 3 \(t\), image 4"):
        run(tmp_path, store, Leaving(), [job()])


def test_a_slow_answer_holds_back_only_a_few_shards(tmp_path: Path) -> None:
    class FirstIsSlow(Scripted):
        def must_answer(self) -> bool:
            return self.held[-1].prompt.context.image_id != 1

    def answer(request: Request) -> bytes:
        if request.prompt.context.image_id == 1:
            asked_meanwhile.append(len(provider.asked))
        return body("good")

    asked_meanwhile: list[int] = []
    provider = FirstIsSlow(answer)
    build_store(tmp_path / "big", (image(n) for n in range(1, 101)), origin="test")
    with ContextStore(tmp_path / "big") as contexts:
        run(tmp_path, contexts, provider, [job()])
    assert samples(tmp_path) == [n for n in range(1, 101) if n != 13]
    assert asked_meanwhile == [39], "four shards of ten are open, one image has nothing to ask about"


def test_the_fingerprint_changes_with_everything_that_a_shard_follows_from() -> None:
    base = job()
    others = [
        job("u"),
        job(attempts=4),
        job(template="Other."),
        replace(base, recipe=replace(base.recipe, room=9)),
        replace(base, recipe=replace(base.recipe, seed=9)),
        replace(base, recipe=replace(base.recipe, tokens=TokenCounter(len, exact=False))),
        replace(base, recipe=replace(base.recipe, questions=("Q?",))),
        replace(base, recipe=replace(base.recipe, sampling=Sampling("m", 11))),
    ]
    prints = {each.fingerprint("digest") for each in (base, *others)} | {base.fingerprint("other digest")}
    assert len(prints) == len(others) + 2
    assert base.fingerprint("digest") == job().fingerprint("digest")


def test_a_shard_that_somebody_cut_is_made_again_without_asking(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(), [job()])
    path = tmp_path / "t" / "00001.jsonl"
    path.write_bytes(path.read_bytes()[:100])
    (tmp_path / "t" / "00001.rejected.jsonl").unlink()
    provider = Scripted()
    run(tmp_path, store, provider, [job()])
    assert provider.asked == []
    assert samples(tmp_path) == EVERY
    assert rejected(tmp_path) == {13: "empty_context"}


def test_changed_settings_never_leave_a_run_smaller_than_it_was(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(), [job()])
    with Journal(tmp_path / "journal.db") as journal:
        changed = Generation([job(template="Other.")], store, journal, RunFolder(tmp_path), limit=3)
        with pytest.raises(DataError, match=r"only 3 of .* would be made again"):
            changed.refuse_to_shrink()
        Generation([job(template="Other.")], store, journal, RunFolder(tmp_path)).refuse_to_shrink()
        Generation([job()], store, journal, RunFolder(tmp_path), limit=3).refuse_to_shrink()


def test_a_context_that_cannot_be_cut_to_the_window_is_not_asked_about(tmp_path: Path) -> None:
    build_store(tmp_path / "long", [ImageContext(1, "a", 9, 9, captions=("word " * 3000,)), image(2)], origin="test")
    provider = Scripted()
    with ContextStore(tmp_path / "long") as contexts:
        run(tmp_path, contexts, provider, [job()])
    assert [n for _, n, _ in provider.asked] == [2]
    assert rejected(tmp_path) == {1: "context_too_long"}


def again(folder: Path, store: ContextStore, provider: Scripted, jobs: Sequence[Job], **options: Any) -> Generation:
    """Make a pass with further options, and return it."""
    with Journal(folder / "journal.db") as journal:
        generation = Generation(jobs, store, journal, RunFolder(folder), **options)
        asyncio.run(asyncio.wait_for(generation.run(provider), 30))
    return generation


def bad(*numbers: int) -> Answer:
    return lambda request: body("bad" if request.prompt.context.image_id in numbers else "good")


def test_regenerating_asks_only_about_what_has_no_sample_and_leaves_the_samples_as_they_are(
    tmp_path: Path, store: ContextStore
) -> None:
    run(tmp_path, store, Scripted(bad(3, 22)), [job()], limit=25)
    before = (tmp_path / "t" / "00000.jsonl").read_bytes().splitlines()
    untouched = (tmp_path / "t" / "00001.jsonl").stat().st_ino
    provider = Scripted(bad(22))
    passed = again(tmp_path, store, provider, [job()], limit=30, again=True)
    assert provider.asked[:5] == [("t", n, 1) for n in range(26, 31)], "what was never asked comes first"
    assert sorted(provider.asked[5:]) == [("t", 3, 4), *(("t", 22, n) for n in (4, 5, 6))]
    assert samples(tmp_path) == [n for n in range(1, 31) if n not in (13, 22)]
    assert rejected(tmp_path) == {13: "empty_context", 22: "not_good"}
    assert [line for line in (tmp_path / "t" / "00000.jsonl").read_bytes().splitlines() if line in before] == before
    assert (tmp_path / "t" / "00001.jsonl").stat().st_ino == untouched, "nothing there can end otherwise"
    assert passed.reasons == {"rejected: not_good": 4, "new prompt": 5}


def test_regenerating_asks_nothing_that_would_end_the_same_way(tmp_path: Path, store: ContextStore) -> None:
    def hopeless(request: Request) -> bytes | Failure:
        if request.prompt.context.image_id == 2:
            return Failure("filtered", "HTTP 400", final=True, free=True)
        if request.prompt.context.image_id == 3:
            return orjson.dumps({"choices": [{"message": {"content": "good, but"}, "finish_reason": "length"}]})
        return body("good")

    first = Scripted(hopeless)
    run(tmp_path, store, first, [job()], limit=5)
    assert len(first.asked) == 5, "and neither was asked twice"
    provider = Scripted()
    again(tmp_path, store, provider, [job()], limit=5, again=True)
    assert provider.asked == []
    assert rejected(tmp_path) == {2: "filtered", 3: "truncated"}


def test_a_regeneration_that_is_stopped_shows_its_answers_beside_what_stood(
    tmp_path: Path, store: ContextStore
) -> None:
    run(tmp_path, store, Scripted(bad(3, 4)), [job()], limit=5)

    class StoppedError(Exception):
        pass

    def stopping(request: Request) -> bytes:
        if request.prompt.context.image_id == 4:
            raise StoppedError
        return body("good at last")

    with pytest.raises(StoppedError):
        again(tmp_path, store, Scripted(stopping), [job()], limit=5, again=True)
    assert rejected(tmp_path) == {4: "not_good"}
    assert samples(tmp_path) == [1, 2, 3, 5], "whole, and in context order"
    assert not list((tmp_path / "t").glob("*.partial*"))
    provider = Scripted()
    again(tmp_path, store, provider, [job()], limit=5, again=True)
    assert [n for _, n, _ in provider.asked] == [4]
    assert samples(tmp_path) == [1, 2, 3, 4, 5]


def test_rebuilding_makes_the_shards_from_the_journal_alone(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(bad(3)), [job("t"), job("u")], limit=35)
    files = {path: path.read_bytes() for task in ("t", "u") for path in (tmp_path / task).iterdir()}
    for path in files:
        path.unlink()
    with Journal(tmp_path / "journal.db") as journal:
        missing = rebuild([job("t"), job("u")], store, journal, RunFolder(tmp_path), 35)
    assert missing == 0
    assert {path: path.read_bytes() for task in ("t", "u") for path in (tmp_path / task).iterdir()} == files
    assert run(tmp_path, store, Scripted(), [job("t"), job("u")]).missing == 0


def test_rebuilding_an_unfinished_run_keeps_what_there_is_and_claims_no_more(
    tmp_path: Path, store: ContextStore
) -> None:
    class StoppedError(Exception):
        pass

    def stopping(request: Request) -> bytes:
        if request.prompt.context.image_id == 7:
            raise StoppedError
        return body("good")

    with pytest.raises(StoppedError):
        run(tmp_path, store, Scripted(stopping), [job()], limit=9)
    with Journal(tmp_path / "journal.db") as journal:
        missing = rebuild([job()], store, journal, RunFolder(tmp_path), 9)
    kept = samples(tmp_path)
    assert kept == list(range(1, len(kept) + 1))
    assert missing == 9 - len(kept) > 0
    provider = Scripted()
    run(tmp_path, store, provider, [job()], limit=9)
    assert len(provider.asked) == missing
    assert samples(tmp_path) == list(range(1, 10))


def test_replies_that_another_run_paid_for_are_taken_and_cost_nothing(tmp_path: Path, store: ContextStore) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    run(tmp_path / "one", store, Scripted(bad(3)), [job(attempts=1)], limit=5)
    provider = Scripted()
    with Journal(tmp_path / "one" / "journal.db", read_only=True) as other:
        passed = again(tmp_path / "two", store, provider, [job()], limit=7, reuse=other)
    assert provider.asked == [("t", 6, 1), ("t", 7, 1), ("t", 3, 2)] or provider.asked == [
        *(("t", 3, 2), ("t", 6, 1), ("t", 7, 1))
    ]
    assert passed.reused == 5
    assert samples(tmp_path / "two") == list(range(1, 8))
    with Journal(tmp_path / "two" / "journal.db") as journal:
        assert journal.spent().replies == 3, "what another run paid for is not in this one's books"
        assert journal.unbooked() == []
    without = Scripted()
    run(tmp_path / "two", store, without, [job()], limit=7)
    assert without.asked == [], "they are in this run's own journal now"


def test_the_journal_says_why_each_request_was_made(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(bad(2)), [job(attempts=2)], limit=2)
    with Journal(tmp_path / "journal.db") as journal:
        journal.intend([Intent(job().task.prompt(image(3), job().recipe).id, 1, "t", 3, "v", 0, "new prompt")])
        assert journal.settle_unknown() == 1
    passed = again(tmp_path, store, Scripted(), [job(template="Write well.")], limit=1)
    assert passed.reasons == {"changed prompt": 1}
    passed = again(tmp_path, store, Scripted(), [job(attempts=3)], limit=4)
    assert passed.reasons == {"rejected: not_good": 1, "unknown outcome": 1, "new prompt": 1}
    with Journal(tmp_path / "journal.db") as journal:
        reasons = {each.image_id: each.reason for n in (1, 2, 3, 4) for each in journal.asked(n)}
    assert reasons == {1: "changed prompt", 2: "rejected: not_good", 3: "unknown outcome", 4: "new prompt"}


def test_a_prompt_that_the_endpoint_finds_too_long_is_shortened_once(tmp_path: Path) -> None:
    def captioned(number: int) -> ImageContext:
        return ImageContext(
            number, f"{number}.jpg", 10, 10, captions=tuple(f"caption {n} of {number}" for n in range(9))
        )

    def answer(request: Request) -> bytes | Failure:
        shown = len(request.prompt.context.captions)
        if shown > 5 or request.prompt.context.image_id == 2:
            return Failure("context_length_exceeded", f"{shown} captions", final=True, free=True)
        return body("good")

    build_store(tmp_path / "c", (captioned(n) for n in (1, 2)), origin="test")
    with ContextStore(tmp_path / "c") as contexts:
        provider = Scripted(answer)
        run(tmp_path, contexts, provider, [job()])
        assert sorted(provider.asked) == [("t", 1, 1), ("t", 1, 1), ("t", 2, 1), ("t", 2, 1)]
        assert (samples(tmp_path), rejected(tmp_path)) == ([1], {2: "context_length_exceeded"})
        files = (tmp_path / "t" / "00000.jsonl").read_bytes()
        (tmp_path / "t" / "00000.jsonl").unlink()
        once_more = Scripted()
        run(tmp_path, contexts, once_more, [job()])
    assert once_more.asked == []
    assert (tmp_path / "t" / "00000.jsonl").read_bytes() == files
    assert json.loads(files)["provenance"]["left_out"] == '{"captions":4}'


def test_where_tasks_share_the_beginning_of_a_prompt_the_first_is_answered_before_the_others_leave(
    tmp_path: Path, store: ContextStore
) -> None:
    def sharing(name: str) -> Job:
        plain = job(name)

        class Sharing(Task):
            def prompt(self, context: ImageContext, recipe: PromptRecipe) -> Prompt:
                return msgspec.structs.replace(super().prompt(context, recipe), shared=1)

        fields = {field.name: getattr(plain.task, field.name) for field in dataclasses.fields(Task)}
        return replace(plain, task=Sharing(**fields))

    answered: set[int | str] = set()

    class Watching(Scripted):
        async def complete(
            self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
        ) -> AsyncIterator[Reply]:
            async for reply in super().complete(self.watched(requests), stopping):
                if reply.request.prompt.task == "t":
                    answered.add(reply.request.prompt.context.image_id)
                yield reply

        async def watched(self, requests: AsyncIterator[Request]) -> AsyncIterator[Request]:
            async for request in requests:
                assert request.prompt.task == "t" or request.prompt.context.image_id in answered
                yield request

    provider = Watching(bad(3), late=6)
    run(tmp_path, store, provider, [sharing("t"), sharing("u"), sharing("v")])
    for task in ("t", "u", "v"):
        assert samples(tmp_path, task) == [n for n in EVERY if n != 3]


# --- stopping ---


class Stopped(Scripted):
    """Answers as it is told, calls `then` with each answer's number, and stops as a provider has to."""

    generation: Generation
    then: Callable[[int], None] = staticmethod(lambda number: None)
    unanswered: tuple[int, ...] = ()

    async def complete(
        self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
    ) -> AsyncIterator[Reply]:
        assert stopping is not None
        held = [request async for request in self.pulled(requests, stopping)]
        for number, request in enumerate(held, 1):
            if request.prompt.context.image_id in self.unanswered:
                await asyncio.Event().wait()
            if stopping.is_set() and number % 2:
                yield Reply(request, Failure(NOT_ASKED, "the run ends", free=True))
            else:
                yield Reply(request, self.answer(request))
                await asyncio.sleep(0.05)
            self.then(number)

    async def pulled(self, requests: AsyncIterator[Request], stopping: asyncio.Event) -> AsyncIterator[Request]:
        """Yield what is there to be asked, as far as it comes by itself."""
        while not stopping.is_set() and (request := await anext(requests, None)):
            self.asked.append((request.prompt.task, request.prompt.context.image_id, request.attempt))
            yield request
            if len(self.asked) == self.late:
                return


def stopped(
    folder: Path, store: ContextStore, provider: Stopped, *, limit: int = 8, emit: Callable[[bytes], None] | None = None
) -> Generation:
    """Make a pass with a provider that may stop it, and return it."""
    with Journal(folder / "journal.db") as journal:
        generation = provider.generation = Generation(
            [job()], store, journal, RunFolder(folder), limit=limit, emit=emit
        )
        asyncio.run(asyncio.wait_for(generation.run(provider), 10))
        assert journal.settle_unknown() == len(provider.unanswered)
    return generation


def test_after_a_stop_nothing_is_asked_again_and_what_never_left_is_taken_back(
    tmp_path: Path, store: ContextStore
) -> None:
    provider = Stopped(bad(2, 4), late=8)
    provider.then = lambda number: provider.generation.stop() if number == 2 else None
    generation = stopped(tmp_path, store, provider)
    assert not generation.is_done
    assert generation.under_way == 0
    with Journal(tmp_path / "journal.db") as journal:
        kept = [each.image_id for number in range(1, 9) for each in journal.asked(number)]
    assert kept == [1, 2, 4, 6, 8], "3, 5 and 7 never left, and 2 and 4 are not asked again"
    rest = Scripted()
    run(tmp_path, store, rest, [job()], limit=8)
    assert sorted(n for _, n, _ in rest.asked) == [2, 3, 4, 5, 7]


@pytest.mark.parametrize("clings", [False, True])
def test_what_is_given_up_is_of_unknown_outcome_and_what_came_is_judged(
    tmp_path: Path, store: ContextStore, clings: bool
) -> None:
    class Clinging(Stopped):
        async def complete(
            self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
        ) -> AsyncIterator[Reply]:
            try:
                async for reply in super().complete(requests, stopping):
                    yield reply
            finally:
                await asyncio.sleep(0.1 if clings else 0)

    provider = Clinging(late=4)
    provider.unanswered = (4,)
    provider.then = lambda number: provider.generation.abandon() if number == 3 else None
    assert not stopped(tmp_path, store, provider, limit=4).is_done
    last = Scripted()
    passed = run(tmp_path, store, last, [job()], limit=4)
    assert [n for _, n, _ in last.asked] == [4]
    assert samples(tmp_path) == [1, 2, 3, 4]
    assert len(passed.outcomes) == 4


@pytest.mark.parametrize("emits", [False, True])
@pytest.mark.parametrize("end", [Generation.stop, Generation.abandon])
def test_a_run_that_is_stopped_after_its_last_answer_is_done(
    tmp_path: Path, store: ContextStore, end: Callable[[Generation], None], emits: bool
) -> None:
    provider = Stopped(late=4)
    provider.then = lambda number: end(provider.generation) if number == 4 else None
    lines: list[bytes] = []
    generation = stopped(tmp_path, store, provider, limit=4, emit=lines.append if emits else None)
    assert generation.is_done
    assert (samples(tmp_path), len(lines)) == ([1, 2, 3, 4], 4 if emits else 0)


def test_a_refusal_after_the_last_answer_refuses_nothing(tmp_path: Path, store: ContextStore) -> None:
    class Refusing(Stopped):
        async def complete(
            self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
        ) -> AsyncIterator[Reply]:
            async for reply in super().complete(requests, stopping):
                yield reply
            raise ProviderRefusesError("no credit")

    assert stopped(tmp_path, store, Refusing(late=4), limit=4).is_done
    with pytest.raises(ProviderRefusesError):
        stopped(tmp_path, store, Refusing(late=2), limit=8)


def test_a_run_that_only_judges_what_it_has_stops_when_it_is_told(tmp_path: Path, store: ContextStore) -> None:
    run(tmp_path, store, Scripted(), [job()])
    judged: list[Outcome] = []

    def count(outcome: Outcome, _: bool) -> None:
        judged.append(outcome)
        if len(judged) == 5:
            made.stop()

    with Journal(tmp_path / "journal.db") as journal:
        made = Generation([job(attempts=4)], store, journal, RunFolder(tmp_path), settled=count)
        asyncio.run(asyncio.wait_for(made.run(Scripted()), 10))
    assert len(judged) <= 6
    assert not made.is_done


def test_the_slowest_answer_is_of_late_and_of_answers_without_their_wait(tmp_path: Path, store: ContextStore) -> None:
    class Timed(Scripted):
        async def complete(
            self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
        ) -> AsyncIterator[Reply]:
            took = iter([135.0, 2.0, *[1.0] * 100])
            async for reply in super().complete(requests, stopping):
                is_answer = isinstance(reply.outcome, bytes)
                yield msgspec.structs.replace(reply, took=next(took) if is_answer else 600.0)
                seen.append(generation.slowest_answer)

    def answer(request: Request) -> bytes | Failure:
        return (
            Failure("timeout", "600 s")
            if request.attempt == 1 and request.prompt.context.image_id == 3
            else body("good")
        )

    seen: list[float] = []
    build_store(tmp_path / "big", (image(n) for n in range(1, 101)), origin="test")
    with ContextStore(tmp_path / "big") as contexts, Journal(tmp_path / "journal.db") as journal:
        generation = Generation([job()], contexts, journal, RunFolder(tmp_path))
        assert generation.slowest_answer == 0
        asyncio.run(asyncio.wait_for(generation.run(Timed(answer)), 30))
    assert max(seen) == 135.0
    assert seen[-1] == 1.0
