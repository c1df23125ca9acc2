"""The columns that tables of images and boxes usually have, and what they are in our records."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from svit.contexts.fields.box_form import CORNERS, EXTENT
from svit.contexts.fields.field_map import (
    BOX_ROW_KEYS,
    IMAGE_KEYS,
    PART_KEYS,
    RECORD,
    FieldMap,
    listed,
    plain,
    suggestion,
)
from svit.errors import SvitError

_IMAGE: Mapping[str, str] = {
    "image_id": "imageid imgid imageids",
    "image": "image filename file imagepath filepath path imagename imagefile imgpath imgname img image.path img.path",
    "width": "imagewidth imgwidth width",
    "height": "imageheight imgheight height",
    "coco_id": "cocoid",
}
_SIDES: Mapping[str, str] = {
    "x1": "x1 xmin bboxx1 left",
    "y1": "y1 ymin bboxy1 top",
    "x2": "x2 xmax bboxx2 right",
    "y2": "y2 ymax bboxy2 bottom",
    "x": "x bboxx boxx",
    "y": "y bboxy boxy",
    "w": "w bboxw boxw bboxwidth boxwidth",
    "h": "h bboxh boxh bboxheight boxheight",
}
_BOX_ROW: Mapping[str, str] = {
    "id": "objectid boxid bboxid annotationid annid",
    "name": "name label class classname category categoryname labelname objectname",
    "box": "box bbox boundingbox",
    "caption": "caption sentence",
    **_SIDES,
}
_PART: Mapping[str, str] = {
    "id": "id objectid boxid bboxid annotationid annid bboxids",
    "name": "name label category class classname categoryname names labels categories classes categoryid classid",
    "box": "box bbox boundingbox boxes bboxes",
    "phrase": "phrase caption",
    "attributes": "attributes",
    "aliases": "aliases",
    "subject": "subject subjectid",
    "predicate": "predicate relation relationship",
    "object": "object objectid",
    **_SIDES,
    "w": f"{_SIDES['w']} width",
    "h": f"{_SIDES['h']} height",
}
_LISTS: Mapping[str, str] = {
    "captions": "captions caption sentences sentence",
    "objects": "objects annotations anns instances detections boxes",
    "regions": "regions regiondescriptions",
    "relationships": "relationships relations",
}


@dataclass(frozen=True)
class TableColumn:
    """A column of a table: what its items have below, and of how many lists within lists it is."""

    below: tuple[str, ...] = ()
    depth: int = 0


Columns = Mapping[str, TableColumn]


def recognised(columns: Columns, given: FieldMap, table: str) -> FieldMap:
    """Return the map with what the columns' names say added to what was given.

    Raise SvitError, naming the table and its columns, for a column that is not there, and where no column tells the
    images apart.
    """
    _refuse_unknown(columns, given, table)
    paths = dict(given.paths)
    if given.is_of_box_rows or not _has_lists(columns, given):
        _add(paths, _names(columns), {**_IMAGE, **_BOX_ROW}, given)
        _tell_sizes_apart(paths, columns, given)
        _one_form_of_box(paths, given)
    else:
        _add(paths, _names(columns), {**_IMAGE, **_LISTS}, given)
        if "image_id" not in paths and "id" in columns:
            paths["image_id"] = "id"
        if "objects" not in paths and _boxes(columns):
            paths["objects"] = RECORD
        for part in PART_KEYS:
            _add_part(paths, part, columns, given)
    if "source" in columns:
        paths.setdefault("source", "source")
    if "image_id" not in paths and "image" in paths:
        paths["image_id"] = paths["image"]
    if "image_id" not in paths:
        raise SvitError(
            f"{table}: no column names the images. It has {listed(columns)}. "
            "Say which: --map image_id=COLUMN, or --map image_id=# for the row's number."
        )
    return FieldMap(paths, closed=True)


def unused(columns: Columns, fields: FieldMap) -> list[str]:
    """Return the columns that nothing is read from, and what is left below those that something is read from."""
    used = {name for _, path in fields.columns() for name in (path, path.partition(".")[0])}
    below = {
        (fields.paths.get(part, part), path.partition(".")[0])
        for part, _, _, path in ((*key.partition("."), path) for key, path in fields.paths.items())
    }
    parts = {fields.paths[part] for part in PART_KEYS if part in fields.paths}
    rest = [f"{part}.{name}" for part in parts if part in columns for name in columns[part].below]
    return [
        *(name for name in columns if name not in used),
        *(name for name in rest if tuple(name.rsplit(".", 1)) not in below),
    ]


def _boxes(columns: Columns) -> list[str]:
    """Return the columns that hold a list of boxes a row."""
    usual = _PART["box"].split()
    return [name for name, column in columns.items() if column.depth > 1 and plain(name) in usual]


def _refuse_unknown(columns: Columns, given: FieldMap, table: str) -> None:
    for key, path in given.columns():
        if path not in columns and path.partition(".")[0] not in columns:
            near = suggestion(path, columns)
            raise SvitError(f"{table}: there is no column '{path}' for {key}.{near} It has {listed(columns)}.")
    for part in PART_KEYS:
        top = given.paths.get(part, part)
        below = columns[top].below if top in columns else ()
        for key, path in given.paths.items():
            if below and key.startswith(f"{part}.") and path.partition(".")[0] not in below:
                near = suggestion(path, below)
                raise SvitError(f"{table}: '{top}' has no '{path}' for {key}.{near} It has {listed(below)}.")


def _has_lists(columns: Columns, given: FieldMap) -> bool:
    """Whether a row is an image with its lists, not one box."""
    if any(part in given.paths for part in (*PART_KEYS, "captions")):
        return True
    if any(key.partition(".")[0] in PART_KEYS for key in given.paths):
        return True
    usual = {name for names in _LISTS.values() for name in names.split()}
    return any(column.depth and plain(name) in usual for name, column in columns.items()) or bool(_boxes(columns))


def _names(columns: Columns) -> Iterator[str]:
    for name, column in columns.items():
        if column.below and not column.depth:
            yield from (f"{name}.{below}" for below in column.below)
        if not column.below or column.depth or "path" not in column.below:
            yield name


def _add(paths: dict[str, str], names: Iterator[str], usual: Mapping[str, str], given: FieldMap) -> None:
    """Add the first column of a usual name for each key that was not given and that no other key has."""
    taken = set(given.paths.values())
    by_form: dict[str, str] = {}
    for name in names:
        by_form.setdefault(".".join(map(plain, name.split("."))), name)
    for key, forms in usual.items():
        found = next((by_form[form] for form in forms.split() if form in by_form and by_form[form] not in taken), None)
        if found is not None and key not in paths:
            paths[key] = found
            taken.add(found)


def _tell_sizes_apart(paths: dict[str, str], columns: Columns, given: FieldMap) -> None:
    """Take `width` and `height` for the box's where it has a corner and nothing else that says how large it is."""
    if "x2" not in paths and "x" not in paths and {"x1", "y1"} <= paths.keys():
        paths["x"], paths["y"] = paths.pop("x1"), paths.pop("y1")
    by_form = {plain(name): name for name in columns}
    for key, side in (("width", "w"), ("height", "h")):
        column = by_form.get(key)
        if column is None or "x" not in paths or side in paths or given.paths.get(key) == column:
            continue
        paths[side] = column
        if paths.get(key) == column:
            del paths[key]


def _one_form_of_box(paths: dict[str, str], given: FieldMap) -> None:
    """Leave one way to say a box: the one that was given, or a column of boxes, or corners, or an extent."""
    forms = [form for form in (("box",), CORNERS, EXTENT) if all(key in paths for key in form)]
    chosen = next((form for form in forms if any(key in given.paths for key in form)), forms[0] if forms else ())
    for key in ("box", *CORNERS, *EXTENT):
        if key not in chosen and key not in given.paths:
            paths.pop(key, None)


def _add_part(paths: dict[str, str], part: str, columns: Columns, given: FieldMap) -> None:
    """Recognise what stands below a list of objects, regions or relationships."""
    top = paths.get(part, "")
    column = TableColumn(tuple(columns)) if top == RECORD else columns.get(top)
    if column is None or not column.below:
        return
    within = {key.partition(".")[2]: path for key, path in given.paths.items() if key.partition(".")[0] == part}
    usual = {key: _PART[key] for key in PART_KEYS[part]}
    known = FieldMap(dict(within))
    _add(within, iter(column.below), usual, known)
    if part != "relationships":
        _one_form_of_box(within, known)
    for key, path in within.items():
        paths[f"{part}.{key}"] = path


def suggested(keys: Iterable[str]) -> str:
    """Return what `--map` could say of the keys of records that have not ours; nothing where none is a usual one."""
    paths: dict[str, str] = {}
    _add(paths, iter(keys), {**_IMAGE, **_LISTS}, FieldMap({}))
    return words_of(FieldMap({key: path for key, path in paths.items() if key != path}))


def words_of(fields: FieldMap) -> str:
    """Return the map as `--map` takes it, for a sentence."""
    ordered = [key for key in (*IMAGE_KEYS, "captions", *PART_KEYS, *BOX_ROW_KEYS) if key in fields.paths]
    rest = [key for key in fields.paths if key not in ordered]
    return ",".join(f"{key}={fields.paths[key]}" for key in (*dict.fromkeys(ordered), *rest))
