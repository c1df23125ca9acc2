"""The card of runs that were really made: its figures are those of the shards, the journal and the endpoint's books."""

import json
from pathlib import Path

from exports.cards import row, section
from rehearsal import finished, generate
from svit.cost.prices import dollars
from svit.exports.base import ExportedFile, Format, Style
from svit.exports.card.dataset_card import CardFacts, card
from svit.exports.card.origins import run_facts
from svit.exports.sample_counts import Counts
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions

FORMAT = Format("svit", "as SVIT was published", "none", lambda _item, _style: {})


def told_of(folder: RunFolder) -> tuple[str, Counts]:
    counts = Counts()
    for path in sorted(folder.path.glob("*/[0-9][0-9][0-9][0-9][0-9].jsonl")):
        for line in path.read_text().splitlines():
            counts.add(json.loads(line))
    written = (ExportedFile("train.jsonl", "train", counts.total()),)
    export = CardFacts(FORMAT, Style(), written, ("svit", "export", "r", "--format", "svit", "-o", "out"))
    return card(export, counts, [run_facts(folder, now=0.0)]), counts


def test_a_paid_and_verified_run(tmp_path: Path, distinct: Path) -> None:
    words = ("--task", "referring", "--contexts", distinct, "--verify", "gpt-6-sol")
    with running(SimulatorOptions(port=0, faults=("refusal=0.3",))) as server:
        finished(generate(tmp_path, server, *words, more="attempts: 2\n"), 0, 1)
        billed = server.books()
    folder = RunFolder(tmp_path / "r")
    text, counts = told_of(folder)
    with Journal(folder.journal, read_only=True) as journal:
        spent = journal.spent()
        [shard] = journal.shards()
    rejected = sum(shard.flaws.values())
    assert rejected > 0 < counts.attempts[2]
    cost = section(text, "Cost")
    assert f"cost {dollars(spent.cost)} for all its tasks: {spent.replies:,} replies" in cost
    assert f"{billed['prompt_tokens']:,} tokens in, {billed['completion_tokens']:,} tokens out" in cost
    assert "asked `gpt-6-sol` for a second opinion" in cost
    found = section(text, "What was found wrong")
    rate = f"{100 * rejected / shard.images:.2f}"
    assert row(found, "`referring`") == [str(shard.samples), str(rejected), rate, "0"]
    for code, count in shard.flaws.items():
        assert row(found, f"`{code}`") == [str(count)]
    writers = section(text, "Who wrote and who verified")
    assert row(writers, "attempt 2") == [str(counts.attempts[2])]
    assert row(writers, "`gpt-6-luna`") == row(writers, "`gpt-6-sol`") == [str(shard.samples)]
    assert row(section(text, "What is in it"), "all")[0] == str(shard.samples)
    assert "The run `r` read `distinct`." in section(text, "Sources and licences")
