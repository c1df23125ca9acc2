"""`svit contexts`: from annotation files to a store of per-image contexts, and what is in one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from svit.cli import messages
from svit.cli.annotation_options import (
    Annotations,
    CaptionsOption,
    InstancesOption,
    SharedOption,
    StrictOption,
    VisualGenomeOption,
)
from svit.cli.command_arguments import parameter_per_field
from svit.cli.dropped_table import dropped_table, loss_warnings
from svit.cli.exit_codes import spoken
from svit.cli.json_option import JsonOption
from svit.cli.next_steps import command_line, say_next
from svit.cli.own_annotation_options import (
    BoxesOption,
    BoxUnitsOption,
    ClassNamesOption,
    CsvOption,
    HfOption,
    ImagesOption,
    JsonlOption,
    MapOption,
    OwnAnnotations,
    own_annotations,
)
from svit.errors import SvitError
from svit.quantities import number_of

app = typer.Typer(help="Build, inspect and print contexts: what is known of each image.", no_args_is_help=True)

StoreArgument = Annotated[Path, typer.Argument(metavar="CONTEXTS", help="File made by 'svit contexts build'.")]


@dataclass(frozen=True)
class BuildArguments:
    """The options of `svit contexts build`, a field each."""

    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the store goes.")]
    visual_genome: VisualGenomeOption = None
    coco_captions: CaptionsOption = None
    coco_instances: InstancesOption = None
    allow_shared_coco_ids: SharedOption = False
    jsonl: JsonlOption = None
    hf: HfOption = None
    csv: CsvOption = None
    maps: MapOption = None
    boxes: BoxesOption = "xyxy"
    box_units: BoxUnitsOption = "shares"
    class_names: ClassNamesOption = None
    images: ImagesOption = None
    strict: StrictOption = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False

    def annotations(self) -> Annotations:
        """Return the Visual Genome and COCO files that the options name. Raises SvitError when they do not fit."""
        return Annotations.named(
            None, self.visual_genome, self.coco_captions, self.coco_instances, self.allow_shared_coco_ids, self.strict
        )

    def own_annotations(self) -> OwnAnnotations | None:
        """Return people's own annotations that the options name, if any. Raises SvitError when they do not fit."""
        return own_annotations(
            *(self.jsonl, self.hf, self.csv),
            maps=self.maps,
            order=self.boxes,
            units=self.box_units,
            class_names=self.class_names,
            images=self.images,
            strict=self.strict,
        )


@app.command("build", short_help="Build a store from annotations.")
@spoken
@parameter_per_field
def build(given: BuildArguments) -> None:
    """Build a store of contexts from annotation files. Visual Genome and COCO are joined by coco_id.

    Your own are JSONL, tables of boxes in CSV, or data sets on disk. An odd record stops nothing: it is read where it
    has one meaning, else left out and counted.
    """
    annotations, own = given.annotations(), given.own_annotations()
    if own and annotations.raw_paths:
        raise SvitError(f"Give either --{own.kind} or Visual Genome and COCO files, not both.")
    if not own and annotations.is_sample:
        raise SvitError(
            "Name what to read: --visual-genome, --coco-captions, --coco-instances, --jsonl, --hf or --csv."
        )
    if own:
        own.build(given.output, quiet=given.quiet)
    else:
        annotations.build(given.output, quiet=given.quiet)
    if not given.quiet:
        generate = command_line("generate", "--task", "all", "--contexts", given.output, "--limit", 100)
        say_next(
            [
                (command_line("contexts", "stats", given.output), "what is in it"),
                (generate, "offline writer: free"),
            ]
        )


@app.command("stats", short_help="How many images, and what is known.")
@spoken
def stats(
    contexts: StoreArgument,
    json: JsonOption = False,
) -> None:
    """Say how many images there are and what is known of them."""
    import msgspec

    from svit.contexts.store import ContextStore

    with ContextStore(contexts) as store:
        found = store.stats()
        summary = store.summary
        about = {"origin": store.origin, "digest": store.digest, "dropped": dict(store.counts)}
        about |= {"dropped_places": summary.places, "read": summary.read, "lost": summary.lost}
    if json:
        messages.show(msgspec.json.encode({**msgspec.to_builtins(found), **about}).decode())
        return
    images = number_of(found.images, "image")
    messages.show(f"{images}, {found.with_captions:,} with captions, {found.empty:,} with nothing at all")
    kinds = ("captions", "objects", "regions", "relationships")
    spreads = [(kind, getattr(found, kind)) for kind in kinds]
    rows = [(kind, s.total, f"{s.mean:.1f}", f"{s.median:g}", s.max) for kind, s in spreads]
    messages.show(messages.table([("", "total", "mean an image", "median", "most"), *rows], indent=""))
    messages.show(f"From {about['origin']}")
    if store.counts:
        messages.show("Dropped or repaired while reading, and the first place of each:")
        messages.show(dropped_table(summary.counts, summary.places))
    for warning in loss_warnings(summary):
        messages.show(messages.folded(warning))


@app.command("show", short_help="What is known of one image.")
@spoken
def show(
    contexts: StoreArgument,
    image: Annotated[str, typer.Argument(metavar="IMAGE_ID", help="Which image.")],
    region_boxes: Annotated[
        bool, typer.Option("--region-boxes", help="With the regions' boxes, as referring.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Print what is known of one image, in the form that a model is shown."""
    import msgspec

    from svit.contexts.store import ContextStore
    from svit.prompting.render import context_text

    with ContextStore(contexts) as store:
        context = store.get(image)
    if json:
        messages.show(msgspec.json.encode(context).decode())
        return
    coco = "" if context.coco_id is None else f", coco_id {context.coco_id}"
    messages.say(
        f"image {context.image_id}: {context.image}, {context.width} x {context.height}{coco}, {context.source}"
    )
    messages.show(context_text(context, region_boxes=region_boxes))


@app.command("schema", short_help="The JSON schema of a record.")
@spoken
def schema() -> None:
    """Print the JSON schema of a record, which 'svit contexts build --jsonl' reads."""
    import orjson

    from svit.contexts.sources.jsonl import context_schema

    messages.show(orjson.dumps(context_schema(), option=orjson.OPT_INDENT_2).decode())
