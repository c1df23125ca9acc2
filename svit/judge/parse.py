"""Reading a model's text in a task's answer form. A parser returns dialogues or raises ParseError; it never guesses."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from svit.errors import ParseError
from svit.judge.labelled_text import HEADING, LabelledText, has_label_within, labelled_text, pieces, titled_text
from svit.records import Dialogue, Turn

_PLAIN_LABELS = frozenset({"Topic", "Question", "Answer", "User", "GPT", "Human", "Assistant", "Q", "A"})
_ANSWERING = frozenset({"Answer", "GPT", "Assistant", "A"})
_BOLD_LINE = re.compile(r"[ \t]*+\*\*[^*]++\*\*:?[ \t]*")


def question_answer_pairs(text: str) -> tuple[Dialogue, ...]:
    """Return one dialogue of one turn per pair; ParseError where a label, a question or an answer is missing."""
    plain = _plain_turns(text)
    if plain and len(plain) == 1 and plain[0].topic is None:
        return tuple(Dialogue((turn,)) for turn in plain[0].turns)
    parts = _parts(text, titles=False)
    for part in parts:
        if part.kind in ("topic", "conversation"):
            raise ParseError(f"line {part.line}: a {part.kind} label where questions and answers are expected")
    return tuple(Dialogue((turn,)) for turn in _turns(parts))


def conversations(text: str) -> tuple[Dialogue, ...]:
    """Return the conversations, told apart by topics, headings or separators; ParseError where a half is missing."""
    if plain := _plain_turns(text):
        return plain
    parts = _parts(text, titles=True)
    _refuse_rules_between_halves(parts)
    groups: list[tuple[str | None, list[LabelledText]]] = []
    for part in parts:
        if part.kind in ("question", "answer"):
            if not groups or (part.after_rule and part.kind == "question" and groups[-1][1]):
                groups.append((None, []))
            groups[-1][1].append(part)
        elif not groups or groups[-1][1]:
            groups.append((_topic(part), []))
        elif groups[-1][0] is None:
            groups[-1] = (_topic(part), [])
        else:
            raise ParseError(f"line {part.line}: a second topic before the first turn: {_start(part.text)}")
    if groups and not groups[-1][1]:
        raise ParseError(f"line {parts[-1].line}: a topic without turns: {_start(parts[-1].text)}")
    return tuple(Dialogue(tuple(_turns(turns)), topic) for topic, turns in groups)


def description(text: str) -> tuple[Dialogue, ...]:
    """Return the whole text as the answer of one turn, its question left open; ParseError for a text in turns."""
    if not text.strip():
        raise ParseError("no text")
    for number, line in enumerate(_lines(text), 1):
        part = labelled_text(line, number)
        if part and part.kind in ("question", "answer", "topic"):
            raise ParseError(f"line {number}: a description is expected, not turns: {_start(line)}")
    return (Dialogue((Turn("", text.strip()),)),)


def _plain_turns(text: str) -> tuple[Dialogue, ...] | None:
    """Return the conversations of a text in the form that prompts ask for, at a quarter of the usual cost; else None.

    That is one label, one colon and one text on each line, and nothing amiss. What is read here, `_parts` and what
    follows it read in the same way; all else is left to them, and every complaint.
    """
    if "\r" in text:
        return None
    lines = [line.partition(": ") for line in text.split("\n") if line]
    has_more_colons = text.count(":") > len(lines) or "：" in text
    dialogues: list[tuple[str | None, list[Turn]]] = []
    question = ""
    for label, _, said in lines:
        said = said.strip()
        if label not in _PLAIN_LABELS or not said or bool(question) != (label in _ANSWERING):
            return None
        if has_more_colons and has_label_within(said):
            return None
        if question:
            dialogues[-1][1].append(Turn(question, said))
            question = ""
        elif label == "Topic":
            dialogues.append((said, []))
        else:
            question = said
            dialogues = dialogues or [(None, [])]
    if question or not all(turns for _, turns in dialogues):
        return None
    return tuple(Dialogue(tuple(turns), topic) for topic, turns in dialogues)


def _parts(text: str, *, titles: bool) -> list[LabelledText]:
    """Cut the text at its labels; with `titles` a markdown heading that is no other label opens a conversation."""
    parts: list[LabelledText] = []
    rule, blanks = False, 0
    for number, line in enumerate(_lines(text), 1):
        if not line or line.isspace():
            blanks += 1
            continue
        if _is_rule(line):
            rule = True
            continue
        for piece in pieces(line):
            part = labelled_text(piece, number) or (titled_text(piece, number) if titles else None)
            if part:
                if parts:
                    parts[-1].close()
                part.after_rule, rule, blanks = rule, False, 0
                parts.append(part)
            else:
                _refuse_orphan(piece, number, parts, rule)
                parts[-1].lines += [*[""] * blanks, piece]
                rule, blanks = False, 0
    if not parts:
        raise ParseError("no label: neither a question nor an answer is marked")
    if not parts[-1].text:
        raise ParseError(f"line {parts[-1].line}: the text ends after a label; it is cut off")
    return _without_pair_labels(parts)


def _turns(parts: Iterable[LabelledText]) -> Iterator[Turn]:
    question: LabelledText | None = None
    for part in parts:
        if part.kind == "question":
            if question:
                raise ParseError(f"line {question.line}: a question without an answer: {_start(question.text)}")
            question = part
            continue
        if not question:
            raise ParseError(f"line {part.line}: an answer without a question: {_start(part.text)}")
        if question.number and part.number and int(question.number) != int(part.number):
            raise ParseError(f"line {part.line}: question {question.number} is followed by answer {part.number}")
        answer = part.text
        if "\n" in answer:
            _refuse_title_at_the_end(part)
        yield Turn(question.text, answer)
        question = None
    if question:
        raise ParseError(f"line {question.line}: a question without an answer: {_start(question.text)}")


def _topic(part: LabelledText) -> str | None:
    inner = labelled_text(part.text, part.line) if part.kind == "conversation" else None
    text = inner.text if inner and inner.kind == "topic" else part.text
    if "\n" in text:
        raise ParseError(f"line {part.line}: text between a topic and its first turn: {_start(text)}")
    return text or None


def _refuse_orphan(piece: str, number: int, parts: list[LabelledText], rule: bool) -> None:
    if not parts:
        raise ParseError(f"line {number}: text before the first label: {_start(piece)}")
    if rule and any(line.strip() for line in parts[-1].lines):
        raise ParseError(f"line {number}: text without a label after a separator: {_start(piece)}")


def _refuse_rules_between_halves(parts: list[LabelledText]) -> None:
    """Refuse separators that stand both within turns and between them: they tell no conversations apart."""
    within = next((part for part in parts if part.after_rule and part.kind == "answer"), None)
    if within and any(b.after_rule and (a.kind, b.kind) == ("answer", "question") for a, b in pairwise(parts)):
        raise ParseError(f"line {within.line}: separators stand within turns, so they part no conversations")


def _refuse_title_at_the_end(part: LabelledText) -> None:
    """Refuse an answer of several lines that a heading closes: that is the title of what follows."""
    *above, last = part.text.split("\n")
    if above and (HEADING.match(last) or (not above[-1].strip() and _BOLD_LINE.fullmatch(last))):
        raise ParseError(f"line {part.line}: the answer ends in a heading that is no label: {_start(last)}")


def _without_pair_labels(parts: list[LabelledText]) -> list[LabelledText]:
    for part in parts:
        if part.kind == "pair" and part.text:
            raise ParseError(f"line {part.line}: text without a label: {_start(part.text)}")
    return [part for part in parts if part.kind != "pair"]


def _is_rule(line: str) -> bool:
    marks = line.replace(" ", "").strip()
    return len(marks) >= 3 and marks[0] in "-=*_~—`" and not marks.strip(marks[0])


def _lines(text: str) -> list[str]:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def _start(text: str) -> str:
    line = " ".join(text[:80].split())
    return repr(line[:60])
