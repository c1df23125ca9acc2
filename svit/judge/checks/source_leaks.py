"""The check that a text speaks as if its writer saw the image, and never of the captions and boxes it was told."""

import re
from collections.abc import Iterator

from svit.judge.checks.base import excerpt
from svit.judge.prefilter import look_before, look_for
from svit.records import Draft, Flaw

_IMAGE = r"(?:image|picture|photo(?:graph)?|scene|snapshot)(?:['’]s)?"
_GIVEN = r"(?:given|provided|supplied|listed|available|above|aforementioned|attached|accompanying)"
_TEXT = r"(?:captions?|descriptions?|annotations?)\b"
_KNOWLEDGE = rf"(?:{_TEXT}|context|regions?|coordinates|information|details|data|objects?|boxes|list)"
_THE = rf"""(?: (?: the|these|those|your|this|that|all|both|any|each|one|some|of|its|their|our|two|three|four|five|first
    |second|third|last|other|another|several|multiple|various|different|{_IMAGE}|visual|textual|written|detailed|brief
    |original|human|object|text|reference|{_GIVEN} )\s+ ){{1,5}}"""
_LEGIT = rf"""(?!
      \s+ (?:(?:is|are|that\ is|which\ is)\s+)?
        (?:(?:printed|written|shown|painted|engraved|carved|displayed|posted|visible|handwritten)\s+)?
        (?:on|under|underneath|below|beneath|beside|inside|next\s+to|alongside)\s+(?:the|an?|that|it|his|her|their|each)\b
    | \s+ at\s+the\s+(?:bottom|top|side|foot|edge)\b
    | \s+ in\s+(?:the|a|his|her|their)\s+ (?:margin|menu|brochure|book|guide|newspaper|magazine|corner|catalog|leaflet
        |comic|cartoon|album|museum|frame|window|pamphlet|program|exhibit|gallery|shop|store|advert|listing)
    | \s+ (?:that\s+)? (?:the|an?|his|her)\s+ (?!{_IMAGE}|annot|user|caption|descri)\w+\s+
        (?:gives?|gave|offers?|reads?|read|wrote|tells?|told|made)\b
    | \s+ (?:that\s+)? (?:she|he|they|we)\b
    | \s+ (?:given|provided|read|offered|spoken|written|told|made)\s+by\s+(?:the|an?|his|her|their)\s+
        (?!{_IMAGE}|annot|dataset|user)
    | \s+ (?:of|for|to|about)\s+(?:the|an?|each|his|her|this|that)\s+ (?:\w+\s+)? (?:dish|meal|menu|item|product|exhibit
        |painting|artwork|sculpture|tour|trail|route|poster|cartoon|comic|meme|newspaper|advert|event|show|film|book)
    )"""
"""Spares what a text in the image or a person in it has: a caption on a poster, a description that the guide gives."""


def _rule(stems: tuple[str, ...], pattern: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Return a pattern for text in small letters, and the words of which one is in all that it finds.

    Ignoring the case costs the engine three times as much, and looking for words is far cheaper than for phrases.
    """
    return stems, re.compile(rf"\b(?:{pattern})", re.VERBOSE)


_RULES = (
    # What only a machine"s input has.
    _rule(
        (
            "bounding",
            "bbox",
            "scene graph",
            "ground truth",
            "ground-truth",
            "annot",
            *("region desc", "region capt", "region phra", "region anno", "region box", "region coord"),
            "metadata",
            "dataset",
            "textual",
        ),
        rf"""
          bounding[\s-]?box(?:es)?\b | bbox(?:es)?\b | scene\s+graphs?\b | ground[\s-]truth\b | annotators?\b
        | region\s+(?:descriptions?|captions?|phrases?|annotations?|box(?:es)?|coordinates)\b
        | (?:object|{_IMAGE}|region|human|dataset)\s+annotations?\b | (?:the|this)\s+(?:metadata|dataset)\b
        | textual\s+(?:descriptions?|information|context|data|input|captions?)\b
        """,
    ),
    # Captions, descriptions and annotations that somebody goes by, or that say something.
    _rule(
        ("caption", "description", "annot", "regions"),
        rf"""
          (?: (?:based|relying|going|depending|focus\w*|drawing)\s+(?:\w+ly\s+)?(?:up)?on | according\s+to
            | (?:as\s+)?per | judging\s+(?:by|from) | in\s+accordance\s+with
            | from | in | by | using | with | across | through | considering | given | within )\s+
            {_THE} {_TEXT} {_LEGIT}
        | (?:the|these|those|all|both|most|some|{_IMAGE}|several|multiple|various|different|other|five|none|{_GIVEN})\s+
            (?:of\s+the\s+)? (?:{_IMAGE}\s+)? captions\b {_LEGIT}
        | (?:one|another|each|every|first|second|third|fourth|fifth|last|{_IMAGE})\s+ (?:of\s+the\s+)? captions?\b
            {_LEGIT}
        | (?:the|these|all|both|most|{_IMAGE}|object|several|multiple|various|{_GIVEN})\s+
            (?:of\s+the\s+)? descriptions\b {_LEGIT}
        | (?:the|one|this|a|{_GIVEN})\s+ (?:{_IMAGE}\s+)? (?:captions?|descriptions?|annotations?|regions)\s+
            (?:(?:also|only|does|do|did|not|doesn['’]t|don['’]t|never|explicitly|specifically|all|clearly)\s+){{0,3}}
            (?:mention|stat(?:e|ing)|indicat|describ|suggest|note|specif|refer|impl|highlight|emphasi|list)
        """,
    ),
    # What was handed over.
    _rule(
        ("provided", "given", "supplied", "aforementioned", "gave", "shared", "listed", "described", "available"),
        rf"""
          (?:the|these|those|your|this|all|any|from|on|with|by|in)\s+ (?:the\s+)?
            (?:given|provided|supplied|aforementioned)\s+ (?:\w+\s+)?
            (?:{_KNOWLEDGE}|text|labels|input)\b (?!\s+(?:on|by|at)\s+(?:the|a)\b)
        | (?:the|all|any)\s+ (?:\w+\s+)? {_KNOWLEDGE}\s+ (?:(?:that|which)\s+)?
            (?:(?:is|are|was|were|has\s+been|have\s+been)\s+)? (?:provided|given|supplied)\b
            (?!\s+(?:by|in|on|at|to|through|for|from|with)\b)
        | (?:{_KNOWLEDGE}|text|input)\s+ (?:that\s+)? you(?:['’]ve|\s+have)?\s+
            (?:provided|given|gave|shared|supplied|listed|described)\b
        | based\s+on\s+(?:the\s+)?available\s+(?:information|details|data|context)\b
        """,
    ),
    # Regions, lists and coordinates.
    _rule(
        ("region", "coordinat", "listed", "annotated", "list of"),
        rf"""
          (?:the|these|your|annotated|{_GIVEN})\s+ regions?\s+
            (?:are\s+|were\s+)?(?:provided|given|annotated|specified)\b
        | (?:according\s+to|based\s+on|(?:mentioned|described|listed|stated)\s+in)\s+ (?:the|these|your)\s+ regions\b
        | (?:listed|annotated)\s+(?:objects|regions)\b | list\s+of\s+(?:the\s+)?(?:objects|regions|captions)\b
        | (?:box|object|given|provided|normali[sz]ed|pixel)\s+coordinates\b
        | (?:based\s+on|according\s+to|judging\s+by|using|from)\s+ (?:the|their|its|his|her|these)\s+
            (?:\w+\s+)? coordinates\b
        | the\s+coordinates\s+(?:of|for|indicate|suggest|given|provided|place)\b
        """,
    ),
    # What no image does, and what nobody says who sees one.
    _rule(
        (
            "mentioned",
            "specif",
            "stated",
            "described",
            "listed",
            *("i can't", "i can’t", "i cannot", "i am unable", "i am not able"),
            *("without seeing", "without viewing", "without access"),
            "language model",
            "as an ai",
        ),
        rf"""
          (?:mentioned|specified|stated|described|listed)\s+in\s+(?:the|this)\s+ (?:given\s+|provided\s+)? {_IMAGE}\b
        | (?:not|\w{{2,5}}n['’]t)\s+ (?:(?:explicitly|specifically|directly|clearly)\s+)? (?:mentioned|specified)\b
            (?!\s+(?:on|by|at|here|anywhere\s+on)\b)
        | (?:is|are|was|were)\s+ (?: (?:explicitly|specifically)\s+(?:mentioned|stated|specified|described)
            | described\s+as )\b
        | i\s+(?:can(?:not|['’]t)|am\s+unable\s+to|am\s+not\s+able\s+to)\s+ (?:\w+ly\s+)? (?:see|view|access)\s+
            (?:the|this)\s+ (?:\w+\s+)? {_IMAGE}
        | as\s+an?\s+(?:ai|(?:large\s+)?language\s+model)\b
        | without\s+(?:seeing|viewing|access\s+to)\s+the\s+ (?:actual\s+)? {_IMAGE}\b
        """,
    ),
)
_MAY_NAME = look_for(*(stem for stems, _ in _RULES for stem in stems))
_SEEMS_TO_NAME = look_before(*(pattern for _, pattern in _RULES))
_SENTENCE = re.compile(r"[^.!?\n]++")


def hides_its_source(draft: Draft) -> Iterator[Flaw]:
    """Yield names_source for "according to the captions" and its like; a caption on a poster is spared."""
    if not (_MAY_NAME(draft.lowered) and _SEEMS_TO_NAME(draft.lowered)):
        return
    for text in draft.texts:
        lowered = text.lower()
        if _MAY_NAME(lowered) and (match := _naming(lowered)):
            yield Flaw("names_source", excerpt(text, match.start(), match.end()))


def _naming(lowered: str) -> re.Match[str] | None:
    for sentence in _SENTENCE.finditer(lowered):
        words = sentence[0]
        for stems, pattern in _RULES:
            if any(stem in words for stem in stems) and (match := pattern.search(lowered, *sentence.span())):
                return match
    return None
