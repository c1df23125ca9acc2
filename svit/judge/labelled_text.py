"""Labels of questions, answers and topics, and the text under each, in all the ways in which models write them."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

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
HEADING = re.compile(r"[ \t]*+#{1,6}[ \t]++(?=\S)")
_LONE_NUMBER = re.compile(r"[ \t#*]*+(?:#[ \t]*+\d{1,3}|\(?\d{1,3}[.):])[*]*+[ \t]*")


@dataclass(slots=True)
class LabelledText:
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


def pieces(line: str) -> list[str]:
    """Cut a line before the labels within it; what stands before the line's own label is no sentence."""
    cuts = [match.end() for match in _INLINE.finditer(line)] if has_label_within(line) else []
    if not cuts:
        return [line]
    own = _LABEL.match(line)
    cuts = [0, *(cut for cut in cuts if not own or cut >= own.end()), len(line)]
    return [line[start:end] for start, end in pairwise(cuts)]


def has_label_within(text: str) -> bool:
    """Whether a label follows the end of a sentence within the text."""
    return (":" in text or "：" in text) and _INLINE.search(text) is not None


def labelled_text(line: str, number: int) -> LabelledText | None:
    """Return the label that the line begins with, and what it labels; None for a line without one."""
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
    return LabelledText(kind, number, match["number"], after_rule=False, lines=[emphasis + text if text else ""])


def _stands_without_colon(match: re.Match[str], name: str, end: str) -> bool:
    """Whether it is a label even so: `Q1. What`, `**Answer**` and `Question 3` alone on their lines."""
    if len(name) == 1 and not (match["number"] and match["name"].isupper()):
        return False
    if end in (".", ")"):
        return match["number"] is not None
    return match["number"] is not None or any(mark in match["before"] for mark in "#*_")


def titled_text(line: str, number: int) -> LabelledText | None:
    """Return the heading of markdown as what opens a conversation; None for any other line."""
    match = HEADING.match(line)
    return LabelledText("conversation", number, None, after_rule=False, lines=[line[match.end() :]]) if match else None


def _open_emphasis(before: str) -> str:
    return before[len(before.rstrip("*_")) :]
