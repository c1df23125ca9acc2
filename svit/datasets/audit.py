"""The way of a file through the judge, and of what is left of it into another file of the same shape."""

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from svit.contexts.store import ContextStore
from svit.datasets.audit_report import AuditReport, AuditTally
from svit.datasets.data_folder import DataFolder, opened_data
from svit.datasets.record_files import DataFile, RecordBytes
from svit.datasets.record_forms import read
from svit.datasets.record_rewriting import on_one_line, rewritten
from svit.datasets.record_verdict import context_of, judged
from svit.records import ImageContext, ImageId
from svit.run.shards import publish
from svit.system.path_address import path_address
from svit.tasks import task_named

_Find = Callable[[ImageId], ImageContext | None]


def audit(
    file: Path,
    *,
    contexts: Path | None = None,
    task: str | None = None,
    fix: Path | None = None,
    examples: int = 3,
    watch: Callable[[DataFile | DataFolder], Iterable[RecordBytes]] = iter,
) -> AuditReport:
    """Judge the records of a file or an export, or the samples of a run, and write what is left of them to `fix`.

    With a store of `contexts` they are compared with the annotations of their images; a run's own is taken by itself.
    `task` is for records that name none; None goes by their shape. `watch` passes the records on as they are read.
    Raise DataError for a file that cannot be read to its end or has no record, StorageError when the disk refuses
    `fix`, and leave no file then.
    """
    if task is not None:
        task_named(task)
    tally = AuditTally(path_address(file), examples)
    with ExitStack() as opened:
        data = opened_data(file)
        opened.enter_context(data)
        contexts = contexts or (data.contexts if isinstance(data, DataFolder) else None)
        find = opened.enter_context(ContextStore(contexts)).find if contexts else None
        lines = _left_of(watch(data), tally, task, find, data.numbers)
        if fix:
            write_records(fix, lines, as_array=data.is_array)
        else:
            deque(lines, maxlen=0)
    return tally.report(contexts=path_address(contexts) if contexts else None, fix=path_address(fix) if fix else None)


def _left_of(
    pieces: Iterable[RecordBytes], tally: AuditTally, task: str | None, find: _Find | None, numbers: Mapping[str, int]
) -> Iterator[bytes]:
    """Judge and count the records one by one, and yield those that are left, a line of JSON each.

    One in which nothing was changed is yielded as it stands. Raise DataError when there was no record to judge.
    """
    for place, raw, damage in pieces:
        if damage:
            tally.damage(place, damage)
            continue
        try:
            record = read(raw, task)
        except ValueError as error:
            tally.damage(place, str(error))
            continue
        context = find and context_of(record, find)
        found = judged(record, context, numbers.get(record.task))
        tally.count(place, record, found, grounded=context is not None)
        if found.kept:
            yield rewritten(raw, record, found) if found.is_changed else on_one_line(raw)
    tally.refuse_nothing()


def write_records(path: Path, lines: Iterable[bytes], *, as_array: bool) -> None:
    """Write the records, as lines or as the elements of an array, packed when the name ends in `.gz`; whole or not.

    Without records there is no file of lines. Raise StorageError when the disk refuses.
    """
    if as_array:
        lines = _array(lines)
    publish(path, _packed(lines) if path.suffix == ".gz" else lines)


def _array(lines: Iterable[bytes]) -> Iterator[bytes]:
    before = b"[\n"
    for line in lines:
        yield before + line.removesuffix(b"\n")
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def _packed(lines: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    is_empty = True
    for line in lines:
        is_empty = False
        yield packer.compress(line)
    if not is_empty:
        yield packer.flush()
