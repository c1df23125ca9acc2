"""`svit contexts`: from annotation files to a store of per-image contexts, and what is in one."""

from pathlib import Path
from typing import Annotated

import typer

from svit.cli import talk
from svit.cli.ending import spoken
from svit.cli.inputs import (
    Annotations,
    CaptionsOption,
    InstancesOption,
    SharedOption,
    VisualGenomeOption,
    refuse_to_overwrite,
)
from svit.cli.json_option import JsonOption
from svit.errors import SvitError

app = typer.Typer(help="Build, inspect and print contexts: what is known of each image.", no_args_is_help=True)

StoreArgument = Annotated[Path, typer.Argument(metavar="CONTEXTS", help="File made by 'svit contexts build'.")]


@app.command()
@spoken
def build(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the store goes.")],
    visual_genome: VisualGenomeOption = None,
    coco_captions: CaptionsOption = None,
    coco_instances: InstancesOption = None,
    allow_shared_coco_ids: SharedOption = False,
    jsonl: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Own records, one a line ('svit contexts schema'); - is stdin.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Build a store of contexts from annotation files. Visual Genome and COCO are joined by coco_id."""
    annotations = Annotations.named(None, visual_genome, coco_captions, coco_instances, allow_shared_coco_ids)
    if jsonl and annotations.raw_paths:
        raise SvitError("Give either --jsonl or Visual Genome and COCO files, not both.")
    if not jsonl and annotations.is_sample:
        raise SvitError("Name what to read: --visual-genome, --coco-captions, --coco-instances or --jsonl.")
    if jsonl:
        _build_own(jsonl, output, quiet=quiet)
    else:
        annotations.build(output, quiet=quiet)
    if not quiet:
        talk.say(f"Next: svit contexts stats {output}")
        talk.say(f"      svit generate --task all --contexts {output} --limit 100")


def _build_own(jsonl: Path, output: Path, *, quiet: bool) -> None:
    from svit.sources.contexts import build_store
    from svit.sources.jsonl import read_jsonl

    refuse_to_overwrite(output)
    summary = build_store(output, read_jsonl(jsonl), origin=str(jsonl.resolve() if jsonl != Path("-") else jsonl))
    if not quiet:
        talk.say(f"{output}: contexts of {summary.statistics.images:,} images from {jsonl}.")


@app.command()
@spoken
def stats(
    contexts: StoreArgument,
    json: JsonOption = False,
) -> None:
    """Say how many images there are and what is known of them."""
    import msgspec

    from svit.sources.contexts import ContextStore

    with ContextStore(contexts) as store:
        found = store.stats()
        about = {"origin": store.origin, "digest": store.digest, "dropped": dict(store.counts)}
    if json:
        talk.show(msgspec.json.encode({**msgspec.to_builtins(found), **about}).decode())
        return
    talk.show(f"{found.images:,} images, {found.with_captions:,} with captions, {found.empty:,} with nothing at all")
    kinds = ("captions", "objects", "regions", "relationships")
    spreads = [(kind, getattr(found, kind)) for kind in kinds]
    rows = [(kind, s.total, f"{s.mean:.1f}", f"{s.median:g}", s.max) for kind, s in spreads]
    talk.show(talk.table([("", "total", "mean an image", "median", "most"), *rows], indent=""))
    talk.show(f"From {about['origin']}")
    if store.counts:
        talk.show("Dropped or repaired while reading:")
        talk.show(talk.counted(store.counts))


@app.command()
@spoken
def show(
    contexts: StoreArgument,
    image: Annotated[str, typer.Argument(metavar="IMAGE_ID")],
    region_boxes: Annotated[
        bool, typer.Option("--region-boxes", help="With the regions' boxes, as referring.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Print what is known of one image, in the form that a model is shown."""
    import msgspec

    from svit.render import context_text
    from svit.sources.contexts import ContextStore

    with ContextStore(contexts) as store:
        context = store.get(image)
    if json:
        talk.show(msgspec.json.encode(context).decode())
        return
    coco = "" if context.coco_id is None else f", coco_id {context.coco_id}"
    talk.say(f"image {context.image_id}: {context.image}, {context.width} x {context.height}{coco}, {context.source}")
    talk.show(context_text(context, region_boxes=region_boxes))


@app.command()
@spoken
def schema() -> None:
    """Print the JSON schema of a record, which 'svit contexts build --jsonl' reads."""
    import orjson

    from svit.sources.jsonl import context_schema

    talk.show(orjson.dumps(context_schema(), option=orjson.OPT_INDENT_2).decode())
