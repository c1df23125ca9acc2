"""The way of a file through the judge, and of what is left of it into another file of the same shape."""

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from svit.audit.forms import on_one_line, read, rewritten
from svit.audit.judging import context_of, judged
from svit.audit.reading import DataFile, Piece, RunData, opened_data
from svit.audit.tally import AuditReport, Tally
from svit.path_address import path_address
from svit.records import ImageContext, ImageId
from svit.shards import publish
from svit.sources.contexts import ContextStore
from svit.tasks import task_named

_Find = Callable[[ImageId], ImageContext | None]


def audit(
    file: Path,
    *,
    contexts: Path | None = None,
    task: str | None = None,
    fix: Path | None = None,
    examples: int = 3,
    watch: Callable[[DataFile | RunData], Iterable[Piece]] = iter,
) -> AuditReport:
    """Judge the records of a file, or the samples of a run, and write what is left of them to `fix`, in their form.

    With a store of `contexts` they are compared with the annotations of their images. `task` is for records that name
    none; None goes by their shape. `watch` passes the records on as they are read. Raise DataError for a file that
    cannot be read to its end or has no record, StorageError when the disk refuses `fix`, and leave no file then.
    """
    if task is not None:
        task_named(task)
    tally = Tally(path_address(file), examples)
    with ExitStack() as opened:
        find = opened.enter_context(ContextStore(contexts)).find if contexts else None
        data = opened_data(file)
        opened.enter_context(data)
        lines = _left_of(watch(data), tally, task, find)
        if fix:
            write_records(fix, lines, as_array=data.is_array)
        else:
            deque(lines, maxlen=0)
    return tally.report(contexts=path_address(contexts) if contexts else None, fix=path_address(fix) if fix else None)


def _left_of(pieces: Iterable[Piece], tally: Tally, task: str | None, find: _Find | None) -> Iterator[bytes]:
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
        found = judged(record, context)
        tally.count(place, record, found, grounded=context is not None)
        if found.kept:
            is_same = not found.is_changed
            yield on_one_line(raw) if is_same else rewritten(raw, record, found.kept, found.dropped, found.warnings)
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
