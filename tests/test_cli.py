"""The command line as a person meets it: a process, its exit code, what it writes and where."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from svit.contexts.store import ContextStore, build_store
from svit.records import ImageContext
from svit.run.folder import RunFolder

TASKS = ("conversation", "complex_reasoning", "detail_description", "referring")
SVIT = [sys.executable, "-m", "svit"]


@pytest.fixture(autouse=True)
def _as_python_is_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a buffer nothing is left in it when a pipe closes, which is the hard case."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


def svit(*words: str | Path, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*SVIT, *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"exit {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    assert "Traceback" not in done.stderr
    return done


def files_of(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.glob("*/*.jsonl"))}


def records(run: Path, task: str) -> list[dict[str, object]]:
    files = sorted(path for path in (run / task).glob("*.jsonl") if "rejected" not in path.name)
    return [json.loads(line) for path in files for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="session")
def many(sample: dict[int, ImageContext], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 1,200 images, the sample's over and over, so that a run takes a while and two shards."""
    path = tmp_path_factory.mktemp("many") / "many.contexts"
    contexts = (msgspec.structs.replace(sample[n % 8 + 1], image_id=n) for n in range(1200))
    build_store(path, contexts, origin="many")
    return path


def test_the_first_command_works_without_a_key_from_an_empty_directory(tmp_path: Path) -> None:
    done = svit("generate", "--task", "referring", cwd=tmp_path)
    assert done.stdout == ""
    run = tmp_path / "runs" / "sample-referring"
    assert [record["image_id"] for record in records(run, "referring")] == list(range(1, 9))
    assert re.search(r"referring +8 +0", done.stderr)
    assert "runs/sample-referring" in done.stderr
    assert "  svit show runs/sample-referring 1 " in done.stderr
    assert "\r" not in done.stderr
    assert "\x1b" not in done.stderr


def test_all_tasks_on_the_sample_have_no_rejection_and_the_second_time_nothing_is_asked(tmp_path: Path) -> None:
    svit("generate", "--task", "all", "--run", "r", cwd=tmp_path)
    before = files_of(tmp_path / "r")
    assert sorted(before) == sorted(f"{task}/00000.jsonl" for task in TASKS)
    done = svit("generate", "--task", "all", "--run", "r", cwd=tmp_path)
    assert "nothing was asked" in done.stderr
    assert files_of(tmp_path / "r") == before
    summary = json.loads((tmp_path / "r" / "run.json").read_bytes())
    assert summary["finished"]
    assert summary["tasks"]["referring"] == {"images": 8, "samples": 8, "rejected": {}}
    assert summary["config"]["provider"] == "offline"
    assert set(summary["prompts"]) == set(TASKS)
    done = svit("generate", "--task", "referring", "--run", "r", cwd=tmp_path)
    assert "conversation" not in done.stderr
    again = json.loads((tmp_path / "r" / "run.json").read_bytes())
    assert (again["prompts"], again["started"]) == (summary["prompts"], summary["started"])


def test_another_seed_writes_other_text(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        svit("generate", "--task", "referring", "--run", f"r{seed}", "--seed", seed, "--quiet", cwd=tmp_path)
    assert files_of(tmp_path / "r1") != files_of(tmp_path / "r2")


def test_stdout_carries_records_only_in_context_order(tmp_path: Path) -> None:
    done = svit("generate", "--task", "all", "--stdout", cwd=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["image_id"], line["task"]) for line in lines] == [(n, task) for n in range(1, 9) for task in TASKS]


def test_a_pipe_that_closes_ends_the_run_quietly_and_it_can_be_continued(tmp_path: Path, many: Path) -> None:
    command = [*SVIT, "generate", "--task", "referring", "--contexts", str(many), "--run", "r", "--stdout"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        talk = process.stderr.read()
    assert json.loads(first)["image_id"] == 0
    assert (process.returncode, talk) == (0, b"")
    assert not (tmp_path / "r" / "referring" / "00001.jsonl").exists()
    assert json.loads((tmp_path / "r" / "run.json").read_bytes())["finished"] is False
    svit("generate", "--task", "referring", "--contexts", many, "--run", "r", "--limit", "100", "-q", cwd=tmp_path)
    assert len(records(tmp_path / "r", "referring")) == 100


@pytest.fixture(scope="session")
def whole(many: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run over `many` leaves that nobody interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    svit("generate", "--task", "referring", "--contexts", many, "--run", "r", "-q", cwd=folder)
    return files_of(folder / "r")


def started(cwd: Path, many: Path) -> subprocess.Popen[bytes]:
    command = [*SVIT, "generate", "--task", "referring", "--contexts", str(many), "--run", "r"]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def when(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, "it ended before it could be stopped"
        assert time.monotonic() < until
        time.sleep(0.02)


def test_ctrl_c_ends_with_130_and_the_same_command_continues(
    tmp_path: Path, many: Path, whole: dict[str, bytes]
) -> None:
    with started(tmp_path, many) as process:
        when((tmp_path / "r" / "journal.db-wal").exists, process)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=60)
    assert process.returncode == 130, talk
    assert talk.decode().splitlines()[-1].startswith("svit: Interrupted.")
    assert b"Traceback" not in talk
    assert files_of(tmp_path / "r") != whole
    svit("generate", "--task", "referring", "--contexts", many, "--run", "r", "-q", cwd=tmp_path)
    assert files_of(tmp_path / "r") == whole


@pytest.mark.parametrize("moment", [0.05, 0.4, 1.0])
def test_a_killed_run_is_continued_to_the_same_bytes(
    tmp_path: Path, many: Path, whole: dict[str, bytes], moment: float
) -> None:
    with started(tmp_path, many) as process:
        when((tmp_path / "r" / "journal.db-wal").exists, process)
        time.sleep(moment)
        process.kill()
    svit("generate", "--task", "referring", "--contexts", many, "--run", "r", "-q", cwd=tmp_path)
    assert files_of(tmp_path / "r") == whole


def test_a_second_process_in_the_same_run_exits_75(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "r").locked():
        done = svit("generate", "--task", "referring", "--run", "r", cwd=tmp_path, code=75)
    assert done.stderr.startswith("svit: r: another svit is working in this run.")
    svit("generate", "--task", "referring", "--run", "r", cwd=tmp_path)


def test_images_without_a_sample_are_named_and_end_with_1(tmp_path: Path) -> None:
    bare = {"image_id": "a", "image": "a.jpg", "width": 9, "height": 9}
    (tmp_path / "own.jsonl").write_text(
        json.dumps(bare) + "\n" + json.dumps({**bare, "image_id": "b", "captions": ["A man."]})
    )
    svit("contexts", "build", "--jsonl", "own.jsonl", "-o", "own.contexts", cwd=tmp_path)
    done = svit("generate", "--task", "referring", "--contexts", "own.contexts", "--run", "r", cwd=tmp_path, code=1)
    assert "empty_context" in done.stderr
    rejected = (tmp_path / "r" / "referring" / "00000.rejected.jsonl").read_text().splitlines()
    assert [json.loads(line)["image_id"] for line in rejected] == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["generate", "--task", "refering"], "There is no task 'refering'. Choose one of: "),
        (["generate", "--task", "referring", "--config", "none"], "There is no config file 'none'"),
        (["generate", "--task", "referring", "--contexts", "none"], "none"),
        (["generate", "--task", "referring", "--visual-genome", "none"], "none"),
        (["generate", "--task", "referring", "--prompts", "none"], "no such folder"),
        (["generate", "--task", "referring", "--contexts", "a", "--visual-genome", "b"], "not both"),
        (
            ["generate", "--task", "referring", "--visual-genome", "a", "--coco-instances", "b"],
            "leave --coco-instances out",
        ),
        (["generate", "--task", "referring", "--limit", "0"], "--limit"),
        (["generate"], "--task"),
        (["contexts", "build", "-o", "x"], "Name what to read"),
        (["contexts", "stats", "none"], "none"),
        (["prompt", "--task", "all"], "Name one task"),
        (["show", "none", "1"], "no run of svit"),
        (["show", "bare", "1"], "another svit than this one wrote it"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_2(tmp_path: Path, words: list[str], sentence: str) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "run.json").write_text("{}")
    done = svit(*words, cwd=tmp_path, code=2)
    assert sentence in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "x").exists()


def test_a_run_of_other_contexts_is_not_mixed_in(tmp_path: Path, many: Path) -> None:
    svit("generate", "--task", "referring", "--run", "r", "-q", cwd=tmp_path)
    before = files_of(tmp_path / "r")
    done = svit("generate", "--task", "referring", "--run", "r", "--contexts", many, cwd=tmp_path, code=2)
    assert "made from other contexts" in done.stderr
    assert files_of(tmp_path / "r") == before


def test_own_prompt_files_are_sent_and_remembered(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "referring.txt").write_text("### system\nOld wording.\n### user\n{{context}}")
    assert "Old wording." in svit("prompt", "--task", "referring", "--prompts", "p", cwd=tmp_path).stdout
    svit("generate", "--task", "referring", "--prompts", "p", "--run", "r", cwd=tmp_path)
    (tmp_path / "p" / "referring.txt").write_text("### system\nNew wording.\n### user\n{{context}}")
    shown = svit("show", "r", "1", cwd=tmp_path).stdout
    assert "Old wording." in shown
    assert "New wording." not in shown
    assert svit("show", "../r", "1", cwd=tmp_path / "p").stdout == shown
    svit("generate", "--task", "referring", "--prompts", "p", "--run", "r", cwd=tmp_path)
    assert "New wording." in svit("show", "r", "1", cwd=tmp_path).stdout
    (tmp_path / "p" / "referring.txt").write_text("### system\nOld wording.\n### user\n{{context}}")
    svit("generate", "--task", "referring", "--prompts", "p", "--run", "r", cwd=tmp_path)
    assert "Old wording." in svit("show", "r", "1", cwd=tmp_path).stdout, "it made what is in the shards now"
    assert "no task 'conversation'" in svit("show", "r", "1", "--task", "conversation", cwd=tmp_path, code=2).stderr


def test_show_puts_context_prompt_completion_result_and_flaws_together(tmp_path: Path) -> None:
    svit("generate", "--task", "all", "--run", "r", "-q", cwd=tmp_path)
    shown = svit("show", "r", "1", cwd=tmp_path).stdout
    for task in TASKS:
        assert f"=== {task}, image 1 (images/astronaut.jpg) ===" in shown
    assert "woman: [0.0" in shown
    assert shown.count("--- completion, attempt 1 ---") == 4
    assert shown.count("--- flaws: 0 ---") == 4
    assert (
        shown.count("=== referring")
        == svit("show", "r", "1", "--task", "referring", cwd=tmp_path).stdout.count("===") / 2
    )
    assert "r" in svit("show", "r", "99", cwd=tmp_path, code=2).stderr


def test_contexts_are_built_counted_and_shown(tmp_path: Path, many: Path) -> None:
    from svit.resources import SAMPLE

    svit(
        *("contexts", "build", "--visual-genome", SAMPLE, "--coco-captions", SAMPLE / "captions.json"),
        *("-o", "sample.contexts"),
        cwd=tmp_path,
    )
    assert svit("contexts", "stats", "sample.contexts", cwd=tmp_path).stdout.startswith("8 images, 4 with captions")
    counted = json.loads(svit("contexts", "stats", "sample.contexts", "--json", cwd=tmp_path).stdout)
    assert counted["images"] == 8
    assert svit("contexts", "show", "sample.contexts", "1", cwd=tmp_path).stdout.startswith("captions:\n")
    record = svit("contexts", "show", "sample.contexts", "1", "--json", cwd=tmp_path).stdout
    (tmp_path / "own.jsonl").write_text(record)
    svit("contexts", "build", "--jsonl", "own.jsonl", "-o", "own.contexts", "-q", cwd=tmp_path)
    with ContextStore(tmp_path / "sample.contexts") as store, ContextStore(tmp_path / "own.contexts") as own:
        assert own.get(1) == store.get(1)
    assert json.loads(svit("contexts", "schema", cwd=tmp_path).stdout)["$defs"]["ImageContext"]


def test_tasks_are_listed(tmp_path: Path) -> None:
    lines = svit("tasks", cwd=tmp_path).stdout.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(TASKS)


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "svit", "--help"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "svit" in imported
    heavy = {
        "openai",
        "aiohttp",
        "pycocotools",
        "numpy",
        "pydantic",
        "tiktoken",
        "msgspec",
        "orjson",
        "tqdm",
        "yaml",
        "sqlite3",
    }
    assert not imported & heavy


def test_every_command_is_in_the_help_and_in_the_readme(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    for command in (
        "estimate",
        "generate",
        "status",
        "contexts build",
        "contexts stats",
        "contexts show",
        "contexts schema",
        "tasks",
        "prompt",
        "show",
        "simulate",
        "init",
        "runs",
        "regenerate",
        "rebuild",
        "report",
        "check",
        "export",
        "formats",
        "import",
        "config list",
        "config show",
        "config check",
        "config settings",
    ):
        assert svit(*command.split(), "--help", cwd=tmp_path).stdout.startswith("Usage:")
        assert f"svit {command}" in readme


@pytest.mark.parametrize("where", ["/dev/full"])
def test_a_full_disk_behind_stdout_is_said_and_not_traced(tmp_path: Path, where: str) -> None:
    with Path(where).open("wb") as full:
        done = subprocess.run(
            [*SVIT, "generate", "--task", "referring", "--stdout", "--run", "r"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"No space left" in done.stderr


def test_talk_that_nobody_hears_does_not_stop_a_run(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*SVIT, "generate", "--task", "referring", "--run", "r"], cwd=tmp_path, stderr=full)
    assert done.returncode == 0
    assert len(records(tmp_path / "r", "referring")) == 8


def test_a_run_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be used" in svit("generate", "--task", "referring", "--run", "file/r", cwd=tmp_path, code=2).stderr


@pytest.mark.parametrize("limit", [200_000, 600_000])
def test_a_full_disk_ends_in_a_sentence_and_the_run_continues(tmp_path: Path, many: Path, limit: int) -> None:
    """RLIMIT_FSIZE stands for the disk: writing past it fails like a full one."""
    import resource

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [*SVIT, "generate", "--task", "referring", "--contexts", str(many), "--run", "r", "--limit", "300"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, preexec_fn=small_disk)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "svit: r/" in done.stderr
    svit("generate", "--task", "referring", "--contexts", many, "--run", "r", "--limit", "300", "-q", cwd=tmp_path)
    assert len(records(tmp_path / "r", "referring")) == 300
    assert [file.name for file in (tmp_path / "r" / "referring").iterdir()] == ["00000.jsonl"]


def test_a_file_that_is_no_store_is_not_overwritten(tmp_path: Path) -> None:
    own = json.dumps({"image_id": 1, "image": "a.jpg", "width": 9, "height": 9, "captions": ["A man."]})
    (tmp_path / "own.jsonl").write_text(own)
    done = svit("contexts", "build", "--jsonl", "own.jsonl", "-o", "own.jsonl", cwd=tmp_path, code=2)
    assert "no context store" in done.stderr
    assert (tmp_path / "own.jsonl").read_text() == own
    for _ in range(2):
        svit("contexts", "build", "--jsonl", "own.jsonl", "-o", "own.contexts", cwd=tmp_path)


def test_a_run_that_was_moved_is_shown_and_continued(tmp_path: Path) -> None:
    svit("generate", "--task", "referring", "--run", "a", "-q", cwd=tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert "=== referring, image 1" in svit("show", "b", "1", cwd=tmp_path).stdout
    assert "nothing was asked" in svit("generate", "--task", "referring", "--run", "b", cwd=tmp_path).stderr


def test_versions_in_folder_names_make_different_runs(tmp_path: Path) -> None:
    from svit.cli.annotation_options import Annotations

    for name in ("v1.2", "v1.4"):
        (tmp_path / name).mkdir()
    names = {Annotations.named(visual_genome=[tmp_path / name]).name for name in ("v1.2", "v1.4")}
    assert names == {"v1.2", "v1.4"}
