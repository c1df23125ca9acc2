"""The dataset card: a README.md with the header that hubs read, and a text that says what was done and what was not."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from svit import __version__
from svit.datasets.record_forms import IMPORTED
from svit.exports.base import ExportedFile, Format, Style, to_train_on
from svit.exports.card.account import MOST, costs, flaws, left_out, other_sizes, share, writers
from svit.exports.card.licences import UNKNOWN, licences
from svit.exports.card.markdown import code, code_block, plain, table
from svit.exports.card.origins import RunFacts
from svit.exports.formats.human_gpt import datasets
from svit.exports.sample_counts import Counts
from svit.quantities import number_of
from svit.text import one_line

_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_LARGEST = "10M<n<100M"
_CATEGORIES = {"detail_description": "image-to-text"}
_FOLDERS = re.compile(r"(?:[^,\s][^,]*)?/")
_OFFLINE, _UNKNOWN = "offline", "unknown"


@dataclass(frozen=True)
class CardFacts:
    """What an export wrote, and the words of the command that did it. `photographs` says that the files hold them.

    `left_out` counts the samples and records that are in no file, by why, `other_size` the records whose picture has
    not the size that they say.
    """

    format: Format
    style: Style
    written: Sequence[ExportedFile]
    command: Sequence[str]
    photographs: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)
    lengths: str = ""
    other_size: int = 0

    @property
    def records(self) -> int:
        """How many records all files hold."""
        return sum(each.records for each in self.written)


def card(export: CardFacts, counts: Counts, runs: Sequence[RunFacts] = ()) -> str:
    """Return the card. Without `runs`, as when lines of a file were exported, it says what it cannot know."""
    parts = [
        f"# {plain(export.style.dataset)}",
        *_opening(export, counts),
        "## What is in it",
        *_sizes(export, counts),
        "## Sources and licences",
        *_sources(counts, runs),
        "## Who wrote and who verified",
        *writers(counts),
        "## What was found wrong",
        *flaws(counts, runs),
        *left_out(export.left_out),
        *other_sizes(export.other_size),
        *([plain(export.lengths)] if export.lengths else ()),
        "## Cost",
        *costs(runs),
        "## Coordinates and marks",
        *_coordinates(export),
        *_start(export),
        "## How it was made",
        f"With svit {plain(__version__)}, by this command:",
        code_block(shlex.join(export.command)),
        "## What it does not claim",
        _disclaimers(export, counts),
    ]
    return f"---\n{_header(export, counts, runs)}---\n\n" + "\n\n".join(parts) + "\n"


def _header(export: CardFacts, counts: Counts, runs: Sequence[RunFacts]) -> str:
    names = tuple(dict.fromkeys(licence.name for licence in licences(counts.sources, runs)))
    tags = ["visual-instruction-tuning", "svit"]
    tags += ["grounding"] if "referring" in counts.tasks else []
    tags += ["synthetic"] if set(counts.models) - {_UNKNOWN} else []
    categories = {_CATEGORIES.get(task, "visual-question-answering") for task in counts.tasks}
    files: dict[str, list[str]] = {}
    for each in export.written:
        files.setdefault(each.split or "train", []).append(each.name)
    header = {
        "language": ["en"],
        "license": names[0] if len(names) == 1 else list(names or [UNKNOWN]),
        "task_categories": ["image-text-to-text", *sorted(categories)],
        "size_categories": [next((name for most, name in _SIZES if export.records < most), _LARGEST)],
        "pretty_name": one_line(export.style.dataset),
        "tags": tags,
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": split, "path": names} for split, names in files.items()],
            }
        ],
    }
    return yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=10**6)


def _opening(export: CardFacts, counts: Counts) -> Iterator[str]:
    if authors := set(counts.models) - {_OFFLINE, _UNKNOWN}:
        whose = "A language model" if len(authors) == 1 else "Language models"
        yield (
            f"Visual instruction data: questions and answers about images. {whose} wrote them from annotations of the "
            "images, such as captions, object names and boxes, and never saw the images (the method of SVIT, "
            "arXiv 2307.04087)."
        )
    else:
        yield "Visual instruction data: questions and answers about images."
    if _OFFLINE in counts.models:
        yield (
            f"{share(counts.models[_OFFLINE], counts.total())} samples were written by svit's own offline writer, a "
            "program that puts annotations into sentences; no language model wrote them."
        )
    if _UNKNOWN in counts.models:
        yield f"Of {share(counts.models[_UNKNOWN], counts.total())} samples it is not known who or what wrote them."
    yield f"It is in the format {code(export.format.name)} ({plain(export.format.summary)})."


def _sizes(export: CardFacts, counts: Counts) -> Iterator[str]:
    """Yield the tables of tasks and of files."""
    rows: list[list[str | int]] = [[code(task), *_numbers(counts, [task])] for task in counts.tasks]
    heads = (f"{plain(split)}: {what}" for split in counts.splits for what in ("samples", "pairs"))
    yield table(["task", *heads], [*rows, ["all", *_numbers(counts, counts.tasks)]])
    yield (
        "A sample is what was written about one image for one task, a pair a question with its answer. "
        f"The files have {number_of(export.records, 'record')}."
    )
    yield table(["file", "records"], [[code(each.name), each.records] for each in export.written[:MOST]])
    if len(export.written) > MOST:
        yield f"and {number_of(len(export.written) - MOST, 'more file')}."


def _numbers(counts: Counts, tasks: Sequence[str]) -> Iterator[int]:
    """Yield the samples and the pairs of the tasks, of one split after the other."""
    for split in counts.splits:
        yield sum(counts.samples[split, task] for task in tasks)
        yield sum(counts.pairs[split, task] for task in tasks)


def _sources(counts: Counts, runs: Sequence[RunFacts]) -> Iterator[str]:
    yield _bullets(licence.words for licence in licences(counts.sources, runs))
    for run in runs:
        if run.origin:
            yield f"The run {code(run.name)} read {code(_FOLDERS.sub('', run.origin))}."


def _coordinates(export: CardFacts) -> Iterator[str]:
    style = export.style
    yield f"Boxes: {plain(export.format.box_words(style))}. {plain('<image>')} marks: {plain(export.format.marks)}."
    if style.padded:
        yield (
            "Boxes in texts are shares of the image padded to a square, the image in its middle, as LLaVA-1.5 pads it "
            "in training with `--image_aspect_ratio pad`; not of the image itself."
        )
    elif style.boxes.resized:
        size = style.resize
        first = "scaled to {:,} to {:,} pixels, then to ".format(*size.before) if size.before else ""
        yield (
            f"Boxes in texts are in pixels of the picture as the model is shown it: {first}{size.min_pixels:,} to "
            f"{size.max_pixels:,} pixels, sides of multiples of {size.factor}. Train with the same."
        )
    else:
        yield "No box was moved for padding: all are those of the image itself."


START_WORDS = ("TRAIN", "SPLIT", "NAMES", "NAME", "MIN_PIXELS", "MAX_PIXELS")
"""What a format's `start` may say: the file to train on and its split, the names under which `datasets` has all that is
to be trained on, the data's name as a file may be called, and the pixels that the trainer scales pictures to."""


def _start(export: CardFacts) -> Iterator[str]:
    """Yield how a training starts on the files."""
    form, style = export.format, export.style
    files = to_train_on(export.written)
    if not (form.start and files):
        return
    yield "## Start on it"
    if _fits(form, style):
        yield f"The boxes fit {plain(form.recipe)}."
    else:
        yield (
            f"The boxes were asked for otherwise than the default, which fits {plain(form.recipe)}: train as is said "
            "above, and change the command where it says something else."
        )
    if form.container in ("parquet", "tar"):
        yield "DATA is this folder."
    else:
        yield "DATA is this folder, PICTURES the folder that the records' paths begin in."
    name = files[0].name.removesuffix(".zst")
    least, most = style.resize.before or (style.resize.min_pixels, style.resize.max_pixels)
    said = (
        shlex.quote(name),
        files[0].split or "train",
        shlex.quote(",".join(datasets(files, style))),
        re.sub(r"[^\w-]", "_", style.dataset) or "svit",
        str(least),
        str(most),
    )
    words = dict(zip(START_WORDS, said, strict=True))
    command = re.sub(rf"\b(?:{'|'.join(words)})\b", lambda found: words[found[0]], form.start)
    yield code_block(command if name == files[0].name else f"zstd -d $DATA/{name}.zst\n{command}")


def _fits(form: Format, style: Style) -> bool:
    """Whether the boxes are of the picture as the format's own scripts make it."""
    is_padded = not style.boxes.relative or style.padded == form.padded
    return is_padded and (not style.boxes.resized or style.resize == form.resize)


def _disclaimers(export: CardFacts, counts: Counts) -> str:
    claims = [
        "Nobody has read each sample. The checks find faults of form and contradictions to the annotations; they do "
        "not prove that a sentence is true of the image.",
        "What annotators left out or got wrong is missing or wrong here too.",
        "It was not measured what a model learns from it.",
        "It was not searched for personal data, for stereotypes or for offensive words beyond what the checks name.",
        "That the terms of the models that wrote or verified it, of the annotations and of the photographs allow your "
        "use of it is for you to find out.",
    ]
    if any(source.startswith(IMPORTED) for source in counts.sources):
        claims.append("Who made the imported samples, and from what, is not known; importing them judged nothing.")
    if export.photographs:
        claims.append("The photographs in it are not under the licence of the annotations.")
    else:
        claims.append("The photographs are not in it: records name their files.")
        if export.format.container == "parquet":
            claims.append("No row has a picture to open: `svit export --images DIR` puts them in.")
    if warning := export.format.warns(export.style, export.photographs):
        claims.append(plain(warning))
    return _bullets(claims)


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
