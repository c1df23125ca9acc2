"""Runs that are taken up again by what they remember of themselves: regenerate, rebuild, reuse, deadlines, cron."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rehearsal import KEY, booked, ended, finished, generate, svit
from svit.contexts.store import build_store
from svit.records import ImageContext
from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions

TASKS = ("conversation", "complex_reasoning", "detail_description", "referring")
CRON = Path(__file__).parents[1] / "scripts" / "cron-regenerate"


def samples(run: Path, task: str = "referring") -> dict[int, bytes]:
    files = [path for path in (run / task).glob("*.jsonl") if "rejected" not in path.name]
    return {json.loads(line)["image_id"]: line for path in files for line in path.read_bytes().splitlines()}


def said(talk: str) -> list[dict[str, Any]]:
    """Return what was said in JSON; every line must be."""
    return [json.loads(line) for line in talk.splitlines()]


def test_regenerating_asks_only_for_what_has_no_sample_with_the_settings_and_prompts_of_the_run(
    tmp_path: Path, distinct: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(Path(__file__).parents[1] / "prompts", own)
    (own / "referring.txt").write_text((own / "referring.txt").read_text() + "\nWrite with care.\n")
    words = ("--task", "referring", "--contexts", distinct, "--prompts", own)
    with running(SimulatorOptions(port=0, faults=("refusal=0.5",))) as server:
        finished(generate(tmp_path, server, *words, more="attempts: 1\n"), 1)
        before = samples(tmp_path / "r")
        (tmp_path / "config.yaml").unlink()
        shutil.rmtree(own)
        paid = server.books()["billed"]
        talk = finished(svit(tmp_path, "regenerate", "r"), 0, 1)
        asked = server.books()["billed"] - paid
    assert 0 < len(before) < 60
    assert asked == 60 - len(before)
    assert f"{asked} requests: {asked} rejected: refusal" in talk
    after = samples(tmp_path / "r")
    assert {image: after[image] for image in before} == before, "what has a sample is left as it is"
    assert ended(tmp_path) == list(range(60))
    assert booked(tmp_path)["replies"] == 60 + asked


def test_regenerating_finishes_a_run_that_was_stopped(tmp_path: Path, distinct: Path) -> None:
    words = ("--task", "all", "--contexts", distinct)
    with running(SimulatorOptions(port=0, latency="1s")) as server:
        for deadline in ("8s", "30s"):  # a slow machine has asked nothing after the first
            talk = finished(generate(tmp_path, server, *words, "--deadline", deadline, in_flight=4), 5)
            assert "The deadline is reached. The same command continues." in talk
            if first := server.books()["billed"]:
                break
        assert 0 < first < 240
        port = int(server.url.split(":")[2].split("/")[0])
    lost = first - booked(tmp_path)["replies"]
    assert 0 <= lost <= 4, "what was under way was waited for, unless it was slower than any answer before"
    summary = json.loads((tmp_path / "r" / "run.json").read_bytes())
    assert summary["deadline"] is not None
    with running(SimulatorOptions(port=port)) as server:
        finished(svit(tmp_path, "regenerate", "r", "--deadline", "1h"), 0, 1)
        assert booked(tmp_path)["replies"] == first - lost + server.books()["billed"]
    for task in TASKS:
        assert ended(tmp_path, task) == list(range(60))


def test_rebuilding_needs_no_endpoint_and_makes_the_same_bytes(tmp_path: Path, distinct: Path) -> None:
    with running(SimulatorOptions(port=0, faults=("refusal=0.3",))) as server:
        finished(generate(tmp_path, server, "--task", "all", "--contexts", distinct, more="attempts: 1\n"), 1)
    before = {path: path.read_bytes() for path in (tmp_path / "r").glob("*/*.jsonl")}
    for path in before:
        path.write_text('{"torn')
    talk = finished(svit(tmp_path, "rebuild", "r", "--task", "referring"), 1)
    assert "conversation" not in talk
    finished(svit(tmp_path, "rebuild", "r"), 1)
    assert {path: path.read_bytes() for path in (tmp_path / "r").glob("*/*.jsonl")} == before


def test_replies_of_another_run_are_taken_and_cost_nothing(tmp_path: Path, distinct: Path) -> None:
    words = ("--task", "referring", "--contexts", distinct)
    with running(SimulatorOptions(port=0)) as server:
        finished(generate(tmp_path, server, *words, "--limit", "40"), 0, 1)
        (tmp_path / "r").rename(tmp_path / "first")
        paid = server.books()["billed"]
        talk = finished(generate(tmp_path, server, *words, "--reuse", "first"), 0, 1)
        asked = server.books()["billed"] - paid
    assert "40 replies were taken from the other run." in talk
    assert asked == 20
    assert f"{asked} requests: {asked} new prompt" in talk
    assert {image: samples(tmp_path / "r")[image] for image in range(40)} == samples(tmp_path / "first")
    status = svit(tmp_path, "status", "r", "--json")
    figures = json.loads(status.communicate(timeout=60)[0])
    assert figures["replies"] == 20
    assert "no run" in finished(generate(tmp_path, server, *words, "--reuse", "gone"), 2)


def test_talk_for_machines_is_json_to_the_last_line(tmp_path: Path, distinct: Path) -> None:
    words = ("--task", "referring", "--contexts", distinct, "--log-json")
    with running(SimulatorOptions(port=0, faults=("500=0.2",))) as server:
        lines = said(finished(generate(tmp_path, server, *words), 0, 1))
    assert all({"time", "event"} <= set(line) for line in lines)
    events = [line["event"] for line in lines]
    assert events[0] == "start"
    assert events.count("cost") == 1
    with running(SimulatorOptions(port=0, key="another")) as server:
        lines = said(finished(generate(tmp_path, server, *words, "--task", "conversation"), 4))
    assert lines[-1]["event"] == "error"
    assert lines[-1]["exit"] == 4


def test_cron_regenerates_until_all_is_done_and_writes_only_when_a_person_must_look(
    tmp_path: Path, distinct: Path
) -> None:
    (tmp_path / "key").write_text(KEY)
    keyed = f"key_file: {tmp_path / 'key'}\n"
    program = tmp_path / "svit"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m svit "$@"\n')
    program.chmod(0o755)

    def cron(*words: str) -> tuple[int, str]:
        command = [str(CRON), "--svit", str(program), str(tmp_path / "r"), *words]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=120)
        assert done.stdout == ""
        return done.returncode, done.stderr

    with running(SimulatorOptions(port=0, latency="200ms", key=KEY)) as server:
        words = ("--task", "referring", "--contexts", distinct, "--deadline", "6s")
        finished(generate(tmp_path, server, *words, in_flight=1, more=keyed), 5)
        (tmp_path / "key").write_text("sk-wrong")
        refused = cron()
        (tmp_path / "key").write_text(KEY)
        assert cron("--deadline", "2s") == (0, "")
        for _ in range(8):
            assert cron() == (0, "")
            if len(ended(tmp_path)) == 60:
                break
        assert ended(tmp_path) == list(range(60))
        log = [json.loads(line) for line in (tmp_path / "r" / "cron.log").read_text().splitlines()]
        assert {line["event"] for line in log} >= {"start", "cost", "end"}
        ours = booked(tmp_path)
        assert ours["replies"] <= server.books()["billed"] <= ours["replies"] + ours["unknown"]
        (tmp_path / "r" / "journal.db").unlink()
        lost = cron()
    for (code, mail), expected, reason in ((refused, 4, "refuses"), (lost, 2, "--start-over")):
        assert code == expected
        assert mail.count("\n") == 1
        assert reason in mail


@pytest.mark.parametrize("command", ["regenerate", "rebuild"])
def test_what_is_no_run_is_said(tmp_path: Path, command: str) -> None:
    assert "no run" in finished(svit(tmp_path, command, "nowhere"), 2)
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "run.json").write_text("{}")
    assert "another svit" in finished(svit(tmp_path, command, "r"), 2)


@pytest.fixture(scope="module")
def rich(sample: dict[int, ImageContext], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 12 images whose contexts alone are longer than what a prompt cache begins at."""
    path = tmp_path_factory.mktemp("rich") / "rich.contexts"

    def contexts() -> Iterator[ImageContext]:
        for n in range(12):
            more = tuple(f"A photo numbered {n}, seen from the side for the {m}th time." for m in range(120))
            yield msgspec.structs.replace(sample[n % 8 + 1], image_id=n, captions=more)

    build_store(path, contexts(), origin="rich")
    return path


def test_with_the_context_first_all_tasks_of_an_image_but_one_read_it_from_the_cache(
    tmp_path: Path, rich: Path
) -> None:
    levers = "attempts: 1\ncontext_first: true\ncaching: prefix\n"
    words = ("--task", "all", "--contexts", rich)
    with running(SimulatorOptions(port=0, latency="30ms")) as server:
        finished(generate(tmp_path, server, *words, more=levers), 0, 1)
        books = server.books()
        (tmp_path / "r").rename(tmp_path / "shared")
        finished(generate(tmp_path, server, *words, more="attempts: 1\n"), 0, 1)
        without = server.books()["cached_tokens"] - books["cached_tokens"]
    assert books["billed"] == 48
    written = books["cache_write_tokens"]
    assert written >= 12 * 1024, "each image's context is written once"
    assert books["cached_tokens"] == 3 * written, "and read by the three tasks that follow"
    assert without == 0
    assert booked(tmp_path, "shared")["cost"] < booked(tmp_path)["cost"]


def test_prompts_that_the_endpoint_finds_too_long_are_shortened_once_and_their_samples_say_so(
    tmp_path: Path, distinct: Path
) -> None:
    with running(SimulatorOptions(port=0, context_window=1024 + 900)) as server:
        words = ("--task", "detail_description", "--contexts", distinct)
        talk = finished(generate(tmp_path, server, *words, more="attempts: 1\n"), 0, 1)
        books = server.books()
    refused = books["statuses"]["400"]
    assert 0 < refused < 60
    assert books["billed"] == 60
    assert f"{refused} rejected: context_length_exceeded" in talk
    assert samples(tmp_path / "r", "detail_description")
    lines = [line for file in (tmp_path / "r").glob("*/*.jsonl") for line in file.read_bytes().splitlines()]
    assert sum(bool(json.loads(line)["provenance"]["left_out"]) for line in lines) == refused
    assert ended(tmp_path, "detail_description") == list(range(60))


def test_an_answer_in_the_wrong_form_is_shown_again_with_its_flaw_and_every_attempt_is_paid_once(
    tmp_path: Path, distinct: Path
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "referring.txt").write_text("Describe this.\n\n{{context}}")
    with running(SimulatorOptions(port=0)) as server:
        words = ("--task", "referring", "--contexts", distinct, "--limit", "5", "--prompts", "own")
        talk = finished(generate(tmp_path, server, *words, more="attempts: 3\n"), 1)
        books = server.books()
        again = finished(generate(tmp_path, server, *words, more="attempts: 3\non_flaw: {unparsable: fresh}\n"), 1)
        assert server.books()["billed"] == books["billed"] == 15
    assert "15 requests: 10 rejected: unparsable, 5 new prompt" in talk
    assert "nothing was asked" in again
    rows = svit(tmp_path, "show", "r", "1")
    shown = rows.communicate(timeout=60)[0]
    assert "--- assistant ---" in shown
    assert "It is not in the form that was asked for." in shown
    assert "completion, attempt 3" in shown
    assert (booked(tmp_path)["prompt_tokens"], booked(tmp_path)["replies"]) == (books["prompt_tokens"], 15)
    talk = finished(svit(tmp_path, "rebuild", "r"), 1)
    assert "unparsable" in talk


def test_what_the_flex_tier_refuses_and_the_default_tier_answers_is_paid_in_full(
    tmp_path: Path, distinct: Path
) -> None:
    with running(SimulatorOptions(port=0, faults=("flex_refused=0.3",), cache=False)) as server:
        words = ("--task", "referring", "--contexts", distinct)
        finished(generate(tmp_path, server, *words, more="service_tier: flex\n"), 0, 1)
        books = server.books()
    flex = books["flex"]
    assert 0 < flex["billed"] < books["billed"]
    whole = 100 * books["prompt_tokens"] + 500 * books["completion_tokens"]
    saved = 50 * flex["prompt_tokens"] + 250 * flex["completion_tokens"]
    assert booked(tmp_path)["cost"] == whole - saved


def test_a_disk_that_fails_to_sync_ends_in_a_sentence_and_nothing_acknowledged_is_lost(
    tmp_path: Path, distinct: Path
) -> None:
    """From the moment that answers come, each fsync of the process fails by a seccomp filter."""
    failing = Path(__file__).with_name("failing_disk.py")
    with running(SimulatorOptions(port=0, latency="100ms")) as server:
        words = ("--task", "all", "--contexts", distinct)
        generate(tmp_path, server, "--limit", "1", *words).communicate()
        command = ("generate", "--config", "config.yaml", "--run", "r", *map(str, words))
        talk = finished(svit(tmp_path, *command, before=(str(failing), "r/journal.db-wal", "200000")), 2)
        assert "cannot be used: disk I/O error" in talk
        billed = server.books()["billed"]
        assert 0 < billed < 240
        kept = booked(tmp_path)["replies"]
        assert kept > 0
        finished(generate(tmp_path, server, *words), 0, 1)
        ours = booked(tmp_path)
        assert server.books()["billed"] - ours["replies"] <= ours["unknown"], "what was not acknowledged is booked"
    for task in TASKS:
        assert ended(tmp_path, task) == list(range(60))


def test_the_key_is_written_nowhere_by_any_command(
    tmp_path: Path, distinct: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVIT_LEDGER", str(tmp_path / "ledger.db"))
    talk = ""
    with running(SimulatorOptions(port=0, key=KEY, faults=("all=0.2",), fault_attempts=1)) as server:
        words = ("--task", "referring", "--contexts", distinct, "--log-json", "--max-cost-per-month", "5")
        talk += finished(generate(tmp_path, server, *words, timeout=3.0, more="attempts: 1\n"), 0, 1)
        for command in (
            ["regenerate", "r", "--log-json"],
            ["rebuild", "r"],
            ["status", "r"],
            ["status", "r", "--json"],
        ):
            out, err = svit(tmp_path, *command).communicate(timeout=120)
            talk += out + err
        estimate = ["estimate", "--config", "config.yaml", "--task", "all", "--contexts", str(distinct), "--run", "r"]
        out, err = svit(tmp_path, *estimate).communicate(timeout=120)
        talk += out + err
        assert "Traceback" not in talk
    with running(SimulatorOptions(port=0, key="another")) as server:
        talk += finished(generate(tmp_path, server, "--task", "conversation", "--contexts", distinct), 4)
    talk += "".join(svit(tmp_path, "show", "r", "1").communicate(timeout=60))
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert (tmp_path / "ledger.db").exists()
    assert len(written) > 5
    assert os.environ.get("SVIT_TEST_KEY") is None
    assert not any(KEY.encode() in content for content in [*written, talk.encode()])
