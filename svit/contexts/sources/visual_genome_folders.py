"""Which files of which folders give Visual Genome's images, objects, attributes, relationships and regions."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from svit.contexts.files.json_arrays import JsonFile
from svit.contexts.files.json_kinds import KINDS, kinds_of
from svit.errors import DataError

_VERSION = re.compile(r"(?:[_-]v?\d[\d._]*)?\.json$")
_GRAPHS = "scene_graphs"
_FILES: Mapping[str, tuple[str, ...]] = {
    "image_data": ("image_data",),
    "objects": ("objects", _GRAPHS),
    "region_descriptions": ("region_descriptions",),
    "attributes": ("attributes", _GRAPHS),
    "relationships": ("relationships", _GRAPHS),
}
"""The files that may give a part, the better one first."""

_ENOUGH = ("objects", "region_descriptions")
"""Without one of these parts there is nothing to say of an image."""
_SHOWN = 5
"""So many files of a folder are named when the right ones are missing."""


def find_files(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the file that gives each part: image_data, objects, region_descriptions, attributes, relationships.

    Of several folders the first that has a part gives it. In a folder scene_graphs.json gives what no file of its own
    does; where there is neither that nor objects.json, the objects are those that attributes.json describes. Raise
    DataError for a part that is needed.
    """
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"There is no folder {folder}. Give the folder that holds image_data.json.")
    paths = {part: path for part in _FILES if (path := _find_part(folders, part))}
    if "objects" not in paths and "attributes" in paths:
        paths["objects"] = paths["attributes"]
    places = " and ".join(map(str, folders))
    if "image_data" not in paths:
        raise DataError(f"There is no image_data.json in {places}{_there(folders)}. {_remedy(folders, 'image_data')}")
    if not any(part in paths for part in _ENOUGH):
        remedy = _remedy(folders, *_ENOUGH)
        if "relationships" in paths:
            remedy = "relationships.json does not have all objects: add objects.json, or scene_graphs.json."
        missing = "There is no objects.json and no region_descriptions.json"
        raise DataError(f"{missing} in {places}{_there(folders)}. {remedy}")
    return paths


def stem(path: Path) -> str:
    """Return `objects` for `objects.json` and for names as of downloads: `objects_v1_2.json`, `objects-v1.json`."""
    return _VERSION.sub("", path.name)


def _find_part(folders: Sequence[Path], part: str) -> Path | None:
    found = (path for folder in folders for name in _FILES[part] if (path := _find_file(folder, name)))
    return next(found, None)


def _find_file(folder: Path, wanted: str) -> Path | None:
    """Return `objects.json`, or the one file that is named as downloaded."""
    if (folder / f"{wanted}.json").exists():
        return folder / f"{wanted}.json"
    found = sorted(path for path in folder.iterdir() if stem(path) == wanted)
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise DataError(f"{folder} has {names}: rename the one to be read to {wanted}.json.")
    return found[0] if found else None


def _there(folders: Sequence[Path]) -> str:
    """Return what the folders hold instead, as the rest of the sentence."""
    files = sorted({path for folder in folders for path in folder.iterdir() if path.is_file()})
    if not files:
        return ", nor any other file"
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return f", which has {', '.join(map(_named, files[:_SHOWN]))}{more}"


def _named(path: Path) -> str:
    """Return the file's name, and what it is where the name does not say it."""
    try:
        with JsonFile(path, "Visual Genome") as file:
            kinds = kinds_of(file)
    except DataError:
        return path.name
    return f"{path.name} ({KINDS[kinds[0]].title})" if kinds and stem(path) not in kinds else path.name


def _remedy(folders: Sequence[Path], *stems: str) -> str:
    packed = [path.name for folder in folders for stem in stems for path in sorted(folder.glob(f"{stem}*.zip"))]
    return f"Unpack {packed[0]} first." if packed else "Run scripts/download-visual-genome."
