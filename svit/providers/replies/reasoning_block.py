"""What a model thought aloud before its answer, where the server left it in the text."""

import re

_TAGS = "think|thinking|thought|thoughts|reasoning|reflection|seed:think"
_OPENS = re.compile(
    rf"""\s*+ (?:
      <(?P<tag>{_TAGS})> | \[(?P<label>THINK)\] | ◁(?P<mark>think)▷ | <\|(?P<cohere>START_THINKING)\|>
    | <\|(?P<sky>begin_of_thought)\|> )""",
    re.VERBOSE | re.IGNORECASE,
)
_CLOSES = re.compile(
    rf"</(?:{_TAGS})> | \[/THINK\] | ◁/think▷ | <\|END_THINKING\|> | <\|end_of_thought\|>", re.VERBOSE | re.IGNORECASE
)
_BEGINS = re.compile(rf"<(?:{_TAGS})>|\[THINK\]|◁think▷|<\|START_THINKING\|>|<\|begin_of_thought\|>", re.IGNORECASE)
_IN_SENTENCE = re.compile(r"""(?:[\w,:][ ]|["'`“‘«(])\Z""")
_GOES_ON = re.compile(r"""[ ]+[a-z]|["'`”’».,;:!?)]""")
_HARMONY = re.compile(r"\s*+(?:<\|start\|>\s*assistant\s*)?<\|channel\|>\s*(?:analysis|commentary|final)\b")
_FINAL = re.compile(r"<\|channel\|>\s*final\b[^<]{0,40}<\|message\|>")
_BARE_HARMONY = re.compile(r"\s*+analysis(?=[A-Z\s]).*?assistantfinal", re.DOTALL)
"""What is left of gpt-oss's channels where a server takes the special tokens off."""
_HARMONY_END = re.compile(r"\s*<\|(?:return|end|call)\|>\s*\Z")
_WRAPPED = re.compile(
    r"\s*(?:<answer>(.*)</answer>|<\|START_RESPONSE\|>(.*)<\|END_RESPONSE\|>"
    r"|<\|begin_of_solution\|>(.*)<\|end_of_solution\|>)\s*",
    re.DOTALL | re.IGNORECASE,
)
_FIRSTS = frozenset("<[◁a \n\t\r\ufeff")
_MOST = 8
"""Blocks one after another; more were made to be so."""


def without_reasoning(text: str) -> str:
    """Return the text without the reasoning that it begins with; a mark in its middle is not touched.

    A text with a closing mark only is an answer that follows it: the prompt itself held the opening one. A block that
    never ends leaves no answer.
    """
    if not _may_reason(text):
        return text
    if _HARMONY.match(text):
        final = _FINAL.search(text)
        return _HARMONY_END.sub("", text[final.end() :]).strip() if final else ""
    if bare := _BARE_HARMONY.match(text):
        return text[bare.end() :].lstrip()
    rest = _after_blocks(text)
    if rest is text:
        return text
    wrapped = _WRAPPED.fullmatch(rest)
    return (next(inner for inner in wrapped.groups() if inner is not None) if wrapped else rest).strip()


def _may_reason(text: str) -> bool:
    """Whether the text may have a mark, by a cheap look for single characters: most answers have none."""
    return "/" in text or "|" in text or text[:1] in _FIRSTS


def _after_blocks(text: str) -> str:
    rest = text
    for _ in range(_MOST):
        opening = _OPENS.match(rest)
        may_close = "/" in rest or "|" in rest  # a megabyte of "<" is looked through at once
        closing = _CLOSES.search(rest, opening.end() if opening else 0) if may_close else None
        if opening is None and (closing is None or _is_of_answer(rest, closing)):
            return rest
        rest = rest[closing.end() :] if closing else ""
    return rest


def _is_of_answer(text: str, closing: re.Match[str]) -> bool:
    """Whether a mark that ends what never began is part of the answer: the block began in it, or it is spoken of.

    A sign in a picture may read so: then the mark is quoted, or stands in the middle of a sentence.
    """
    before = text[: closing.start()]
    return bool(_BEGINS.search(before) or (_IN_SENTENCE.search(before[-2:]) and _GOES_ON.match(text, closing.end())))
