from pathlib import Path

import pytest

from exports.made import item, png
from svit.errors import DataError
from svit.exports.pictures import folder_of_pictures

PNG = png(8, 6)


@pytest.mark.parametrize("place", ["vg/VG_100K/2.jpg", "VG_100K/2.jpg", "2.jpg"])
def test_a_picture_is_found_by_its_path_or_the_end_of_it(place: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PNG)
    assert folder_of_pictures(tmp_path)(item(2)) == PNG
    assert folder_of_pictures(tmp_path)(item(2)._replace(image=f"/elsewhere/{place}")) == PNG
    assert folder_of_pictures(tmp_path)(item(3)) is None


def test_the_longest_end_of_the_path_wins(tmp_path: Path) -> None:
    (tmp_path / "VG_100K").mkdir()
    (tmp_path / "VG_100K" / "2.jpg").write_bytes(PNG)
    (tmp_path / "2.jpg").write_bytes(png(1, 1))
    assert folder_of_pictures(tmp_path)(item(2)) == PNG


@pytest.mark.parametrize("image", ["../secret.png", "pictures/../../secret.png", "", "nul\0.png"])
def test_no_picture_from_outside_the_folder(image: str, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "pictures").mkdir()
    assert folder_of_pictures(tmp_path / "pictures")(item()._replace(image=image)) is None


@pytest.mark.parametrize("body", [b"", b"<html>not found", b"RIFF0000AVI "])
def test_what_is_no_picture_is_none(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "2.jpg").write_bytes(body)
    assert folder_of_pictures(tmp_path)(item(2)) is None


def test_a_folder_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent: there is no such folder of pictures"):
        folder_of_pictures(tmp_path / "absent")
