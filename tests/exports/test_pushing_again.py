"""An export whose push failed is pushed again by the same command, and is not written anew."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from exports.test_exporting import line, written
from svit.cli import app
from svit.errors import ProviderRefusesError
from svit.exports import hub_upload
from svit.exports.pending_pushes import NOTE


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the pushes to a hub that refuses the first."""
    pushes: list[list[str]] = []

    def push(folder: Path, names: list[str], repo: str, *, public: bool = False) -> str:
        pushes.append(list(names))
        if len(pushes) == 1:
            raise ProviderRefusesError("The hub is away.")
        return f"hub/{repo}"

    monkeypatch.setattr(hub_upload, "push", push)
    monkeypatch.setattr(hub_upload, "client", lambda repo: None)
    return pushes


def exported(source: Path, out: Path, *more: str) -> tuple[int, str]:
    words = ["export", str(source), "-f", "llava-1.5", "-o", str(out), "--push-to-hub", "me/barns", *more]
    done = CliRunner().invoke(app, words)
    return done.exit_code, " ".join(done.output.split())


def test_the_same_command_pushes_again_and_then_no_more(tmp_path: Path, hub: list[list[str]]) -> None:
    source, out = written(tmp_path / "a.jsonl", [line(1)]), tmp_path / "out"
    assert exported(source, out)[0] != 0
    before = (out / "README.md").stat().st_mtime_ns
    code, said = exported(source, out, "--public")
    assert code == 0, said
    assert "Pushed to hub/me/barns" in said
    assert hub[0] == hub[1]
    assert NOTE not in hub[1]
    assert (out / "README.md").stat().st_mtime_ns == before
    assert not (out / NOTE).exists()
    assert "is there already" in exported(source, out)[1]


def test_another_command_or_changed_files_are_not_pushed(tmp_path: Path, hub: list[list[str]]) -> None:
    source, out = written(tmp_path / "a.jsonl", [line(1)]), tmp_path / "out"
    exported(source, out)
    assert "is there already" in exported(source, out, "--seed", "1")[1]
    (out / "README.md").write_text("other")
    code, said = exported(source, out)
    assert code == 2
    assert "was changed since" in said
    assert len(hub) == 1
