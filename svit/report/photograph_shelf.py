"""The photographs of a page: each is in it once, however many samples show it, and what is not found is known."""

from pathlib import Path

from markupsafe import Markup

from svit.report import svg
from svit.report.photographs import Photo, photo_at


class PhotographShelf:
    """The photographs that a page shows, out of a folder; without one there is none, and none is missed."""

    def __init__(self, folder: Path | None) -> None:
        """Remember the folder."""
        self.folder = folder
        self._found: dict[tuple[str, int, int], tuple[str, Photo]] = {}
        self.symbols: list[Markup] = []

    def get(self, image: str, width: int, height: int) -> tuple[str, Photo | None]:
        """Return the id of a photograph's symbol, and the photograph; None where none were asked for."""
        if self.folder is None:
            return "", None
        key = image, width, height
        if key not in self._found:
            name, photo = f"photo-{len(self._found) + 1}", photo_at(self.folder, image, (width, height))
            if photo.data:
                self.symbols.append(svg.symbol(name, photo.data, width=width, height=height))
            self._found[key] = name, photo
        return self._found[key]

    @property
    def wanted(self) -> int:
        """How many photographs the samples name."""
        return len(self._found)

    @property
    def missing(self) -> list[str]:
        """The paths, as the records have them, of those that are not shown."""
        return [image for (image, _, _), (_, photo) in self._found.items() if not photo.data]
