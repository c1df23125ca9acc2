from pathlib import Path

import pytest

from svit.errors import RunLockedError
from svit.runs import RunFolder


def test_one_holds_the_lock_and_lets_it_go(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "r")
    with run.locked(), pytest.raises(RunLockedError, match="another svit"), RunFolder(tmp_path / "r").locked():
        pass
    with run.locked():
        pass


def test_what_goes_wrong_under_the_lock_is_not_taken_for_a_held_lock(tmp_path: Path) -> None:
    """A write to a stdout that does not block raises BlockingIOError too."""
    with pytest.raises(BlockingIOError), RunFolder(tmp_path / "r").locked():
        raise BlockingIOError
