"""Under which terms annotations and photographs of a source are, as far as svit knows it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from svit.datasets.record_forms import IMPORTED
from svit.exports.card.markdown import code
from svit.exports.card.origins import RunFacts

UNKNOWN = "unknown"
_FLICKR = "The photographs are those of Flickr's users, each under the terms its owner chose there."
_COCO_CAPTIONS = "Where MS-COCO captions were read beside them, these are under CC BY 4.0 as well."


class Licence(NamedTuple):
    """The licence of a source's annotations by the name that hubs know, and sentences on what is under which terms."""

    name: str
    words: str


def licences(sources: Iterable[str], runs: Sequence[RunFacts] = ()) -> tuple[Licence, ...]:
    """Return the licences of sources, as samples name them in `provenance.source`, in that order, each once.

    Svit's bundled sample has Visual Genome's form, and not its licence: only the run that read it knows.
    """
    return tuple(dict.fromkeys(licence for source in sources for licence in _of(source, runs)))


def _of(source: str, runs: Sequence[RunFacts]) -> Iterable[Licence]:
    if source == "visual_genome":
        if any(run.is_sample for run in runs):
            yield Licence(
                "apache-2.0",
                "The sample that svit brings along: its annotations are under Apache-2.0, like svit; its photographs "
                "are in the public domain, CC0 or CC BY 2.0, as svit's data/sample/LICENSES.md says of each.",
            )
        if not runs or not all(run.is_sample for run in runs):
            yield Licence(
                "cc-by-4.0",
                "Visual Genome (Krishna et al., 2017), read from files in its form: its annotations are under "
                f"CC BY 4.0. {_COCO_CAPTIONS} {_FLICKR}",
            )
    elif source == "coco":
        yield Licence("cc-by-4.0", f"MS-COCO (Lin et al., 2014): its annotations are under CC BY 4.0. {_FLICKR}")
    elif source.startswith(IMPORTED):
        form = code(source.removeprefix(IMPORTED))
        yield Licence(
            UNKNOWN,
            f"Data that others made, imported from the form {form}: neither its licence nor its source is known.",
        )
    else:
        yield Licence(
            UNKNOWN,
            f"Annotations of {code(source) if source else 'an unnamed source'}, from the maker's own records: "
            "their licence, and that of the photographs, is not known to svit.",
        )
