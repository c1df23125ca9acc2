"""What it costs to find, read and decode the pictures that go into a table or an archive.

    python -m benchmarks.pictures [--pictures 1000]

The pictures are the bundled sample's, one after another as often as it takes. Beside it stands reading the files alone.
"""

import argparse
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from svit.contexts.sources.visual_genome import VisualGenome
from svit.exports.base import Item
from svit.exports.record_pictures import FolderOfPictures
from svit.image_files.image_folder import can_decode
from svit.resources import SAMPLE

BAR = 10.0
"""Seconds of one processor for 1,000 pictures: with 108,077 of Visual Genome that is 18 minutes."""


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds of one processor that the work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """Print the two figures; fail when the bar is passed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=1000)
    many = parser.parse_args().pictures
    with VisualGenome([SAMPLE]) as source:
        items = [Item("", each.image_id, each.image, each.width, each.height, "", ()) for each in source]
    wanted = list(islice(cycle(items), many))
    read = seconds(lambda: [(SAMPLE / Path(item.image)).read_bytes() for item in wanted])
    pictures = FolderOfPictures(SAMPLE)

    def look() -> None:
        for item in wanted:
            assert isinstance(pictures(item), bytes), item

    looked = seconds(look)
    how = "decoded" if can_decode() else "their ends looked at (no Pillow)"
    print(f"{many:,} pictures: read {read:.2f} s; found, read and {how} {looked:.2f} s")
    assert looked * 1000 / many < BAR


if __name__ == "__main__":
    main()
