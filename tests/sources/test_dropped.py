import pytest

from svit.contexts.dropped_annotations import Dropped
from svit.errors import DataError


def test_what_is_dropped_is_counted_with_its_first_places_and_its_share() -> None:
    dropped = Dropped()
    dropped.read["object"] = 100
    for row in range(6):
        dropped.drop("object_box_missing", "object", f"a.json: record {row}")
    dropped.note("object_is_a_crowd", "a.json: record 7", number=2)
    assert dropped == {"object_box_missing": 6, "object_is_a_crowd": 2}
    assert dropped.places["object_box_missing"] == [f"a.json: record {row}" for row in range(3)]
    assert dropped.loud() == {"object": (6, 100)}
    dropped.read["object"] = 120
    assert dropped.loud() == {}
    dropped.clear()
    assert (dropped, dropped.places, dropped.lost, dropped.read) == ({}, {}, {}, {})


def test_strict_stops_at_the_first_drop_and_at_no_repair() -> None:
    dropped = Dropped(strict=True)
    dropped.note("object_box_clipped", "a.json: record 7")
    with pytest.raises(DataError, match=r"a\.json: record 8: object box missing\. Correct it, or leave out --strict\."):
        dropped.drop("object_box_missing", "object", "a.json: record 8")
