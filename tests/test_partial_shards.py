"""What is settled when a run stops is in partial shards: never fewer samples than before, never one twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from svit.contexts.store import ContextStore, build_store
from svit.errors import ProviderRefusesError, StorageError
from svit.providers.base import Reply, Request
from svit.run import shard_assembly
from svit.run.attempts import Job
from svit.run.folder import RunFolder
from svit.run.generation import Generation
from svit.run.journal import Journal
from svit.run.journal_rows import Shard
from svit.run.published_shards import DAMAGED, counted, files_of, published, read_published
from svit.run.rebuild import rebuild
from svit.run.shards import publish
from test_pipeline import body, image, job

EVERY = [n for n in range(1, 36) if n != 13]


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_assembly, "SHARD_IMAGES", 10)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContextStore]:
    build_store(tmp_path / "c", (image(n) for n in range(1, 36)), origin="test")
    with ContextStore(tmp_path / "c") as opened:
        yield opened


class EndpointError(Exception):
    """An error that nobody foresaw."""


def refusal() -> None:
    raise ProviderRefusesError("No credit.")


def bug() -> None:
    raise EndpointError


def signal() -> None:
    task = next(each for each in asyncio.all_tasks() if each.get_name() == "the run")
    task.cancel()


STOPS = {
    "refusal": (refusal, ProviderRefusesError),
    "bug": (bug, EndpointError),
    "signal": (signal, asyncio.CancelledError),
}


@dataclass
class Endpoint:
    """Answers so many requests, and then does what stops the run. What is in `bad` gets an answer that is rejected."""

    answers: int = 1000
    then: Callable[[], None] = refusal
    bad: Sequence[int] = ()
    asked: list[tuple[int, int]] = field(default_factory=list)
    waits_for: str = ""

    async def complete(
        self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
    ) -> AsyncIterator[Reply]:
        async for request in requests:
            if len(self.asked) == self.answers:
                await asyncio.sleep(0.1)  # until all replies are judged
                self.then()
                await asyncio.sleep(60)
            number = request.prompt.context.image_id
            assert isinstance(number, int)
            self.asked.append((number, request.attempt))
            yield Reply(request, body("bad" if number in self.bad else "good"))


def run(
    folder: Path,
    store: ContextStore,
    endpoint: Endpoint,
    *jobs: Job,
    limit: int | None = None,
    again: bool = False,
    emit: Callable[[bytes], None] | None = None,
) -> Generation:
    with Journal(folder / "journal.db") as journal:
        generation = Generation(jobs or [job()], store, journal, RunFolder(folder), limit=limit, again=again, emit=emit)

        async def main() -> None:
            await asyncio.create_task(asyncio.wait_for(generation.run(endpoint), 30), name="the run")

        asyncio.run(main())
    return generation


def stopped(
    folder: Path, store: ContextStore, endpoint: Endpoint, *jobs: Job, limit: int | None = None, again: bool = False
) -> None:
    error = next(error for then, error in STOPS.values() if then is endpoint.then)
    with pytest.raises(error):
        run(folder, store, endpoint, *jobs, limit=limit, again=again)


def images(*paths: Path) -> list[int]:
    return [json.loads(line)["image_id"] for path in paths if path.is_file() for line in path.read_bytes().splitlines()]


def shown(folder: Path, task: str = "t") -> list[Shard]:
    """Return what stands, and see that what was counted is what the files hold, each image once."""
    shards = read_published(RunFolder(folder), [task])
    ended: list[int] = []
    for shard in shards:
        samples, rejected = files_of(RunFolder(folder), shard)
        assert (len(images(samples)), len(images(rejected))) == (shard.samples, sum(shard.flaws.values()))
        assert images(samples) == sorted(images(samples)), "in context order"
        assert shard.images == shard.samples + sum(shard.flaws.values())
        ended += images(samples, rejected)
    assert len(set(ended)) == len(ended)
    return shards


def samples(folder: Path, task: str = "t") -> list[int]:
    return images(*(files_of(RunFolder(folder), shard)[0] for shard in shown(folder, task)))


def rejected(folder: Path, task: str = "t") -> list[int]:
    return images(*(files_of(RunFolder(folder), shard)[1] for shard in shown(folder, task)))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "t").iterdir())}


def samples_of(folder: Path, shard: Shard) -> list[bytes]:
    return files_of(RunFolder(folder), shard)[0].read_bytes().splitlines()


def partial_files(folder: Path) -> list[str]:
    return [name for name in files(folder) if "partial" in name]


def killed(folder: Path) -> None:
    """Let the run be as if its last process had been killed: its replies are there, its partial shards are not."""
    for path in (folder / "t").glob("*.partial*"):
        path.unlink()
    with Journal(folder / "journal.db") as journal:
        journal.commit([[("DELETE FROM shards WHERE partial AND ?", [(1,)])]])


@pytest.mark.parametrize("stop", STOPS)
def test_however_a_run_stops_what_is_settled_is_in_files_and_recorded(
    stop: str, tmp_path: Path, store: ContextStore
) -> None:
    stopped(tmp_path, store, Endpoint(17, STOPS[stop][0], bad=[2]), job(attempts=1))
    assert samples(tmp_path) == [n for n in range(1, 19) if n not in (2, 13)]
    assert rejected(tmp_path) == [2, 13]
    with Journal(tmp_path / "journal.db", read_only=True) as journal:
        recorded = journal.shards()
    assert recorded == shown(tmp_path)
    assert [(shard.partial, shard.images, shard.samples, shard.flaws) for shard in recorded] == [
        (False, 10, 9, {"not_good": 1}),
        (True, 8, 7, {"empty_context": 1}),
    ]
    assert partial_files(tmp_path) == ["00001.partial.jsonl", "00001.partial.rejected.jsonl"]


def test_a_run_that_is_continued_to_its_end_leaves_what_one_that_never_stopped_does(
    tmp_path: Path, store: ContextStore
) -> None:
    (tmp_path / "whole").mkdir()
    run(tmp_path / "whole", store, Endpoint())
    asked = 0
    for answers in (3, 0, 4, 11):
        before = samples(tmp_path)
        endpoint = Endpoint(answers)
        stopped(tmp_path, store, endpoint)
        assert set(before) <= set(samples(tmp_path)), "nothing is taken away"
        assert len(samples(tmp_path)) == len(before) + answers
        asked += len(endpoint.asked)
    endpoint = Endpoint()
    run(tmp_path, store, endpoint)
    assert asked + len(endpoint.asked) == len(EVERY), "nothing was asked twice"
    assert files(tmp_path) == files(tmp_path / "whole")


def test_a_shard_that_is_whole_is_never_without_its_samples_while_it_takes_the_partial_one_s_place(
    tmp_path: Path, store: ContextStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(tmp_path, store, Endpoint(6))
    seen: list[int] = []

    def looking(path: Path, lines: Iterable[bytes]) -> None:
        seen.append(len(samples(tmp_path)))
        publish(path, lines)
        seen.append(len(samples(tmp_path)))

    monkeypatch.setattr(shard_assembly, "publish", looking)

    def removing(path: Path) -> None:
        path.unlink(missing_ok=True)
        seen.append(len(samples(tmp_path)))

    monkeypatch.setattr(shard_assembly, "removed", removing)
    run(tmp_path, store, Endpoint(), limit=10)
    assert seen[0] == 6
    assert set(seen) == {6, 10}


def test_what_only_the_journal_has_is_settled_when_the_next_command_stops_at_once(
    tmp_path: Path, store: ContextStore
) -> None:
    stopped(tmp_path, store, Endpoint(17, bad=[2]), job(attempts=2))
    before = files(tmp_path)
    killed(tmp_path)
    assert 15 not in samples(tmp_path)
    stopped(tmp_path, store, Endpoint(0), job(attempts=2))
    assert files(tmp_path) == before


def test_after_its_time_a_run_looks_nothing_up_and_rebuild_does_the_rest(tmp_path: Path, store: ContextStore) -> None:
    stopped(tmp_path, store, Endpoint(17))
    before = files(tmp_path)
    killed(tmp_path)
    whole = samples(tmp_path)
    with Journal(tmp_path / "journal.db") as journal:
        generation = Generation([job()], store, journal, RunFolder(tmp_path))
        generation.end_by(0.0)
        with pytest.raises(ProviderRefusesError):
            asyncio.run(generation.run(Endpoint(0)))
    hurried = samples(tmp_path)
    assert set(whole) <= set(hurried)
    assert len(hurried) < 17
    with Journal(tmp_path / "journal.db") as journal:
        missing = rebuild([job()], store, journal, RunFolder(tmp_path), 35)
    assert missing == len(EVERY) - 17
    assert samples(tmp_path) == [n for n in range(1, 19) if n != 13]
    assert {name: lines for name, lines in files(tmp_path).items() if "00001" in name} == {
        name: lines for name, lines in before.items() if "00001" in name
    }


def test_an_image_that_is_asked_about_again_has_its_last_rejection_meanwhile(
    tmp_path: Path, store: ContextStore
) -> None:
    stopped(tmp_path, store, Endpoint(9, bad=[2]), job(attempts=9))
    assert rejected(tmp_path)[0] == 2
    assert 2 not in samples(tmp_path)
    run(tmp_path, store, Endpoint(), job(attempts=9))
    assert samples(tmp_path) == EVERY


def test_a_higher_limit_that_is_stopped_adds_to_the_shard_and_a_lower_one_takes_nothing_away(
    tmp_path: Path, store: ContextStore
) -> None:
    run(tmp_path, store, Endpoint(), limit=4)
    assert partial_files(tmp_path) == []
    stopped(tmp_path, store, Endpoint(3))
    assert samples(tmp_path) == [1, 2, 3, 4, 5, 6, 7]
    assert list(files(tmp_path)) == ["00000.partial.jsonl", "00001.partial.rejected.jsonl"]
    endpoint = Endpoint()
    run(tmp_path, store, endpoint, limit=5)
    assert (samples(tmp_path), endpoint.asked) == ([1, 2, 3, 4, 5, 6, 7], [])
    run(tmp_path, store, Endpoint(), limit=10)
    assert list(files(tmp_path)) == ["00000.jsonl", "00001.partial.rejected.jsonl"]
    assert samples(tmp_path) == list(range(1, 11))


def test_what_was_made_by_other_settings_stays_until_there_is_as_much_by_the_new_ones(
    tmp_path: Path, store: ContextStore
) -> None:
    stopped(tmp_path, store, Endpoint(17))
    other = job(template="Other.")
    before = {shard.shard: shard for shard in shown(tmp_path)}
    seen = set()
    for _ in range(40):
        with suppress(ProviderRefusesError):
            run(tmp_path, store, Endpoint(1), other, limit=20)
        now = {shard.shard: shard for shard in shown(tmp_path)}
        for number, shard in now.items():
            assert shard.samples >= before[number].samples
            assert not shard.partial or before[number].partial, "a whole one is not hidden by a partial one"
            [version] = {json.loads(line)["provenance"]["prompt_version"] for line in samples_of(tmp_path, shard)}
            seen.add((number, shard.partial, version))
        before = now
        if samples(tmp_path) == [n for n in range(1, 21) if n != 13] and not partial_files(tmp_path):
            break
    old, new = job().recipe.template.version, other.recipe.template.version
    assert seen >= {(0, False, old), (0, False, new), (1, True, old), (1, True, new), (1, False, new)}


def test_a_regeneration_that_stops_publishes_whole_shards_with_the_old_outcome_where_there_is_no_new_one(
    tmp_path: Path, store: ContextStore
) -> None:
    run(tmp_path, store, Endpoint(bad=[3, 4, 5, 15, 27]), job(attempts=1))
    stopped(tmp_path, store, Endpoint(2), job(attempts=1), again=True)
    assert partial_files(tmp_path) == []
    assert not any(shard.partial for shard in shown(tmp_path))
    assert samples(tmp_path) == [n for n in EVERY if n not in (5, 15, 27)]
    assert rejected(tmp_path) == [5, 13, 15, 27]
    endpoint = Endpoint()
    run(tmp_path, store, endpoint, job(attempts=1), again=True)
    assert sorted(n for n, _ in endpoint.asked) == [5, 15, 27]
    assert samples(tmp_path) == EVERY


def test_rebuilding_an_unfinished_run_makes_the_partial_shards_of_its_stop(tmp_path: Path, store: ContextStore) -> None:
    stopped(tmp_path, store, Endpoint(17, bad=[2, 14]), job("t", attempts=2), job("u", attempts=2))
    before = files(tmp_path), shown(tmp_path, "t"), shown(tmp_path, "u")
    for path in (tmp_path / "t").iterdir():
        path.unlink()
    with Journal(tmp_path / "journal.db") as journal:
        rebuild([job("t", attempts=2), job("u", attempts=2)], store, journal, RunFolder(tmp_path), 35)
    assert (files(tmp_path), shown(tmp_path, "t"), shown(tmp_path, "u")) == before


def test_lines_are_emitted_once_and_in_order_by_a_run_that_is_continued(tmp_path: Path, store: ContextStore) -> None:
    first: list[bytes] = []
    with pytest.raises(ProviderRefusesError):
        run(tmp_path, store, Endpoint(17), emit=first.append)
    second: list[bytes] = []
    run(tmp_path, store, Endpoint(), emit=second.append)
    assert [json.loads(line)["image_id"] for line in second] == EVERY
    assert first == second[: len(first)]


def test_why_a_run_stops_is_not_forgotten_when_nothing_can_be_published(
    tmp_path: Path, store: ContextStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, lines: Iterable[bytes]) -> None:
        raise StorageError(f"{path}: cannot be written: No space left on device.")

    monkeypatch.setattr(shard_assembly, "publish", full)
    with Journal(tmp_path / "journal.db") as journal:
        generation = Generation([job()], store, journal, RunFolder(tmp_path))
        with pytest.raises(ProviderRefusesError):
            asyncio.run(generation.run(Endpoint(7)))
    assert "No space left on device" in generation.unpublished


def test_a_run_whose_folder_was_moved_meanwhile_does_not_publish_where_it_was(
    tmp_path: Path, store: ContextStore
) -> None:
    folder = tmp_path / "r"
    folder.mkdir()

    def moved() -> None:
        folder.rename(tmp_path / "moved")
        refusal()

    with Journal(folder / "journal.db") as journal:
        generation = Generation([job()], store, journal, RunFolder(folder))
        with pytest.raises(ProviderRefusesError):
            asyncio.run(generation.run(Endpoint(7, moved)))
    assert "moved" in generation.unpublished
    assert not folder.exists()


def test_a_killed_run_s_leftovers_beside_whole_shards_are_not_counted_and_go(
    tmp_path: Path, store: ContextStore
) -> None:
    stopped(tmp_path, store, Endpoint(6))
    left = files(tmp_path)
    run(tmp_path, store, Endpoint())
    for name, lines in left.items():
        (tmp_path / "t" / name).write_bytes(lines)
    assert samples(tmp_path) == EVERY
    run(tmp_path, store, Endpoint())
    assert partial_files(tmp_path) == []


def lines(*numbers: int, flaw: str = "") -> bytes:
    rows = [{"image_id": n, **({"flaws": [{"code": flaw}]} if flaw else {})} for n in numbers]
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


WHOLE = {"00000.jsonl": lines(1, 2, 3), "00000.rejected.jsonl": lines(4, flaw="x")}
PART = {"00000.partial.jsonl": lines(1, 2), "00000.partial.rejected.jsonl": lines(4, 5, flaw="y")}
A_WHOLE = Shard("t", 0, "r", 4, 3, {"x": 1}, sum(map(len, WHOLE.values())))
A_PART = Shard("t", 0, "r", 4, 2, {"y": 2}, sum(map(len, PART.values())), partial=True)
UNKNOWN = {"recipe": ""}


@pytest.mark.parametrize(
    ("there", "recorded", "standing"),
    [
        (WHOLE, [A_WHOLE], [A_WHOLE]),
        (PART, [A_PART], [A_PART]),
        (WHOLE | PART, [A_WHOLE], [A_WHOLE]),
        (WHOLE | PART, [A_PART], [A_PART]),
        (WHOLE | PART, [], [A_WHOLE._replace(recipe="")]),
        (WHOLE, [A_PART], [A_WHOLE._replace(recipe="")]),
        (PART, [A_WHOLE], [A_PART._replace(recipe="")]),
        (PART | {"00000.rejected.jsonl": WHOLE["00000.rejected.jsonl"]}, [], [A_PART._replace(recipe="")]),
        ({}, [A_WHOLE], []),
        ({"00000.rejected.jsonl": b'{"flaws'}, [], [Shard("t", 0, "", 1, 0, {DAMAGED: 1}, 7)]),
        ({".00000.jsonl.part": b"x", "notes.jsonl": b"x\n", "0.jsonl": b"x\n"}, [], []),
    ],
)
def test_what_stands_is_what_was_recorded_where_it_is_there_and_else_what_the_files_say(
    there: dict[str, bytes], recorded: list[Shard], standing: list[Shard], tmp_path: Path
) -> None:
    (tmp_path / "t").mkdir()
    for name, content in there.items():
        (tmp_path / "t" / name).write_bytes(content)
    assert published(RunFolder(tmp_path), ["t", "not there"], recorded) == standing
    assert counted(standing).samples == sum(shard.samples for shard in standing)


def test_a_partial_shard_that_becomes_whole_while_it_is_read_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    folder = RunFolder(tmp_path)
    folder.samples("t", 0, partial=True).write_bytes(lines(1))
    [shard] = published(folder, ["t"], [])
    folder.samples("t", 0).write_bytes(lines(1, 2))
    folder.samples("t", 0, partial=True).unlink()
    assert images(files_of(folder, shard)[0]) == [1, 2]
