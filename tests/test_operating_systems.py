"""svit where Python lacks what only Linux has. Nothing here is run on Windows: what it lacks is taken away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from svit.report.figures_in_words import time_of
from svit.system.event_loop import loop_factory
from svit.system.operating_system import is_open_to_others, open_files, sync_folder

WITHOUT = Path(__file__).parent / "without_posix"
RECORD = (
    '{"image_id": "7", "image": "7.jpg", "width": 10, "height": 10, "captions": ["A sign in 日本 with a ☃."], '
    '"objects": [{"id": 1, "name": "sign", "box": [0.1, 0.1, 0.5, 0.5]}]}\n'
)


def ended(*words: str | Path, without: bool = True, **more: str) -> "subprocess.CompletedProcess[bytes]":
    """Run Python with these words, without what Windows lacks."""
    paths = {"PYTHONPATH": str(WITHOUT)} if without else {}
    environment = {**os.environ, "PYTHONPATH": "", **paths, **more}
    return subprocess.run([sys.executable, *words], env=environment, capture_output=True, check=False)


def test_every_module_can_be_imported() -> None:
    code = (
        "import importlib, pkgutil, svit, os, sys\n"
        "assert not hasattr(os, 'pread') and sys.modules['fcntl'] is None\n"
        "names = [each.name for each in pkgutil.walk_packages(svit.__path__, 'svit.')]\n"
        "[importlib.import_module(name) for name in names if not name.endswith('__main__')]\n"
        "print(len(names))"
    )
    done = ended("-W", "error", "-c", code)
    assert done.returncode == 0, done.stderr.decode()
    assert int(done.stdout) > 150


def test_a_run_is_the_same_to_the_byte_and_resumes_and_is_exported(tmp_path: Path) -> None:
    for name, without in (("here", False), ("there", True)):
        run = tmp_path / name
        for _ in range(2):
            done = ended("-m", "svit", "generate", "--task", "referring", "--run", run, without=without)
            assert done.returncode == 0, done.stderr.decode()
        for words in (("status", run), ("export", run, "--format", "llava-1.5", "-o", tmp_path / f"{name}-out")):
            done = ended("-m", "svit", *words, without=without)
            assert done.returncode == 0, done.stderr.decode()
    shards = sorted(path.relative_to(tmp_path / "here") for path in (tmp_path / "here").rglob("*.jsonl"))
    assert shards
    for shard in shards:
        assert (tmp_path / "here" / shard).read_bytes() == (tmp_path / "there" / shard).read_bytes()
    assert (tmp_path / "here-out/train.json").read_bytes() == (tmp_path / "there-out/train.json").read_bytes()


def test_the_simulator_heeds_a_signal_where_the_loop_cannot(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "svit", "simulate", "--port", "0", "--books", str(tmp_path / "books.json")]
    environment = {**os.environ, "PYTHONPATH": str(WITHOUT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"http://" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert (tmp_path / "books.json").is_file()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "utf-8"])
def test_a_console_without_a_letter_is_told_its_number(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text(RECORD, encoding="utf-8")
    store = tmp_path / "own.contexts"
    built = ended("-m", "svit", "contexts", "build", "--jsonl", tmp_path / "own.jsonl", "-o", store, without=False)
    assert built.returncode == 0, built.stderr.decode()
    words = ("-m", "svit", "prompt", "--task", "referring", "--contexts", store)
    done = ended(*words, without=False, PYTHONUTF8="0", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr.decode()
    shown = done.stdout.decode(encoding)
    assert ("A sign in 日本 with a ☃." if encoding == "utf-8" else r"A sign in \u65e5\u672c with a \u2603.") in shown


def test_few_open_files_are_said_where_uvloop_ends_the_process() -> None:
    code = (
        "import os, resource, sys\n"
        "from svit.errors import SvitError\n"
        "from svit.system.event_loop import loop_factory\n"
        "try:\n    import uvloop\nexcept ImportError:\n    pass\n"
        "now = len(os.listdir('/proc/self/fd')) - 1\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (now + int(sys.argv[1]),) * 2)\n"
        "try: factory = loop_factory()\n"
        "except SvitError as error: print(error)\n"
        "else: factory().close(); print('begun')\n"
    )
    pytest.importorskip("resource")
    said = [ended("-c", code, str(left), without=False) for left in (0, 1, 5, 40)]
    assert [done.returncode for done in said] == [0] * 4
    refused = b"A run cannot begin: Too many open files. Raise that limit (ulimit -n).\n"
    assert [done.stdout for done in said] == [refused, refused, refused, b"begun\n"]


def test_what_a_system_lacks_is_not_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").touch(0o644)
    assert is_open_to_others((tmp_path / "key").stat()) is hasattr(os, "geteuid")
    monkeypatch.delattr(os, "geteuid", raising=False)
    assert not is_open_to_others((tmp_path / "key").stat())
    monkeypatch.delattr(os, "O_DIRECTORY", raising=False)
    sync_folder(tmp_path / "none")
    monkeypatch.setitem(sys.modules, "resource", None)
    assert open_files() == (2**31, 2**31)
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory() is None


@pytest.mark.skipif(not hasattr(os, "O_DIRECTORY"), reason="folders are not opened here")
def test_a_folder_that_is_not_there_cannot_be_synced(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "none")


def test_a_day_has_no_zero_before_it() -> None:
    assert time_of("2026-11-06T05:07:00+00:00") == "6 November 2026, 05:07"
