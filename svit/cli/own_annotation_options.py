"""The options that name people's own annotations, and how a store is built from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from svit.cli import messages
from svit.cli.annotation_options import refuse_to_overwrite, say_what_was_dropped
from svit.errors import SvitError
from svit.quantities import number_of

if TYPE_CHECKING:
    from svit.contexts.dropped_annotations import Dropped
    from svit.contexts.fields.box_form import BoxForm
    from svit.contexts.fields.field_map import FieldMap
    from svit.contexts.sources.own_records import OwnRecords, Sizes

JsonlOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Own records, one a line ('svit contexts schema'), or an array; - is stdin."),
]
HfOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Own records in parquet or Arrow files, or a data set saved by 'datasets'."),
]
CsvOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Own table: one row a box or caption, the image named in each.")
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="KEY=COLUMN,...",
        help="Which column is which key, such as image_id=img,objects=anns or objects.name=label; in a table of boxes "
        "image_id=file,name=class,x1=xmin and so on. COLUMN may be a path (meta.width), # (the row's number), "
        "or a text with columns in it (train/{id}.jpg). Usual names of columns are recognised. Repeatable.",
    ),
]
BoxesOption = Annotated[
    Literal["xyxy", "xywh"],
    typer.Option("--boxes", help="What a box's four numbers are: two corners, or a corner and a size."),
]
BoxUnitsOption = Annotated[
    Literal["shares", "pixels"], typer.Option("--box-units", help="Shares of the image's width and height, or pixels.")
]
ClassNamesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Names of classes that are given by number or code: CSV of code,name, or a name a line."
    ),
]
ImagesOption = Annotated[
    Path | None,
    typer.Option("--images", metavar="DIR", help="Folder of the pictures: sizes that the file lacks are read there."),
]


@dataclass(frozen=True)
class OwnAnnotations:
    """One file or folder of people's own annotations, and how it is read."""

    path: Path
    kind: Literal["jsonl", "hf", "csv"]
    maps: tuple[str, ...]
    order: Literal["xyxy", "xywh"]
    units: Literal["shares", "pixels"]
    class_names: Path | None
    images: Path | None
    strict: bool

    def build(self, output: Path, *, quiet: bool) -> None:
        """Build a store, and say what was read and what was dropped."""
        from svit.contexts.dropped_annotations import Dropped
        from svit.contexts.store import build_store

        refuse_to_overwrite(output)
        counts = Dropped(strict=self.strict)
        source = self._source(counts, quiet=quiet)
        origin = str(self.path if self.path == Path("-") else self.path.resolve())
        summary = build_store(output, source, origin=origin, counts=counts)
        if quiet:
            return
        messages.say(f"{output}: contexts of {number_of(summary.statistics.images, 'image')} from {self.path}.")
        for remark in source.remarks:
            messages.say(remark)
        say_what_was_dropped(summary)

    def _source(self, counts: "Dropped", *, quiet: bool) -> "OwnRecords":
        from svit.contexts.fields.box_form import BoxForm
        from svit.contexts.fields.field_map import FieldMap

        fields = FieldMap.parsed(self.maps)
        form = BoxForm(self.order, self.units)
        if self.kind == "jsonl":
            return self._of_jsonl(fields, form, counts)
        return self._of_table(fields, form, counts, quiet=quiet)

    def _of_jsonl(self, fields: "FieldMap", form: "BoxForm", counts: "Dropped") -> "OwnRecords":
        from svit.contexts.sources.jsonl import own_jsonl

        return own_jsonl(
            self.path, boxes=form, fields=fields, counts=counts, class_names=self._class_names(), sizes=self._sizes()
        )

    def _of_table(self, given: "FieldMap", form: "BoxForm", counts: "Dropped", *, quiet: bool) -> "OwnRecords":
        from svit.contexts.fields.usual_columns import words_of
        from svit.contexts.sources.own_tables import own_csv, own_data_set

        read = own_csv if self.kind == "csv" else own_data_set
        table = read(self.path, given, boxes=form, counts=counts, class_names=self._class_names(), sizes=self._sizes())
        if not quiet:
            messages.say(f"Read as --map {words_of(table.fields)}")
            if table.unused:
                messages.say(f"Not used: {', '.join(table.unused)}")
        return table.records

    def _class_names(self) -> Mapping[str, str]:
        if self.class_names is None:
            return {}
        from svit.contexts.files.csv_tables import class_names

        return class_names(self.class_names)

    def _sizes(self) -> "Sizes | None":
        if self.images is None:
            return None
        from svit.contexts.sources.own_tables import sizes_in

        return sizes_in(self.images)


def own_annotations(
    jsonl: Path | None,
    hf: Path | None,
    csv: Path | None,
    *,
    maps: list[str] | None,
    order: Literal["xyxy", "xywh"],
    units: Literal["shares", "pixels"],
    class_names: Path | None,
    images: Path | None,
    strict: bool,
) -> OwnAnnotations | None:
    """Return the annotations that the command line names, None where it names none of people's own.

    Raise SvitError for two of them, and for an option that belongs to them without any.
    """
    kinds: dict[Literal["jsonl", "hf", "csv"], Path | None] = {"jsonl": jsonl, "hf": hf, "csv": csv}
    given = {kind: path for kind, path in kinds.items() if path is not None}
    if len(given) > 1:
        raise SvitError(f"Give one of {' and '.join(f'--{kind}' for kind in given)}, not both.")
    for kind, path in given.items():
        return OwnAnnotations(path, kind, tuple(maps or ()), order, units, class_names, images, strict)
    if maps or class_names or images or (order, units) != ("xyxy", "shares"):
        raise SvitError("--map, --boxes, --box-units, --class-names and --images are for --jsonl, --hf and --csv.")
    return None
