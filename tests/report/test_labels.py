"""Labels of boxes: on no small box, on no other label, inside the photograph, however many and small the boxes are."""

from random import Random

import pytest

from svit.report.box_labels import LINE, MOST_COVERED, Label, LabelArea, labels, width_of

WIDTH, HEIGHT = 400.0, 300.0


def boxes_in(count: int, least: float, most: float, *, seed: int, height: float = HEIGHT) -> list[LabelArea]:
    lot = Random(seed)
    found = []
    for _ in range(count):
        wide, tall = lot.uniform(least, most), lot.uniform(least, most)
        x, y = lot.uniform(0, WIDTH - wide), lot.uniform(0, max(0.0, height - tall))
        found.append(LabelArea(x, y, x + wide, min(height, y + tall)))
    return found


def hidden(found: list[Label], boxes: list[LabelArea]) -> list[tuple[str, float]]:
    """Return the labels that cover more of a box than they may, and how much of it."""
    shares = [(each.text, each.area.shared(box) / box.size) for each in found for box in boxes]
    return [(text, share) for text, share in shares if share > MOST_COVERED + 1e-9]


def crossed(found: list[Label]) -> list[tuple[str, str]]:
    return [
        (one.text, other.text)
        for n, one in enumerate(found)
        for other in found[n + 1 :]
        if one.area.shared(other.area) > 1e-9
    ]


PICTURES = {
    "one small box": boxes_in(1, 5, 5, seed=1),
    "one box over all": [LabelArea(0, 0, WIDTH, HEIGHT)],
    "small boxes in a large one": [LabelArea(20, 20, 380, 280), *boxes_in(8, 4, 12, seed=2)],
    "many small boxes": boxes_in(30, 4, 16, seed=3),
    "boxes of all sizes": boxes_in(14, 6, 250, seed=4),
    "boxes in the corners": [
        LabelArea(0, 0, 6, 6),
        LabelArea(394, 0, 400, 6),
        LabelArea(0, 294, 6, 300),
        LabelArea(394, 294, 400, 300),
    ],
    "boxes one in another": [LabelArea(100 + 9 * n, 80 + 9 * n, 280 - 9 * n, 250 - 9 * n) for n in range(9)],
    "a row of thin boxes": [LabelArea(10 + 24 * n, 20, 13 + 24 * n, 280) for n in range(15)],
    "the same box again and again": [LabelArea(200, 150, 208, 158)] * 5,
}


@pytest.mark.parametrize("name", PICTURES)
def test_no_label_hides_a_box_or_another_label(name: str) -> None:
    boxes = PICTURES[name]
    found = labels(boxes, ["a long name", "cat", "the second tree"] * 20, WIDTH, HEIGHT)
    assert hidden(found, boxes) == []
    assert crossed(found) == []
    assert [each.text.split()[0] for each in found] == [str(n + 1) for n in range(len(boxes))]
    for each in found:
        assert 0 <= each.area.x1 < each.area.x2 <= WIDTH
        assert 0 <= each.area.y1 < each.area.y2 <= HEIGHT


@pytest.mark.parametrize("seed", range(20))
def test_no_label_hides_a_box_of_any_draw(seed: int) -> None:
    boxes = boxes_in(4 + seed, 3, 20 + 12 * seed, seed=100 + seed)
    found = labels(boxes, ["a thing"] * len(boxes), WIDTH, HEIGHT)
    assert hidden(found, boxes) == []
    assert crossed(found) == []


def test_a_label_stands_at_its_box_or_at_the_end_of_a_line_from_it() -> None:
    for boxes in PICTURES.values():
        for box, label in zip(boxes, labels(boxes, ["name"] * len(boxes), WIDTH, HEIGHT), strict=True):
            if label.line is None:
                assert label.area.distance(box) < 3
            else:
                x, y, end, bottom = label.line
                assert (x, y) == ((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2)
                assert label.area.x1 <= end <= label.area.x2
                assert label.area.y1 <= bottom <= label.area.y2


def test_a_large_box_has_its_label_in_its_corner() -> None:
    [label] = labels([LabelArea(50, 60, 350, 260)], ["sky"], WIDTH, HEIGHT)
    assert label == Label("1 sky", LabelArea(51, 61, 51 + width_of("1 sky"), 61 + LINE))


@pytest.mark.parametrize(("width", "height"), [(400.0, 40.0), (400.0, 1600.0), (400.0, 10.0)])
def test_odd_shapes_have_labels_too(width: float, height: float) -> None:
    boxes = boxes_in(6, 2, 9, seed=5, height=height)
    found = labels(boxes, ["thing"] * 6, width, height)
    assert len(found) == 6
    if height > 2 * LINE:
        assert hidden(found, boxes) == []


def test_more_boxes_than_there_is_room_for_have_their_numbers_all_the_same() -> None:
    tiled = [LabelArea(x, y, x + 20, y + 20) for x in range(0, 400, 20) for y in range(0, 300, 20)][:60]
    assert len(labels(tiled, ["thing"] * 60, WIDTH, HEIGHT)) == 60
