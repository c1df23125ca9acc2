"""How fast samples become a trainer's records, and in how much memory.

    python -m benchmarks.export [--sizes 1000 100000] [--formats llava-next ...]

The samples are the offline writers' of the bundled sample, all four tasks, under so many ids. Each export is a process
of its own; beside it stand the same lines decoded, encoded and written again and nothing else, and a plain copy.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from svit.config import read_config
from svit.contexts.sources.visual_genome import VisualGenome
from svit.exports.exporter import Export
from svit.exports.formats import NAMES, format_named
from svit.exports.samples import SampleReader
from svit.exports.selection import Choice
from svit.records import Completion, Sample
from svit.resources import SAMPLE, config_path
from svit.run.shards import lines_of, publish, sample_line
from svit.setup.task_jobs import jobs
from svit.tasks import chosen_tasks

BARS = {"llava-next": (60.0, 0.30), "qwen3-vl": (35.0, 0.17)}
"""MB/s of CPU that a format is to make at least, and as a share of decoding, encoding and writing alone."""
BAR = 30.0
"""MB that memory may grow from the smallest export to the largest."""


def sample_lines() -> list[dict[str, object]]:
    """Return a sample of each task for each image of the bundled sample."""
    with VisualGenome([SAMPLE], captions=[SAMPLE / "captions.json"]) as source:
        contexts = list(source)
    found = []
    for context in contexts:
        for job in jobs(read_config(config_path("offline"), {}), chosen_tasks(["all"])):
            prompt = job.task.prompt(context, job.recipe)
            result = job.task.judge(prompt, Completion(job.task.write_offline(context, 0), "stop", "m"), 1)
            assert isinstance(result, Sample)
            found.append(orjson.loads(sample_line(result)))
    return found


def numbered(samples: int) -> Iterator[bytes]:
    """Yield so many lines, four of each image."""
    lines = sample_lines()
    for n in range(samples):
        yield orjson.dumps({**lines[n % len(lines)], "image_id": n // 4}) + b"\n"


def export(name: str, source: Path, target: Path) -> None:
    """Export; copy where the name is `copy`, decode, encode and write each line where it is `bare`."""
    if name == "bare":
        publish(target, (orjson.dumps(orjson.loads(line)) + b"\n" for line in lines_of(source)))
    elif name == "copy":
        publish(target, lines_of(source))
    else:
        form = format_named(name)
        Export(SampleReader([source]), Choice(), form, form.style()).to_folder(target)


def measured(name: str, source: Path, target: Path) -> tuple[float, float]:
    """Return the CPU seconds and the peak of memory in MB of an export in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.export", "--one", name, str(source), str(target)]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    return told["cpu"], told["peak"]


def one(name: str, source: Path, target: Path) -> None:
    """Be one export, and print what it took."""
    start = time.process_time()
    export(name, source, target)
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"cpu": time.process_time() - start, "peak": peak}))


def main() -> None:
    """Print a line for each format."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000], help="samples (default: %(default)s)")
    parser.add_argument("--formats", nargs="+", default=list(NAMES), help="default: all")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.one[0], Path(args.one[1]), Path(args.one[2]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in args.sizes:
            publish(folder / f"{size}.jsonl", numbered(size))
        largest = folder / f"{max(args.sizes)}.jsonl"
        megabytes = largest.stat().st_size / 1e6
        copy, _ = measured("copy", largest, folder / "copy.jsonl")
        bare, _ = measured("bare", largest, folder / "bare")
        print(
            f"{max(args.sizes):,} samples, {megabytes:,.0f} MB of them; MB/s of CPU: decoded, encoded and "
            f"written {megabytes / bare:,.0f}, copied {megabytes / copy:,.0f}"
        )
        for form in args.formats:
            peaks = []
            for size in args.sizes:
                cpu, peak = measured(form, folder / f"{size}.jsonl", folder / f"{form}-{size}")
                peaks.append(peak)
            grown = max(peaks) - min(peaks)
            verdict = f"({'ok' if grown <= BAR else 'MISSED'}: at most {BAR:.0f})"
            speed, share = megabytes / cpu, bare / cpu
            asked = BARS.get(form)
            met = (
                f" ({'ok' if speed >= asked[0] and share >= asked[1] else 'MISSED'}: {asked[0]:.0f}, {asked[1]})"
                if asked
                else ""
            )
            print(
                f"  {form:14}{speed:6.1f} MB/s, {share:.2f} of that{met}; "
                f"memory {peaks[-1]:.0f} MB, grown by {grown:.1f} {verdict}",
                flush=True,
            )


if __name__ == "__main__":
    main()
