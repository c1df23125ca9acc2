import os
import struct
import sys
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from exports.made import item, png
from svit.errors import DataError
from svit.exports.base import Item
from svit.exports.record_pictures import FolderOfPictures
from svit.image_files.image_folder import PictureFolder, Size, can_decode, look_at
from svit.report.photographs import photo_at

PNG = png(8, 6)
WHOLE = item(2, 8, 6)
NFC, NFD = "caf\u00e9.png", "cafe\u0301.png"


def fault_of(body: bytes, size: Size, *, pixels: bool = True) -> str | None:
    look = look_at(body)
    return look.fault or (None if look.fits(size, pixels=pixels) else "picture_size_differs")


def named(image: str) -> Item:
    return WHOLE._replace(image=image)


# --- which file a record names ---


@pytest.mark.parametrize("place", ["vg/VG_100K/2.jpg", "VG_100K/2.jpg", "2.jpg"])
def test_a_picture_is_found_by_its_path_or_the_end_of_it(place: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PNG)
    assert FolderOfPictures(tmp_path)(WHOLE) == PNG
    assert FolderOfPictures(tmp_path)(named(f"/elsewhere/{place}")) == PNG
    assert FolderOfPictures(tmp_path)(named("vg/VG_100K/3.jpg")) == "no_picture"


def test_the_longest_end_of_the_path_wins(tmp_path: Path) -> None:
    (tmp_path / "VG_100K").mkdir()
    (tmp_path / "VG_100K" / "2.jpg").write_bytes(PNG)
    (tmp_path / "2.jpg").write_bytes(png(8, 6, 1))
    assert FolderOfPictures(tmp_path)(WHOLE) == PNG


@pytest.mark.parametrize("image", ["../secret.png", "pictures/../../secret.png", "..", "a/../../secret.png"])
def test_no_record_leads_out_of_the_folder(image: str, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    assert FolderOfPictures(tmp_path / "pictures")(named(image)) == "no_picture"


@pytest.mark.parametrize("image", ["", "nul\0.png", "/", ".", "a" * 300 + ".png", "\ud800.png", "2.jpg/x"])
def test_what_can_be_no_file_is_none(image: str, tmp_path: Path) -> None:
    (tmp_path / "2.jpg").write_bytes(PNG)
    assert FolderOfPictures(tmp_path)(named(image)) == "no_picture"


@pytest.mark.parametrize(
    "name",
    [
        "Screenshot 2024\u202fAM.png",
        "a\u00a0b.png",
        "two  spaces.png",
        " leading and trailing .png",
        NFC,
        NFD,
        "\u200bzero.png",
        "tab\there.png",
        "new\nline.png",
        "\u3000.png",
        "50%20off.png",
        "a+b&c#d?.png",
    ],
)
def test_a_name_is_found_by_its_very_bytes(name: str, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / name).write_bytes(PNG)
    assert FolderOfPictures(tmp_path)(named(f"d/{name}")) == PNG
    assert FolderOfPictures(tmp_path)(named(name)) == "no_picture"
    assert FolderOfPictures(tmp_path / "d")(named(f"d/{name}")) == PNG


@pytest.mark.parametrize(
    ("on_disk", "asked"),
    [
        (os.fsencode(NFD), NFC),
        (os.fsencode(NFC), NFD),
        (b"caf\xe9.png", os.fsdecode(b"caf\xe9.png")),
        (b"caf\xe9.png", "caf\ufffd.png"),
        (b"\xbb\xad\xcd\xbc.png", os.fsdecode(b"\xbb\xad\xcd\xbc.png")),
        (b"\xbb\xad\xcd\xbc.png", "\ufffd\ufffd\u037c.png"),
        (os.fsencode(unicodedata.normalize("NFD", "\ud55c.png")), "\ud55c.png"),
    ],
)
def test_a_name_is_found_in_another_form_where_one_file_has_it(on_disk: bytes, asked: str, tmp_path: Path) -> None:
    folder = tmp_path / "donn\udce9es"
    folder.mkdir()
    (folder / os.fsdecode(on_disk)).write_bytes(PNG)
    assert FolderOfPictures(tmp_path)(named(f"donn\ufffdes/{asked}")) == PNG
    assert FolderOfPictures(folder)(named(f"elsewhere/{asked}")) == PNG


def test_of_two_names_that_are_the_same_text_the_very_bytes_decide(tmp_path: Path) -> None:
    (tmp_path / NFC).write_bytes(PNG)
    (tmp_path / NFD).write_bytes(png(8, 6, 1))
    assert FolderOfPictures(tmp_path)(named(NFC)) == PNG
    assert FolderOfPictures(tmp_path)(named(NFD)) == png(8, 6, 1)
    (tmp_path / "b\udce9.png").write_bytes(PNG)
    (tmp_path / "b\udce8.png").write_bytes(PNG)
    assert FolderOfPictures(tmp_path)(named("b\ufffd.png")) == "no_picture", "nothing is guessed"


@pytest.mark.parametrize("link", ["folder", "subfolder", "file", "chain"])
def test_links_that_a_person_placed_are_followed(link: str, tmp_path: Path) -> None:
    disk, folder = tmp_path / "disk", tmp_path / "images"
    (disk / "VG_100K").mkdir(parents=True)
    (disk / "VG_100K" / "2.jpg").write_bytes(PNG)
    if link == "folder":
        folder.symlink_to(disk)
    else:
        folder.mkdir()
        if link == "file":
            (folder / "2.jpg").symlink_to(disk / "VG_100K" / "2.jpg")
        elif link == "subfolder":
            (folder / "VG_100K").symlink_to(disk / "VG_100K")
        else:
            (tmp_path / "between").symlink_to(disk / "VG_100K")
            (folder / "VG_100K").symlink_to(tmp_path / "between")
    assert FolderOfPictures(folder)(WHOLE) == PNG


def test_a_link_to_itself_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "2.jpg").symlink_to(tmp_path / "2.jpg")
    assert FolderOfPictures(tmp_path)(WHOLE) == "no_picture"


def test_a_folder_is_listed_once_however_many_pictures_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[Path] = []
    iterdir = Path.iterdir

    def noted(path: Path) -> Iterator[Path]:
        listed.append(path)
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", noted)
    (tmp_path / NFD).write_bytes(PNG)
    files = PictureFolder(tmp_path)
    assert [files.find(f"{n}.jpg") for n in range(50)] == [None] * 50
    assert files.find(NFC) == tmp_path / NFD
    assert listed == [tmp_path]


def test_a_folder_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent: there is no such folder of pictures"):
        FolderOfPictures(tmp_path / "absent")


# --- whether it is whole, and of the record's size ---


def encoded(kind: str, size: tuple[int, int] = (80, 60), mode: str = "RGB", **more: Any) -> bytes:
    image = pytest.importorskip("PIL.Image")
    made = image.effect_noise(size, 60).convert(mode)
    written = BytesIO()
    made.save(written, kind, **more)
    return written.getvalue()


def turned(orientation: int, size: tuple[int, int]) -> bytes:
    exif = pytest.importorskip("PIL.Image").Exif()
    exif[0x0112] = orientation
    return encoded("JPEG", size, exif=exif)


SIZE = (80, 60)
KINDS = ("JPEG", "PNG", "GIF", "WEBP")


@pytest.mark.parametrize("kind", KINDS)
def test_whole_pictures_go_out(kind: str) -> None:
    assert fault_of(encoded(kind), SIZE) is None


@pytest.mark.parametrize("mode", ["CMYK", "L", "RGB"])
def test_a_jpeg_may_have_other_colours_and_be_progressive(mode: str) -> None:
    assert fault_of(encoded("JPEG", mode=mode, progressive=True), SIZE) is None


@pytest.mark.parametrize("left", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_was_cut_off_is_broken(kind: str, left: float) -> None:
    body = encoded(kind)
    assert fault_of(body[: int(left * len(body))], SIZE) == "picture_broken"


@pytest.mark.parametrize("kind", KINDS)
def test_without_pillow_a_file_that_was_cut_off_is_broken_too(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = encoded(kind)
    for name in ("PIL", "PIL.Image"):
        monkeypatch.setitem(sys.modules, name, None)
    assert not can_decode()
    assert fault_of(body, (1, 1)) is None, "no size is compared"
    assert fault_of(body + b"\0" * 100, SIZE) is None, "cameras put some bytes behind the end"
    assert fault_of(body[: len(body) * 9 // 10], SIZE) == "picture_broken"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>not found</html>", b"RIFF0000AVI ", b"\xff\xd8\xff", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\0" * 5000],
)
def test_what_is_no_picture_is_broken(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "2.jpg").write_bytes(body)
    assert FolderOfPictures(tmp_path)(WHOLE) == "picture_broken"


def test_a_picture_with_a_hole_in_its_middle_is_broken() -> None:
    pytest.importorskip("PIL.Image")
    body, packed = png(8, 6), zlib.compress(bytes(9 * 6))
    assert packed in body
    assert fault_of(body.replace(packed, b"\xff" * len(packed)), (8, 6)) == "picture_broken"
    short = body.replace(struct.pack(">II", 8, 6), struct.pack(">II", 8, 60))
    assert fault_of(short, (8, 60)) == "picture_broken"


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "AVIF"])
def test_other_kinds_are_said_to_be_such(kind: str) -> None:
    try:
        body = encoded(kind, (64, 64))
    except (KeyError, OSError):
        pytest.skip(f"this Pillow writes no {kind}")
    assert fault_of(body, (64, 64)) == "picture_other_kind"


@pytest.mark.parametrize(
    ("found", "fits_pixels", "fits_shares"),
    [((80, 60), True, True), ((40, 30), False, True), ((160, 120), False, True), ((53, 40), False, True),
     ((60, 80), False, False), ((80, 80), False, False), ((80, 45), False, False)],
)  # fmt: skip
def test_a_copy_of_the_same_shape_will_do_where_no_record_has_pixels(
    found: tuple[int, int], fits_pixels: bool, fits_shares: bool
) -> None:
    body = encoded("JPEG", found)
    assert (fault_of(body, SIZE) is None) == fits_pixels
    assert (fault_of(body, SIZE, pixels=False) is None) == fits_shares
    assert fault_of(body, SIZE) in (None, "picture_size_differs")


@pytest.mark.parametrize(("orientation", "fits"), [(1, False), (3, False), (5, True), (6, True), (7, True), (8, True)])
def test_a_picture_that_exif_turns_may_have_either_size(orientation: int, fits: bool) -> None:
    body = turned(orientation, (60, 80))
    assert (fault_of(body, SIZE) is None) == fits
    assert fault_of(body, (60, 80)) is None


# --- what the page of a report shows ---


@pytest.mark.parametrize(
    ("body", "why_not"),
    [
        (lambda: encoded("JPEG"), ""),
        (lambda: encoded("JPEG", (40, 30)), ""),
        (lambda: encoded("JPEG")[:-400], "damaged"),
        (lambda: encoded("JPEG", (60, 80)), "not the size"),
        (lambda: b"", "no JPEG"),
        (lambda: b"<html>", "no JPEG"),
    ],
)
def test_the_page_shows_whole_pictures_alone(body: Callable[[], bytes], why_not: str, tmp_path: Path) -> None:
    (tmp_path / "2.jpg").write_bytes(body())
    photo = photo_at(tmp_path, "vg/2.jpg", SIZE)
    assert bool(photo.data) == (why_not == "")
    assert why_not in photo.why_not
    assert photo_at(tmp_path, "3.jpg", SIZE).why_not == "not found"
