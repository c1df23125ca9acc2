"""Checks that know phrases: texts that are no answer, marks that trainers choke on, numbers that give boxes away."""

import re
from collections.abc import Iterable, Iterator

from svit.judge.checks.base import excerpt, matches
from svit.judge.prefilter import look, look_before, look_for
from svit.providers.replies.finish_reasons import end_of
from svit.records import Completion, Draft, Flaw

_REFUSES = re.compile(
    r"""
    \W* (?: as\ an?\ (?:ai|(?:large\ )?language\ model)\b | (?:
      (?: (?:(?:i['’]m|i\ am|we['’]re|we\ are)\ (?:(?:really|very|so)\ )?)?sorry | my\ apologies | i\ apologi[sz]e )
        [^.?!\n]{0,100}? \b(?: but | can(?:not|['’]t) | unable | not\ able | won['’]t | do(?:\ not|n['’]t)\ have )\b
    | (?:unfortunately,?\ )? i (?: \ can(?:not|\ not|['’]t) | \ won['’]t | (?:\ am|['’]m)\ (?:unable|not\ able)\ to )
        \ (?:\w+\ )? (?: assist|help(?!\ but)|comply|generate|provide|create|process|access|analy[sz]e|do\ that
        | fulfil\w* | (?:see|view|open)\ (?:the|this|any|an|your)\ (?:actual\ |attached\ )?
          (?:image|picture|photo|caption)\w* )
    )\b )
    """,
    re.VERBOSE,
)
_REFUSING_STEMS = (
    *("as an ai", "as a ai", "language model", "sorry", "apolog", "i cannot", "i can not", "i can't", "i can’t"),
    *("i won't", "i won’t", "unable to", "not able to"),
)
"""One of these is in all that the pattern matches."""
_MATERIAL = r"(?:images?|pictures?|photos?|captions?|annotations?|descriptions?|context|input)\b"
_INPUT = rf"(?:{_MATERIAL}|(?:objects?|regions?|content|information|details|data|text)\b)"
_HANDED_OVER = r"(?:provided?|given?|attach(?:ed)?|included?|supplied|supply|upload(?:ed)?|shared?)"
_EMPTY_MESSAGE = re.compile(
    rf"""
      \byour\ (?:last\ )?(?:message|input|prompt|request|query)\ (?:\w+\ ){{0,4}}
        (?:empty|blank|incomplete|cut\ off|missing)\b
    | \b(?:no|any)\ (?:actual\ )?{_MATERIAL}(?:\ or\ {_MATERIAL})?
        \ (?:(?:was|were|is|are|has\ been|have\ been|seems?\ to\ be)\ )?(?:provided|given|supplied|uploaded|shared)\b
    | \byou\ (?:have(?:\ not|n['’]t)|did(?:\ not|n['’]t)|forgot\ to)\ (?:\w+\ )?{_HANDED_OVER}\b
    | (?: (?:^|[.!?,;]\s) (?:please|kindly) | \b(?:could|can|would)\ you\ (?:please\ |kindly\ )? )
        \ ?(?:provide|share|upload|attach|send|supply|give|paste)\ (?:me\ )?(?:with\ )?(?:\w+\ ){{0,3}}?{_INPUT}
    """,
    re.VERBOSE | re.MULTILINE,
)
_ASKING_STEMS = (
    *("your ", "you have", "you did", "you forgot", "provided", "attached", "included", "supplied", "uploaded", "no "),
    *("provide ", "share ", "upload ", "attach ", "send ", "supply ", "give ", "paste "),
)
"""A text without any of these asks for no input: searching for words is far cheaper than for phrases."""
_MAY_ASK = look_for(*_ASKING_STEMS)
_MAY_DECLINE = look_for(
    *_REFUSING_STEMS,
    *("your last ", "your message", "your input", "your prompt", "your request", "your query", "you have", "you did"),
    *("you forgot", "provided", "given", "supplied", "uploaded", "shared"),
    *("please", "kindly", "could you", "can you", "would you"),
)
"""One of these is in all that either pattern matches; that a text says "no" or "give" tells little."""
_SEEMS_TO_DECLINE = look_before(_REFUSES, _EMPTY_MESSAGE)
_FIRST_LABEL = re.compile(r"^\W*(?:\d+\W+)?(?:question|q|user|human|topic|conversation)\b[^\n:]{0,12}:", re.M | re.I)
_OPENING = 400
"""Characters. A reply that asks for its input does so at once."""

_SPECIAL_TOKEN = re.compile(
    r"""
      < (?: [|｜][^<>\n]{1,40}?[|｜] | /? (?:
          (?:image|img|video|audio|object|box|bbox|ref|ref-object|quad|point|region|phrase|loc|seg|patch_index|unused)
            [ _-]?\d*
        | s | pad | unk | bos | eos | cls | sep | mask | mdl | delim | grounding | think | tool_call
        | image\ ?here | img_?context | image_?placeholder | image_soft_token
        | im_(?:start|end|patch|col_tok) | vi(?:d|sion)_(?:start|end) | start_of_(?:image|turn)
        | end_of_(?:image|turn|utterance) | fake_token_around_image ) ) >
    | <</?SYS>> | \[/?INST\] | \[IMG(?:_BREAK|_END)?\] | \[/?(?:SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS)\]
    """,
    re.VERBOSE | re.IGNORECASE,
)

_MAY_HAVE_TOKENS = look(r"<(?:[^se]|s[^t]|e[^d]|st[^>]|ed[^>])|\[[^0-9\s]")
"""Of text in small letters: a `<` that begins neither tag, or a bracket without a number."""

_NUMBER = r"-?+(?:\d++(?>(?:\.\d++)?)|\.\d++)"
_COORDINATES = re.compile(
    rf"""
      </?(?:st|ed)>
    | [\[({{] \s*+ (?= [^\])}}.]{{0,40}}\.\d ) {_NUMBER} (?>(?:\s*+[,;]\s*+{_NUMBER})+) \s*+ [\])}}]
    | \[ \s*+ {_NUMBER} (?:\s*+,\s*+{_NUMBER}){{3}} \s*+ \]
    | (?<![\d.$€£])[01]?+\.\d{{2,4}}+\s*+,\s*+[01]?+\.\d{{2,4}}+(?!\d)
    | \b[xy][12]?\s?[=:]\s?[01]?\.\d
    """,
    re.VERBOSE | re.IGNORECASE,
)
_HAS_MARKS = re.compile(r"<(?!(?:st|ed)>)|\[[^\d\s]")
_HAS_NUMBERS = re.compile(r"\.\d|[<\[]")
_MAY_HAVE_NUMBERS = look(r"\.[0-9]|\.[^\x00-\x7f]|[<\[]")


def unusable(completion: Completion) -> Iterator[Flaw]:
    """Yield what makes a completion worth no parsing.

    truncated, refusal, filtered, ended_early (by the server's own fault), empty_completion, answers_empty_message.
    """
    text, end = completion.text.strip(), end_of(completion.finish_reason)
    if end == "cut":
        yield Flaw("truncated", excerpt(text, len(text), len(text)))
    if completion.refusal:
        yield Flaw("refusal", excerpt(completion.refusal))
    elif end == "filtered":
        yield Flaw("filtered", f"{completion.finish_reason}: {excerpt(text)}" if text else completion.finish_reason)
    elif end == "early":
        yield Flaw("ended_early", f"{completion.finish_reason}: {excerpt(text, len(text), len(text))}")
    elif not text:
        yield Flaw("empty_completion", completion.finish_reason)
    else:
        yield from _no_answer(_FIRST_LABEL.split(text[:_OPENING], maxsplit=1)[0])


def answers_every_question(draft: Draft) -> Iterator[Flaw]:
    """Yield refusal or answers_empty_message where an answer declines, or asks for the input instead."""
    if _MAY_DECLINE(draft.lowered) and _SEEMS_TO_DECLINE(draft.lowered):
        for turn in draft.turns:
            yield from _no_answer(turn.answer[:_OPENING])


def has_no_special_tokens(draft: Draft) -> Iterable[Flaw]:
    """Yield special_token for `<image>`, `<|im_start|>`, `[INST]` and others that a trainer takes for its own."""
    if not _MAY_HAVE_TOKENS(draft.lowered):
        return ()
    return matches(draft, _SPECIAL_TOKEN, "special_token", only_with=_HAS_MARKS)


def special_token_in(text: str) -> str:
    """Return the first mark of the text that a trainer takes for its own, empty where there is none."""
    found = _HAS_MARKS.search(text) and _SPECIAL_TOKEN.search(text)
    return found[0] if found else ""


def shows_no_coordinates(draft: Draft) -> Iterable[Flaw]:
    """Yield leaks_coordinates for boxes, points and `<st>`..`<ed>` in a task that has none; 1.5 metres are spared."""
    if not _MAY_HAVE_NUMBERS(draft.lowered):
        return ()
    return matches(draft, _COORDINATES, "leaks_coordinates", only_with=_HAS_NUMBERS)


def _no_answer(text: str) -> Iterator[Flaw]:
    lowered = text.lower()
    if not _MAY_DECLINE(lowered):
        return
    if refusal := _REFUSES.match(lowered):
        yield Flaw("refusal", excerpt(text, 0, refusal.end()))
    elif _MAY_ASK(lowered) and (request := _EMPTY_MESSAGE.search(lowered)):
        yield Flaw("answers_empty_message", excerpt(text, request.start(), request.end()))
