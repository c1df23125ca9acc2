"""Reading a model's text in a task's answer form. A parser returns dialogues or raises ParseError; it never guesses."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from svit.errors import ParseError
from svit.records import Dialogue, Turn

Kind = Literal["question", "answer", "topic", "conversation", "pair"]

_KINDS: dict[str, Kind] = {
    "question": "question",
    "q": "question",
    "user": "question",
    "human": "question",
    "answer": "answer",
    "a": "answer",
    "gpt": "answer",
    "chatgpt": "answer",
    "assistant": "answer",
    "topic": "topic",
    "conversation": "conversation",
    "dialogue": "conversation",
    "dialog": "conversation",
    "pair": "pair",
}
_PLAIN_LABELS = frozenset({"Topic", "Question", "Answer", "User", "GPT", "Human", "Assistant", "Q", "A"})
_ANSWERING = frozenset({"Answer", "GPT", "Assistant", "A"})
_LABEL = re.compile(
    r"""
    (?P<before> (?> (?: [ \t>*_#`•–-] | \(?\d{1,3}[.):] )* ) )
    (?P<name> (?:(?:question|q)[ ]?[-/&]?[ ]?(?:answer|a)[ ])?pair
            | question | answer | user | human | (?:chat)?gpt | assistant
            | topic | conversation | dialog(?>(?:ue)?) | q | a )
    (?> (?: (?<=gpt)-?\d\w{0,5}+ )? )
    (?> (?: [ \t]*+ [\#(]?(?P<number>\d{1,3}) )? )
    (?P<inner> [*_`]*+ )
    (?> (?: [ \t]*+ \((?P<aside>[^()]{1,80})\)(?P<closing>[*_`]*+) (?=[ \t]*+(?:[:：]|$)) )? )
    (?P<end> [)]?+[ \t]*+[:：] | [.)](?!\w) | [ \t]*+[–—-](?=[ \t]) | [ \t]*+$ )
    (?P<after> [*_`]*+ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_INLINE = re.compile(
    r"""
    (?<= [.?!"”’')\]*_] ) [ \t]++
    (?= [*_]*+ (?:Question|Answer|User|Human|GPT|Assistant|Q|A) (?:[ ]?\d{1,3})? [*_]*+ [:：] )
    """,
    re.VERBOSE,
)
"""A label within a line counts after the end of a sentence only: `Question: What is it? Answer: A dog.`"""
_HEADING = re.compile(r"[ \t]*+#{1,6}[ \t]++(?=\S)")
_LONE_NUMBER = re.compile(r"[ \t#*]*+(?:#[ \t]*+\d{1,3}|\(?\d{1,3}[.):])[*]*+[ \t]*")
_BOLD_LINE = re.compile(r"[ \t]*+\*\*[^*]++\*\*:?[ \t]*")


@dataclass(slots=True)
class _LabelledText:
    """A label and the text up to the next one."""

    kind: Kind
    line: int
    number: str | None
    after_rule: bool
    lines: list[str]

    @property
    def text(self) -> str:
        """The text under the label."""
        return ("\n".join(self.lines) if len(self.lines) > 1 else self.lines[0]).strip()

    def close(self) -> None:
        """Leave out the number, alone on its line, that some models write above the next label."""
        above, _, last = self.text.rpartition("\n") if len(self.lines) > 1 else ("", "", "")
        if above and _LONE_NUMBER.fullmatch(last):
            self.lines = [above]


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
    groups: list[tuple[str | None, list[_LabelledText]]] = []
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
        part = _labelled(line, number)
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
        if has_more_colons and _has_label_within(said):
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


def _parts(text: str, *, titles: bool) -> list[_LabelledText]:
    """Cut the text at its labels; with `titles` a markdown heading that is no other label opens a conversation."""
    parts: list[_LabelledText] = []
    rule, blanks = False, 0
    for number, line in enumerate(_lines(text), 1):
        if not line or line.isspace():
            blanks += 1
            continue
        if _is_rule(line):
            rule = True
            continue
        for piece in _pieces(line):
            part = _labelled(piece, number) or (_title(piece, number) if titles else None)
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


def _turns(parts: Iterable[_LabelledText]) -> Iterator[Turn]:
    question: _LabelledText | None = None
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


def _pieces(line: str) -> list[str]:
    """Cut a line before the labels within it; what stands before the line's own label is no sentence."""
    cuts = [match.end() for match in _INLINE.finditer(line)] if _has_label_within(line) else []
    if not cuts:
        return [line]
    own = _LABEL.match(line)
    cuts = [0, *(cut for cut in cuts if not own or cut >= own.end()), len(line)]
    return [line[start:end] for start, end in pairwise(cuts)]


def _has_label_within(text: str) -> bool:
    return (":" in text or "：" in text) and _INLINE.search(text) is not None


def _labelled(line: str, number: int) -> _LabelledText | None:
    match = _LABEL.match(line)
    if not match:
        return None
    name, end = match["name"].lower(), match["end"].strip()[-1:]
    if end not in (":", "：") and not _stands_without_colon(match, name, end):
        return None
    kind: Kind = "pair" if name.endswith("pair") else _KINDS[name]
    text = line[match.end() :].lstrip()
    if kind == "conversation" and not text:
        text = match["aside"] or ""
    emphasis = "" if match["inner"] or match["closing"] or match["after"] else _open_emphasis(match["before"])
    return _LabelledText(kind, number, match["number"], after_rule=False, lines=[emphasis + text if text else ""])


def _stands_without_colon(match: re.Match[str], name: str, end: str) -> bool:
    """Whether it is a label even so: `Q1. What`, `**Answer**` and `Question 3` alone on their lines."""
    if len(name) == 1 and not (match["number"] and match["name"].isupper()):
        return False
    if end in (".", ")"):
        return match["number"] is not None
    return match["number"] is not None or any(mark in match["before"] for mark in "#*_")


def _title(line: str, number: int) -> _LabelledText | None:
    match = _HEADING.match(line)
    return _LabelledText("conversation", number, None, after_rule=False, lines=[line[match.end() :]]) if match else None


def _topic(part: _LabelledText) -> str | None:
    inner = _labelled(part.text, part.line) if part.kind == "conversation" else None
    text = inner.text if inner and inner.kind == "topic" else part.text
    if "\n" in text:
        raise ParseError(f"line {part.line}: text between a topic and its first turn: {_start(text)}")
    return text or None


def _refuse_orphan(piece: str, number: int, parts: list[_LabelledText], rule: bool) -> None:
    if not parts:
        raise ParseError(f"line {number}: text before the first label: {_start(piece)}")
    if rule and any(line.strip() for line in parts[-1].lines):
        raise ParseError(f"line {number}: text without a label after a separator: {_start(piece)}")


def _refuse_rules_between_halves(parts: list[_LabelledText]) -> None:
    """Refuse separators that stand both within turns and between them: they tell no conversations apart."""
    within = next((part for part in parts if part.after_rule and part.kind == "answer"), None)
    if within and any(b.after_rule and (a.kind, b.kind) == ("answer", "question") for a, b in pairwise(parts)):
        raise ParseError(f"line {within.line}: separators stand within turns, so they part no conversations")


def _refuse_title_at_the_end(part: _LabelledText) -> None:
    """Refuse an answer of several lines that a heading closes: that is the title of what follows."""
    *above, last = part.text.split("\n")
    if above and (_HEADING.match(last) or (not above[-1].strip() and _BOLD_LINE.fullmatch(last))):
        raise ParseError(f"line {part.line}: the answer ends in a heading that is no label: {_start(last)}")


def _without_pair_labels(parts: list[_LabelledText]) -> list[_LabelledText]:
    for part in parts:
        if part.kind == "pair" and part.text:
            raise ParseError(f"line {part.line}: text without a label: {_start(part.text)}")
    return [part for part in parts if part.kind != "pair"]


def _is_rule(line: str) -> bool:
    marks = line.replace(" ", "").strip()
    return len(marks) >= 3 and marks[0] in "-=*_~—`" and not marks.strip(marks[0])


def _open_emphasis(before: str) -> str:
    return before[len(before.rstrip("*_")) :]


def _lines(text: str) -> list[str]:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def _start(text: str) -> str:
    line = " ".join(text[:80].split())
    return repr(line[:60])
