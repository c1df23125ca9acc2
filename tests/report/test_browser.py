"""The page in a real browser: it asks for nothing, complains of nothing, and its boxes lie where the text says."""

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest

from report.browser import CHROMIUM, Tab, browser, tab
from report.made import records_of, sample_run, svit
from svit.resources import SAMPLE

_PICTURES = """
[...document.querySelectorAll('.card')].filter(card => card.querySelector('.box')).map(card => {
  const place = element => { const r = element.getBoundingClientRect(); return [r.x, r.y, r.width, r.height] }
  card.querySelector('details')?.setAttribute('open', '')
  return {
    caption: card.querySelector('.caption').textContent,
    photo: place(card.querySelector('.photo, .frame')),
    boxes: [...card.querySelectorAll('.box')].map(box => {
      const m = box.getScreenCTM(), b = box.getBBox()
      return [b.x * m.a + m.e, b.y * m.d + m.f, b.width * m.a, b.height * m.d]
    }),
    strokes: [...card.querySelectorAll('.box')].map(box => getComputedStyle(box).stroke),
    labels: [...card.querySelectorAll('.b text')].map(label => label.textContent),
    marks: [...card.querySelectorAll('mark.m')].map(mark => [mark.textContent, getComputedStyle(mark).color]),
    seen: [...card.querySelectorAll('.box')].every(box => getComputedStyle(box).visibility === 'visible'),
  }
})
"""


@pytest.fixture(autouse=True)
def _a_browser_is_there() -> None:
    if CHROMIUM is None:
        if os.environ.get("SVIT_BROWSER") == "required":
            pytest.fail("there is no Chromium: install the package chromium")
        pytest.skip("no Chromium on this machine")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = sample_run(tmp_path_factory.mktemp("browser") / "run")
    svit("report", folder, "--images", SAMPLE)
    svit("report", folder, "-o", folder / "frames.html")
    return folder


def looked_at(
    page: Path, folder: Path, *scripts: str, width: int = 1200, scheme: str = "light"
) -> tuple[Tab, list[Any]]:
    """Open the page in a window of this width, and return what the scripts come to there."""

    target = page.absolute().as_uri()

    async def look(address: str) -> tuple[Tab, list[Any]]:
        async with tab(address) as opened:
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
            await opened.call("Emulation.setDeviceMetricsOverride", **size)
            scheme_now = [{"name": "prefers-color-scheme", "value": scheme}]
            await opened.call("Emulation.setEmulatedMedia", features=scheme_now)
            await opened.open(target)
            return opened, [await opened.value(script) for script in scripts]

    with browser(folder) as address:
        return asyncio.run(look(address))


@pytest.mark.parametrize("width", [1200, 420])
@pytest.mark.parametrize("name", ["report.html", "frames.html"])
def test_the_boxes_lie_on_the_photographs_where_the_text_has_them(
    run: Path, tmp_path: Path, name: str, width: int
) -> None:
    seen, [pictures] = looked_at(run / name, tmp_path, _PICTURES, width=width)
    assert [address for address in seen.requests if not address.startswith("data:image/jpeg")] == [
        (run / name).absolute().as_uri()
    ]
    assert seen.complaints == []
    samples = {each["image_id"]: each for each in records_of(run / "referring" / "00000.jsonl")}
    assert len(pictures) == len(samples) == 8
    for picture in pictures:
        sample = samples[int(re.findall(r"\d+", picture["caption"])[0])]
        x, y, wide, tall = picture["photo"]
        assert wide / tall == pytest.approx(sample["width"] / sample["height"], rel=0.01)
        assert picture["seen"]
        expected = boxes_of(sample)
        assert len(picture["boxes"]) == len(expected)
        for [left, top, w, h], [x1, y1, x2, y2] in zip(picture["boxes"], expected, strict=True):
            assert left == pytest.approx(x + x1 * wide, abs=1)
            assert top == pytest.approx(y + y1 * tall, abs=1)
            assert left + w == pytest.approx(x + x2 * wide, abs=1)
            assert top + h == pytest.approx(y + y2 * tall, abs=1)


def boxes_of(sample: dict[str, Any]) -> list[list[float]]:
    """Return the boxes of a sample's texts as they come, each once."""
    texts = [said["value"] for block in sample["conversations"] for said in block["content"]]
    found = re.findall(r"\[([\d., ]+)\]", "\n".join(texts))
    return [[float(number) for number in box.split(",")] for box in dict.fromkeys(found)]


def test_a_word_has_the_number_and_the_colour_of_its_box(run: Path, tmp_path: Path) -> None:
    _, [pictures] = looked_at(run / "report.html", tmp_path, _PICTURES)
    for picture in pictures:
        assert [int(label.split()[0]) for label in picture["labels"]] == list(range(1, len(picture["boxes"]) + 1))
        assert len(set(picture["strokes"])) == min(8, len(picture["boxes"]))
        for word, colour in picture["marks"]:
            name, number = re.fullmatch(r"(.*?)(\d+)(?: \d+)*", word).groups()  # type: ignore[union-attr]
            assert picture["strokes"][int(number) - 1] == colour
            assert picture["labels"][int(number) - 1].startswith(f"{number} ")
            assert name.strip()


def test_the_page_fits_a_phone_and_knows_the_night(run: Path, tmp_path: Path) -> None:
    scripts = ("document.documentElement.scrollWidth", "getComputedStyle(document.body).backgroundColor")
    (tmp_path / "day").mkdir()
    (tmp_path / "night").mkdir()
    _, [wide, day] = looked_at(run / "report.html", tmp_path / "day", *scripts, width=420)
    _, [_, night] = looked_at(run / "report.html", tmp_path / "night", *scripts, scheme="dark")
    assert wide == 420
    assert brightness(day) > 200
    assert brightness(night) < 50


def brightness(colour: str) -> float:
    red, green, blue = (int(number) for number in re.findall(r"\d+", colour)[:3])
    return (red + green + blue) / 3


def test_what_a_page_must_not_do_would_be_seen(run: Path, tmp_path: Path) -> None:
    page = (run / "frames.html").read_text()
    spied = tmp_path / "spied.html"
    spied.write_text(page.replace("</main>", '<script>throw 1</script><img src="http://127.0.0.1:9/x.png"></main>'))
    kept, _ = looked_at(spied, tmp_path)
    assert "Content Security Policy" in "".join(kept.complaints)
    spied.write_text(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", spied.read_text()))
    (tmp_path / "again").mkdir()
    loose, _ = looked_at(spied, tmp_path / "again")
    assert "http://127.0.0.1:9/x.png" in loose.requests
    assert "Uncaught" in "".join(loose.complaints)
