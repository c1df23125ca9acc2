"""Picture files as they lie on the disk: which one a record names, and what it is."""

from pathlib import Path

_KINDS = ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"GIF8", "gif"), (b"RIFF", "webp"))


def found(folder: Path, image: str) -> Path | None:
    """Return the file that a record names: under the folder by its whole path, then by ever shorter ends of it.

    So `vg/VG_100K/2.jpg` is found where the folder is that of `vg`, or of the files. What a record names never leads
    out of the folder.
    """
    if "\0" in image:
        return None
    folder = folder.resolve()
    parts = Path(image).parts
    for start in range(len(parts)):
        path = folder.joinpath(*parts[start:]).resolve()
        if path.is_file() and path.is_relative_to(folder):
            return path
    return None


def kind_of(body: bytes) -> str | None:
    """Return "jpeg", "png", "gif" or "webp", by how the file begins; None for anything else."""
    kind = next((name for start, name in _KINDS if body.startswith(start)), None)
    return None if kind == "webp" and body[8:12] != b"WEBP" else kind
