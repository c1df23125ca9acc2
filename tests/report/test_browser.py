"""The page in a real browser: it asks for nothing, complains of nothing, and its boxes lie where the text says."""

import asyncio
import base64
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


_LABELS = """
[...document.querySelectorAll('.card')].filter(card => card.querySelector('.box')).map(card => {
  card.querySelector('details')?.setAttribute('open', '')
  const side = element => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] }
  return {
    photo: side(card.querySelector('.photo, .frame')),
    boxes: [...card.querySelectorAll('.box')].map(box => {
      const m = box.getScreenCTM(), b = box.getBBox(), x = b.x * m.a + m.e, y = b.y * m.d + m.f
      return [x, y, x + b.width * m.a, y + b.height * m.d]
    }),
    labels: [...card.querySelectorAll('.b text')].map(side),
  }
})
"""
_SCROLLED = """
[...document.querySelectorAll('main *, header *')].filter(element => {
  const style = getComputedStyle(element)
  return element.scrollWidth > element.clientWidth + 1 && element.clientWidth && style.display !== 'inline'
    && ['auto', 'scroll', 'hidden'].includes(style.overflowX) && !element.closest('svg')
}).map(element => element.tagName + '.' + element.className)
"""
_BROKEN = """
[...document.querySelectorAll('th, td')].filter(cell => {
  const long = Math.max(0, ...cell.textContent.split(/[\\s-]+/).map(word => word.length))
  const range = document.createRange()
  range.selectNodeContents(cell)
  const lines = new Set([...range.getClientRects()].map(line => Math.round(line.top)))
  const words = cell.textContent.trim().split(/[\\s-]+/).length
  return long && cell.getClientRects().length && !cell.querySelector('svg') && lines.size > words
}).map(cell => cell.textContent)
"""
_WIDEST = "Math.max(...[...document.querySelectorAll('main *, header *')].map(e => e.getBoundingClientRect().right))"


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
    page: Path, folder: Path, *scripts: str, width: int = 1200, scheme: str = "light", media: str = "screen"
) -> tuple[Tab, list[Any]]:
    """Open the page in a window of this width, and return what the scripts come to there."""

    target = page.absolute().as_uri()

    async def look(address: str) -> tuple[Tab, list[Any]]:
        async with tab(address) as opened:
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
            await opened.call("Emulation.setDeviceMetricsOverride", **size)
            scheme_now = [{"name": "prefers-color-scheme", "value": scheme}]
            await opened.call("Emulation.setEmulatedMedia", media=media, features=scheme_now)
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
            assert picture["labels"][int(number) - 1].split()[0] == number
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


@pytest.mark.parametrize(("width", "media"), [(1200, "screen"), (390, "screen"), (700, "print")])
def test_no_label_hides_a_small_box_or_another_label(run: Path, tmp_path: Path, width: int, media: str) -> None:
    _, [cards] = looked_at(run / "report.html", tmp_path, _LABELS, width=width, media=media)
    assert len(cards) == 8
    for card in cards:
        for n, label in enumerate(card["labels"]):
            assert all(shared(label, other) < 2 for other in card["labels"][:n])
            for box in card["boxes"]:
                assert shared(label, box) < 0.12 * area(box) + 2, (label, box)
            left, top, right, bottom = card["photo"]
            assert left - 1 < label[0] < label[2] < right + 1
            assert top - 1 < label[1] < label[3] < bottom + 1


def area(place: list[float]) -> float:
    return (place[2] - place[0]) * (place[3] - place[1])


def shared(one: list[float], other: list[float]) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    return wide * tall if wide > 0 and tall > 0 else 0.0


@pytest.mark.parametrize("name", ["report.html", "frames.html"])
def test_nothing_scrolls_sideways_on_paper_and_nothing_leaves_a_phone(run: Path, tmp_path: Path, name: str) -> None:
    paper, phone = tmp_path / "paper", tmp_path / "phone"
    paper.mkdir()
    phone.mkdir()
    _, [scrolled, widest] = looked_at(run / name, paper, _SCROLLED, _WIDEST, width=700, media="print")
    assert scrolled == []
    assert widest <= 700
    width = "document.documentElement.scrollWidth"
    _, [wide, scrolled, broken] = looked_at(run / name, phone, width, _SCROLLED, _BROKEN, width=390)
    assert wide == 390
    assert set(scrolled) <= {"DIV.scroll", "DIV.wide"}, "what is wider than a phone is in a frame of its own"
    assert broken == [], "no word of a table is broken: Sample-s, Conver-sation"


def test_several_samples_are_on_a_printed_page_and_none_is_cut(run: Path, tmp_path: Path) -> None:
    tall = "[...document.querySelectorAll('.card')].map(card => card.getBoundingClientRect().height)"
    uncut = "[...document.querySelectorAll('.card')].map(card => getComputedStyle(card).breakInside)"
    _, [heights, breaks] = looked_at(run / "report.html", tmp_path, tall, uncut, width=700, media="print")
    assert set(breaks) == {"avoid"}
    assert len(heights) == 32
    assert sum(heights) / len(heights) < 1000 / 3, "a page of A4 has about 1,000 px"
    assert pages(run / "report.html", tmp_path) < 20


def pages(page: Path, folder: Path) -> int:
    """Return how many pages the browser prints."""

    target = page.absolute().as_uri()

    async def printed(address: str) -> bytes:
        async with tab(address) as opened:
            await opened.open(target)
            return base64.b64decode((await opened.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69))["data"])

    (folder / "printing").mkdir()
    with browser(folder / "printing") as address:
        return len(re.findall(rb"/Type\s*/Page\b", asyncio.run(printed(address))))


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
