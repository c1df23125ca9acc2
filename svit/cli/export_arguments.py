"""What `svit export` is given: its argument and options, a field each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from svit.cli.completion import matching_formats
from svit.cli.json_option import JsonOption
from svit.cli.task_option import task_option


@dataclass(frozen=True)
class ExportArguments:
    """The words of the command as typer reads them; `context` knows them as they were given."""

    context: typer.Context
    sources: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Run folders, or JSONL files of ours; one or more.")
    ]
    to: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="Whose; 'svit formats' lists them.",
            autocompletion=matching_formats,
        ),
    ]
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE|DIR", help="A file, a folder, or - for stdout.")
    ]
    task: Annotated[list[str] | None, task_option("Only these tasks.")] = None
    split: Annotated[
        str, typer.Option(metavar="SHARES", help="Split by image: train=0.9,test=0.1. Needs a folder.")
    ] = "train"
    image_ids: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Only these images: ids or paths, in lines or as JSON.")
    ] = None
    exclude_ids: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Leave out these images: ids or paths, in lines or as JSON.")
    ] = None
    merge_per_image: Annotated[
        bool, typer.Option("--merge-per-image", help="All that is asked about an image in one conversation.")
    ] = False
    max_turns: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most N questions a record; more make several.")
    ] = None
    max_tokens: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Tokens of a record at most, its picture among them. Default: the trainer's own."
        ),
    ] = None
    on_long: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="Longer records: split into several, cut-turns at the end, drop, or keep. Default: keep, and warn; "
            "split with --max-tokens.",
            show_default=False,
        ),
    ] = None
    tokenizer: Annotated[
        str | None,
        typer.Option(metavar="PATH|NAME", help="Count by this tokenizer.json, not by an estimate; none is downloaded."),
    ] = None
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most N records of each split.")] = None
    shuffle: Annotated[bool, typer.Option("--shuffle", help="In random order.")] = False
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.")] = 0
    boxes: Annotated[
        str,
        typer.Option(
            metavar="STYLE",
            help="Boxes as another model writes them: svit, qwen2-vl, qwen2.5-vl, qwen3-vl, gemini, internvl, "
            "minicpm-v, paligemma, florence-2, kosmos-2, molmo-points, or none. Default: as the format's own models "
            "do.",
            show_default=False,
        ),
    ] = ""
    box_frame: Annotated[
        str | None,
        typer.Option(
            metavar="FRAME",
            help="Shares are of the image, or of the padded-square around it. Default: as the format's trainer pads.",
            show_default=False,
        ),
    ] = None
    min_pixels: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Qwen2.5-VL's boxes: pixels of the smallest picture.")
    ] = None
    max_pixels: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Qwen2.5-VL's boxes: pixels of the largest picture.")
    ] = None
    resize_factor: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Qwen2.5-VL's boxes: what sides are multiples of.")
    ] = None
    requests: Annotated[
        bool, typer.Option("--requests/--no-requests", help="Ask for boxes where an answer has some.")
    ] = True
    image_root: Annotated[str, typer.Option(metavar="PATH", help="Put this before each image's path.")] = ""
    image_layout: Annotated[
        str, typer.Option(metavar="LAYOUT", help="Image paths as-is (vg/VG_100K/2.jpg), folder or flat (2.jpg).")
    ] = "as-is"
    name: Annotated[str, typer.Option(metavar="NAME", help="The data's name where a trainer wants one.")] = "svit"
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Put these pictures into parquet files, archives and openai's records."),
    ] = None
    zstd: Annotated[bool, typer.Option("--zstd", help="Pack the files of a folder by zstd.")] = False
    push_to_hub: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Upload the folder as a data set, private.")
    ] = None
    public: Annotated[bool, typer.Option("--public", help="Push a data set that everybody sees.")] = False
    as_json: JsonOption = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False
