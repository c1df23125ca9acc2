"""A record as a line again: what is left of its dialogues goes back into its form, and all else stays."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from svit.datasets.box_requests import request_behind
from svit.datasets.record_forms import SYSTEM, Record
from svit.datasets.record_verdict import RecordVerdict
from svit.judge import clean
from svit.records import Dialogue, Flaw
from svit.run.shards import as_line, json_text, warnings_text


def rewritten(raw: bytes, record: Record, found: RecordVerdict) -> bytes:
    """Return the record as a line of JSON with those of its dialogues that are kept; all else stays.

    An own record also tells what was dropped, and what it has to be warned of, beside what it told before.
    """
    entry: dict[str, Any] = json.loads(raw)
    if record.form in ("llava", "chat"):
        [(place, dialogue)] = found.kept
        turns = next(entry[key] for key in ("conversations", "messages", "contents") if entry.get(key) is not None)
        turns = turns[turns[0].get("from", turns[0].get("role")) == SYSTEM :]
        _put(_changed(record, found.judged, place, dialogue), turns, record.marks)
    else:
        blocks = [entry["conversations"][place] for place, _ in found.kept]
        for block, (place, dialogue) in zip(blocks, found.kept, strict=True):
            _put(_changed(record, found.judged, place, dialogue), block["content"])
            if dialogue.topic is not None:
                block["topic"] = dialogue.topic
        entry["conversations"] = blocks
    if record.form == "own":
        _remark(
            entry,
            Counter(record.told.dropped) + Counter(found.dropped),
            tuple(dict.fromkeys((*record.told.warnings, *found.warnings))),
        )
    return as_line(json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode())


def _remark(entry: dict[str, Any], dropped: Mapping[str, int], warnings: Sequence[Flaw]) -> None:
    """Put this into a record of ours as its keys have it: within a text, or as it is in lines of older versions."""
    if isinstance(entry.get("dropped"), str) or isinstance(entry.get("warnings"), str):
        entry |= {"dropped": json_text(dropped), "warnings": warnings_text(warnings)}
        return
    if dropped:
        entry["dropped"] = dropped
    if warnings:
        entry["warnings"] = msgspec.to_builtins(warnings)


def _changed(record: Record, judged: Sequence[Dialogue], place: int, dialogue: Dialogue) -> list[str | None]:
    """Return each text of a dialogue as its record is to have it now, None where it stays.

    One that was judged with its boxes in another notation is cleaned as it stands.
    """
    written, before, after = map(_texts, (record.dialogues[place], judged[place], dialogue))
    changed: list[str | None] = []
    for was, old, new in zip(written, before, after, strict=True):
        request = request_behind(was)
        known = {old: new, f"{old}{request}": f"{new}{request}"}
        changed.append(None if old == new else known.get(was) or clean.plain(was))
    return changed


def on_one_line(raw: bytes) -> bytes:
    """Return the record as it stands, as a line."""
    return b" ".join(raw.strip().splitlines()) + b"\n"


def _texts(dialogue: Dialogue) -> list[str]:
    return [text for turn in dialogue.turns for text in (turn.question, turn.answer)]


def _put(texts: Sequence[str | None], parts: Sequence[dict[str, Any]], marks: tuple[str, str] = ("", "")) -> None:
    """Put the texts that changed into the turns; `marks` stand around the first of them."""
    for number, (text, part) in enumerate(zip(texts, parts, strict=True)):
        if text is None:
            continue
        whole = f"{marks[0]}{text}{marks[1]}" if number == 0 else text
        if "value" in part:
            part["value"] = whole
        elif isinstance(part.get("content"), str):
            part["content"] = whole
        else:
            key, text_part = (
                ("content", {"type": "text", "text": whole}) if "content" in part else ("parts", {"text": whole})
            )
            part[key] = [*(each for each in part[key] if not each.get("text")), text_part]
