"""Cleaning of a model's text: first the talk around the answer form, then each question and answer by itself."""

import re
from collections.abc import Sequence

from svit.judge.prefilter import look_for

_UNSEEN = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\ud800-\udfff\ue000"
)
"""Control characters, zero-width and reordering marks, lone surrogates, and the place holder of `plain`.

The joiners U+200C and U+200D are part of words and stay.
"""
_INVISIBLE = re.compile(f"[{_UNSEEN}]")

_INTERJECTION = re.compile(
    r"[\s*_]*+(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|great|alright|understood|got it|no problem)"
    r"(?:(?P<end>[!.,:])(?=\s|$)|$)\s*+",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.:!?]{1,300}+(?P<end>[.:!](?=[\s*_]|$)|$)[*_]*+\s*+")
_PROMISES = re.compile(
    r"""
    [\s*_]*+ (?:
      (?:i|we) (?: ['’]ve | \ have ) \ (?:generated|created|written|prepared|made|come|crafted|composed|put)\b
    | i (?: ['’]d | \ would ) \ be \ (?:happy|glad|delighted)\b
    | (?: i (?: ['’]ll | \ will | \ can ) | let\ me ) \ (?:gladly\ )?(?:help|assist|generate|create|provide|write|do)\b
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"""
    [\s*_#>]*+ (?:
      here (?: ['’]s | \s+(?:is|are) ) | below\s+(?:is|are|you) | (?:the\s+)?following\s+(?:is|are)
    | these\s+are | this\s+is | as\s+requested
    | (?:based\s+on|given|using|from) \s [^.:!?]{1,200}? , \s+ (?:here|below|i['’\s]|these|this\s+is)
    | (?:the\s+)?(?:(?:detailed|full|image|scene|visual)\s+)*descriptions? (?:\s+of\s+the\s+\w+)? [*_]*+ (?=:|$)
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PRODUCT = re.compile(
    r"\b(?:questions?|answers?|q\s?&\s?as?|qas?|pairs|conversations?|dialogues?|descriptions?|help|assist)\b",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"""
    (?: \#{1,6}\s | \*\* ) (?= .* \b(?:questions|answers|pairs|conversations|dialogues|description)\b )
    (?> (?: [\s*:&,()\d-] | \b(?:questions?|answers?|pairs?|conversations|dialogues|descriptions?|q&as?|detailed|complex
      |reasoning|referring|visual|image|scene|generated|and|of|for|the|about|based|on|three|five|ten|fifteen)\b )+ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CLOSES = re.compile(
    r"""
    [\s*_(>\#\[-]*+ (?:
      i\ hope\ (?:this|these|that|the|it)\b | hope\ (?:this|these|that|it)\ help
    | (?:please\ )?let\ me\ know\b | (?:please\ )?feel\ free\ to\ (?:ask|let|reach|modify|adjust|request|contact|use)\b
    | if\ you(?:\ need|\ have|\ would\ like|['’]d\ like|\ want|\ require)\b .{0,120}?
        \b(?:questions?|help|assistance|more|further|anything|adjust|changes|let\ me\ know|feel\ free)\b
    | (?:is\ there\ anything\ else|would\ you\ like\ me|do\ you\ (?:need|want)\ (?:me|more|any))\b
    | (?:important\ )?notes?[*_]*+: | disclaimer[*_]*+: | please\ note\b
    | note\ that\ (?:these|all|the\ (?:above|questions?|answers?|coordinates|descriptions?|pairs|conversations))\b
    | (?:these|the\ above|all\ (?:of\ )?(?:these|the))\ (?:\d+\ |\w+\ )?
        (?:questions|answers|pairs|question-answer|q&as?|conversations|dialogues)\b
    | end\ of\ (?:the\ )?(?:questions|answers|pairs|conversations?|dialogues?|description|list)\b
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LAST_SENTENCE = re.compile(
    r"(?<=[.?!])\s++(?:I hope (?:this|these|that) (?:helps?|description|answers?|questions|conversations)\b"
    r"|(?:Please )?[Ll]et me know if (?:you|there)\b)[^.!?\n]{0,120}[.!?]\Z"
)
_TAIL = 200
"""Characters; the last sentence is looked for in so many."""
_FIRST_LABELS = ("Question: ", "Topic: ")
_LAYERS = 8
"""More layers of talk than this are no talk around an answer."""

_TAGGED = re.compile(r"<st>([^<>\[\]]*+)<ed>")
_HOLDER = "\ue000"
_LINE_MARK = re.compile(r"(?:(?:>|#{1,6})(?: |$))+")
_ITEM = re.compile(r"(?:[-*•–]|(?P<number>\(?[0-9]{1,2}[.)])) (?=\S)")
_STRAY_MARKS = re.compile(r"(?:(?:[-*•–]|\(?[0-9]{1,2}[.)]) (?=\S))+")
_BOLD = re.compile(r"(?<![\w*])(\*{2,3}+)(?=[^\s*])([^*\n]++)(?<!\s)\1(?!\*)")
_ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]++)(?<!\s)\*(?![\w*])")
_LONE_BOLD = re.compile(r"(?<!\*)(?:(?<!\w)\*\*(?![\s*])|(?<![\s*])\*\*(?![\w*])|^\*\*(?!\*)|(?<!\*)\*\*$)")
_UNDERLINED = re.compile(r"(?<!\w)(_{1,3}+)(?=[^\s_])([^_\n]++)(?<!\s)\1(?!\w)")
_STRUCK = re.compile(r"(?<!~)(~~|`{1,3}+)(?=[^\s~`])([^~`\n]++)\1(?![~`])")
_QUOTES = {'"': '"', "“": "”", "‘": "’", "«": "»", "'": "'"}
_INNER_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
_MARKS = "*_`~"
_HAS_MARKS, _HAS_GAPS = look_for(*_MARKS), look_for("  ", "<st> ", " <ed>")
_FIRST_MARKS = frozenset(" >#(-•–=—\"'“‘«0123456789")
_PLAIN_ASCII = bytes(byte for byte in range(128) if chr(byte).isprintable() and chr(byte) not in _MARKS)
_INVISIBLE_ASCII = bytes(byte for byte in range(128) if _INVISIBLE.match(chr(byte)))
_ROUNDS = 20
"""Marks nest a few deep; text that nests deeper was made to."""


def without_boilerplate(text: str) -> str:
    """Return the text without code fence, openings, closings and rules at its ends; its middle is not touched."""
    lines = _visible(text).split("\n")
    first, last = 0, len(lines)
    for _ in range(_LAYERS):
        while first < last and _says_nothing(lines[first]):
            first += 1
        while first < last and _says_nothing(lines[last - 1]):
            last -= 1
        if first == last:
            return ""
        if _is_fenced(lines[first:last]):
            first, last = first + 1, last - 1
        elif (rest := _after_opening(lines[first])) is not None:
            lines[first] = rest
        elif last - first > 1 and _CLOSES.match(lines[last - 1]):
            last -= 1
        else:
            break
    text = "\n".join(lines[first:last]).strip()
    tail = text[-_TAIL:]
    if "I hope th" in tail or "et me know if " in tail:
        return text[:-_TAIL] + _LAST_SENTENCE.sub("", tail)
    return text


def _visible(text: str) -> str:
    """Return the text without the marks that nobody sees."""
    if text.isascii() and len(text.encode().translate(None, _INVISIBLE_ASCII)) == len(text):
        return text
    return _INVISIBLE.sub("", text)


def are_plain(texts: Sequence[str]) -> bool:
    """Whether `plain` would change none of the texts, by one cheap look at them all; most of a good model's are so."""
    text = "".join(texts)
    if "\n" in text:
        texts = "\n\n".join(texts).split("\n\n")
        text = "".join(texts)
    if text.encode().translate(None, _PLAIN_ASCII) if text.isascii() else _HAS_MARKS(text) or not text.isprintable():
        return False
    if _HAS_GAPS(text):
        return False
    firsts = [text[:1] for text in texts]
    return "" not in firsts and _FIRST_MARKS.isdisjoint(firsts) and " " not in [text[-1] for text in texts]


def plain(text: str) -> str:
    """Return one question, answer or topic as plain text: no markdown, no stray number, mark, quote or white space.

    Paragraphs stay apart by an empty line, items of a list stay on their lines, other lines are joined. What stands
    between `<st>` and `<ed>` keeps its characters. `plain(plain(text)) == plain(text)`.
    """
    if _is_plain(text):
        return text
    for _ in range(_ROUNDS):
        before = text
        text = _peeled(text)
        if text == before:
            break
    return text


def _is_plain(text: str) -> bool:
    """Whether there is nothing to clean, by a cheap look; most texts of a good model are so."""
    return not text or are_plain((text,))


def _says_nothing(line: str) -> bool:
    line = line.strip()
    return not line or _is_rule(line)


def _is_rule(line: str) -> bool:
    marks = line.replace(" ", "")
    return len(marks) >= 3 and marks[0] in "-=*_~—" and not marks.strip(marks[0])


def _is_fenced(lines: list[str]) -> bool:
    """Whether one code fence holds all of the lines."""
    ends = lines[0].lstrip().startswith("```") and lines[-1].strip() == "```" and len(lines) > 1
    return ends and not any(line.lstrip().startswith("```") for line in lines[1:-1])


def _after_opening(line: str) -> str | None:
    """Return what the line says after an opening such as "Sure! Here are ten questions:"; None without one."""
    if line.startswith(_FIRST_LABELS):
        return None
    if _TITLE.fullmatch(line.strip()):
        return ""
    interjection = _INTERJECTION.match(line)
    rest = line[interjection.end() :] if interjection else line
    sentence = _SENTENCE.match(rest)
    if sentence and _is_introduction(sentence[0], sentence["end"]):
        return rest[sentence.end() :]
    return rest if interjection and interjection["end"] != "," else None


def _is_introduction(sentence: str, end: str) -> bool:
    if not _PRODUCT.search(sentence):
        return False
    return bool(_PROMISES.match(sentence) or (end in (":", "") and _INTRODUCES.match(sentence)))


def _peeled(text: str) -> str:
    """Take off one layer of marks, with every tagged name held out of it."""
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(f"<st>{' '.join(match[1].split())}<ed>")
        return _HOLDER

    text = _TAGGED.sub(hold, _visible(text).replace("\r\n", "\n"))
    text = _without_stray_mark(_unquoted(_unemphasised(_laid_out(text))))
    names = iter(held)
    return re.sub(_HOLDER, lambda _: next(names), text) if held else text


def _laid_out(text: str) -> str:
    """Join the lines of a paragraph, keep the items of a list on their own, and drop what only draws lines."""
    paragraphs: list[list[list[str]]] = [[]]
    for raw in re.split(r"[\n\r\x85\u2028\u2029]", text):
        line = " ".join(raw.split())
        mark = _LINE_MARK.match(line)
        line = line[mark.end() :] if mark else line
        draws = not line or _is_rule(line) or line.startswith("```")
        if (mark or draws) and paragraphs[-1]:
            paragraphs.append([])
        if draws:
            continue
        if _ITEM.match(line) or not paragraphs[-1]:
            paragraphs[-1].append([_with_dash(line)])
        else:
            paragraphs[-1][-1].append(line)
        if mark and "#" in mark[0]:
            paragraphs.append([])
    return "\n\n".join("\n".join(" ".join(words) for words in lines) for lines in paragraphs if lines)


def _with_dash(line: str) -> str:
    item = _ITEM.match(line)
    return f"- {line[item.end() :]}" if item and not item["number"] else line


def _unemphasised(text: str) -> str:
    if "*" in text:
        text = _ITALIC.sub(r"\1", _LONE_BOLD.sub("", _BOLD.sub(r"\2", text)))
    if "_" in text:
        text = _UNDERLINED.sub(r"\2", text)
    if "`" in text or "~" in text:
        text = _STRUCK.sub(r"\2", text)
    return text


def _unquoted(text: str) -> str:
    """Take off quotes around the whole text; `"Stop" and "Go"` keeps its own."""
    if len(text) < 2 or _QUOTES.get(text[0]) != text[-1]:
        return text
    inside = text[1:-1]
    bare = _INNER_APOSTROPHE.sub("", inside) if text[0] in "'‘" else inside
    return inside if text[0] not in bare and text[-1] not in bare else text


def _without_stray_mark(text: str) -> str:
    """Take a bullet or a number off the start where it is no list's."""
    if not _ITEM.match(text) or sum(1 for line in text.split("\n") if _ITEM.match(line)) > 1:
        return text
    return _STRAY_MARKS.sub("", text, count=1)
