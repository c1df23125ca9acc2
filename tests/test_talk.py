import time

import pytest

from svit.cli import talk


def test_what_others_wrote_does_not_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    talk.say("a \x1b[2J\r\x9b caption")
    talk.show("a \u202e phrase\twith a tab\n")
    said = capsys.readouterr()
    assert said.err == "a \ufffd[2J\ufffd\ufffd caption\n"
    assert said.out == "a \ufffd phrase\twith a tab\n\n"


@pytest.mark.parametrize("quiet", [False, True])
def test_where_there_is_no_terminal_progress_is_a_line_a_minute(
    quiet: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    progress = talk.Progress(quiet=quiet)
    with progress.of(200):
        for _ in range(130):
            now += 1
            progress.count("wrong_count" if now <= 10 else None)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ([] if quiet else ["60 of 200", "120 of 200"])
    assert quiet or lines[0].endswith(": 50 samples, 10 rejected")
