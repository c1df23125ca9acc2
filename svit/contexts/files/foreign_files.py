"""Files that people take for their own records: what each is, and the option that reads it."""

import re
from collections.abc import Mapping

_MAGIC: Mapping[bytes, str] = {
    b"PAR1": "is a parquet file. Read it with --hf.",
    b"ARROW1": "is an Arrow file. Read it with --hf.",
    b"SQLite format 3\0": "is a database, perhaps a store that was built already: give it to --contexts.",
    b"\xff\xfe": "is UTF-16, as PowerShell writes it. Save it as UTF-8.",
    b"\xfe\xff": "is UTF-16. Save it as UTF-8.",
    b"\x89PNG": "is a picture.",
    b"\xff\xd8\xff": "is a picture.",
    b"<": "is HTML or XML, not JSON.",
    b"version https://git-lfs": "is a pointer of Git LFS, not the file itself. Fetch that with 'git lfs pull'.",
}
_WIDE = "is UTF-16. Save it as UTF-8."
_CSV_HEAD = re.compile(rb'[\w"][\w" -]*(?:[,;\t][\w" -]+)+\r?\n')
_COCO = "Read it with --coco-instances or --coco-captions."


def foreign_bytes(start: bytes) -> str | None:
    """Return the predicate of a sentence about a file that begins so; None where it may be JSON of records."""
    if sentence := foreign_magic(start):
        return sentence
    if start.startswith(b"{") and re.match(rb"\{\s*\n", start) and _is_coco(start):
        return f"is a COCO file. {_COCO}"
    if re.match(rb"\{\s*\n", start):
        return "is JSON over several lines. Write one record a line (jq -c . FILE), or an array of records."
    if _CSV_HEAD.match(start):
        return "is a table. Read a CSV file of boxes with --csv."
    return None


def foreign_magic(start: bytes) -> str | None:
    """Return the predicate of a sentence about a file of a kind that is known by its first bytes."""
    if start[1:2] == b"\0" or start[:1] == b"\0":
        return _WIDE if start[:4].replace(b"\0", b"").isascii() and any(start[:4]) else "is no text."
    return next((sentence for magic, sentence in _MAGIC.items() if start.startswith(magic)), None)


def foreign_record(values: Mapping[str, object], *, in_array: bool = False) -> str | None:
    """Return the predicate of a sentence about a file whose first record is this one; None where it may be ours."""
    if "annotations" in values and ("images" in values or "categories" in values):
        sentence = "is a COCO panoptic file, which no option reads." if _is_panoptic(values) else ""
        return sentence or f"is a COCO file. {_COCO}"
    if "conversations" in values and ("provenance" in values or "task" in values):
        return "is a shard of samples, made from contexts already. Give the run's contexts, or 'svit export' the run."
    if "conversations" in values or "messages" in values:
        return "is instruction data already, not annotations. Look at it with 'svit check'."
    if "category_id" in values and "image" not in values:
        return "is a list of COCO annotations or results alone. Give the whole file to --coco-instances."
    if in_array and _is_visual_genome(values):
        return "is a file of Visual Genome. Give its folder: --visual-genome DIR."
    lists = [key for key, value in values.items() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if "image_id" not in values and len(values) <= len(lists) + 3 and len(lists) == 1:
        return f"is one object with the records under '{lists[0]}'. Take them out: jq -c '.{lists[0]}[]' FILE."
    return None


def _is_coco(start: bytes) -> bool:
    return bool(re.search(rb'"(?:annotations|images|categories|licenses)"\s*:\s*[\[{]', start))


def _is_panoptic(values: Mapping[str, object]) -> bool:
    annotations = values.get("annotations")
    return isinstance(annotations, list) and bool(annotations) and "segments_info" in (annotations[0] or {})


def _is_visual_genome(values: Mapping[str, object]) -> bool:
    if {"image_id", "url", "width", "height"} <= values.keys() and "image" not in values:
        return True
    for part in ("objects", "regions", "relationships", "attributes", "qas"):
        listed = values.get(part)
        first = listed[0] if isinstance(listed, list) and listed else None
        if isinstance(first, dict) and first.keys() & {"object_id", "region_id", "relationship_id", "qa_id", "synsets"}:
            return True
    return False
