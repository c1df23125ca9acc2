"""The judge over data that exists: SVIT's, LLaVA's and our own shapes, what is found in them, and what is left."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from published import LONG, MAN, PAIR, PUBLISHED, YARD, Entry, Pair, array, blocks, lines, llava, own, referring
from svit.contexts.store import build_store
from svit.datasets.audit import audit
from svit.datasets.audit_report import AuditReport
from svit.datasets.record_forms import read
from svit.errors import DataError, SvitError
from svit.prompting.render import PromptRecipe, Template
from svit.prompting.tokens import TokenCounter
from svit.records import Completion, Draft, ImageContext, Prompt, Sample, Sampling
from svit.resources import PROMPTS
from svit.run.shards import sample_line
from svit.tasks import TASKS


def flaws(report: AuditReport) -> dict[str, int]:
    """How many records have each flaw."""
    return {flaw.code: flaw.records for task in report.tasks for flaw in task.flaws}


def fixed(path: Path) -> list[Entry]:
    """The records of a file that --fix wrote."""
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if text.startswith("[") else list(map(json.loads, text.splitlines()))


@pytest.fixture
def yard(tmp_path: Path) -> Path:
    """A store with one image."""
    path = tmp_path / "yard.contexts"
    build_store(path, [YARD], origin="a test")
    return path


@pytest.mark.parametrize("code", PUBLISHED)
def test_every_published_fault_is_found_and_dropped(code: str, tmp_path: Path, yard: Path) -> None:
    good = blocks(41, [("Describe this image in detail.", LONG)])
    out = tmp_path / "out.json"
    report = audit(array(tmp_path, good, PUBLISHED[code]), contexts=yard, fix=out)
    assert flaws(report) == {code: 1}
    assert report.fix
    assert report.fix.dropped == {code: 1}
    assert fixed(out) == [good]


def test_without_contexts_only_the_text_is_judged(tmp_path: Path, yard: Path) -> None:
    invented = referring("Who stands beside the <st>hen<ed> [0.8, 0.05, 0.9, 0.15]?")
    path = array(tmp_path, invented, {**invented, "image_id": 42})
    assert flaws(audit(path)) == {}
    report = audit(path, contexts=yard)
    assert flaws(report) == {"box_not_annotated": 1}
    assert report.contexts
    assert (report.contexts.with_context, report.contexts.without_context) == (1, 1)


@pytest.mark.parametrize(
    ("name", "image", "known"),
    [
        ("000000000041", "coco/train2017/000000000041.jpg", 0),  # another image of the same number
        ("41", "41.jpg", 1),
        ("x41", "vg/VG_100K_2/41.jpg", 1),
        ("41", "vg/VG_100K/40.jpg", 0),
        ("41", "", 1),
    ],
)
def test_a_context_is_taken_only_for_the_image_that_the_record_names(
    name: str, image: str, known: int, tmp_path: Path, yard: Path
) -> None:
    entry = {**llava(name, ("What is on the wall?", "A ladder is on the wall.")), "image": image}
    report = audit(array(tmp_path, entry), contexts=yard)
    assert report.contexts
    assert report.contexts.with_context == known


SHAPES = [
    (blocks(1, [PAIR] * 2, topic="Work"), "conversation"),
    (blocks(1, [PAIR, ("And the hens?", "They stay away.")]), "conversation"),
    (blocks(1, [("Please give a detailed description of the image.", LONG)]), "detail_description"),
    (blocks(1, [("What is happening in the scene?", LONG)]), "detail_description"),
    (
        blocks(1, [("What is the man on the left doing in the image?", "He leans a ladder on a wall.")]),
        "complex_reasoning",
    ),
    (blocks(1, [(f"Who is the <st>man<ed> {MAN}?", "A painter.")]), "referring"),
    (blocks(1, [PAIR], [("Is the wall dry?", "Most likely, as the sky is clear.")]), "complex_reasoning"),
    (llava("000000000001", ("<image>\nWhat is on the wall?", "A ladder."), ("Is it high?", "Yes.")), "conversation"),
    (llava("000000000001", ("<image>\nWhat do you see happening in this image?", LONG)), "detail_description"),
    (llava("000000000001", ("Why is the man careful?\n<image>", "The ladder is old.")), "complex_reasoning"),
    (own("referring", [PAIR]), "referring"),
]


@pytest.mark.parametrize(("entry", "task"), SHAPES)
def test_the_task_is_the_records_own_or_told_by_its_shape(entry: Entry, task: str) -> None:
    assert read(json.dumps(entry).encode()).task == task
    assert read(json.dumps(entry).encode(), "detail_description").task == entry.get("task", "detail_description")


def test_all_requests_of_ours_ask_for_a_description() -> None:
    questions = (PROMPTS / "detail_description.questions.txt").read_text(encoding="utf-8").splitlines()
    told = {read(json.dumps(blocks(1, [(question, LONG)])).encode()).task for question in questions}
    assert told == {"detail_description"}


@pytest.mark.parametrize("entry", [entry for entry, _ in SHAPES[:-1]])
def test_data_of_others_has_as_many_turns_as_it_likes(entry: Entry, tmp_path: Path) -> None:
    assert "wrong_count" not in flaws(audit(array(tmp_path, entry)))


def test_what_cleaning_changes_is_shown_where_it_stands(tmp_path: Path) -> None:
    report = audit(array(tmp_path, blocks(1, [PAIR, ("And then?", f"{LONG}\nHe is *very* careful.")])))
    [flaw] = report.tasks[0].flaws
    [example] = flaw.examples
    assert (flaw.code, flaw.severity) == ("not_plain", "repair")
    assert example.words == f"...{LONG[-50:]}\\nHe is *very* careful."


@pytest.mark.parametrize("question", ["<image>\n{}", "{}\n<image>", "<image>{}", "<image>\n\n<image>\n{} <image>"])
def test_the_image_mark_of_llava_is_no_flaw_and_stays_where_it_was(question: str, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    first = question.format("**What** is on the wall?")
    report = audit(
        lines(tmp_path, llava("7", (first, "A ladder.")), llava("8", (first, "Some <image> ladder."))), fix=out
    )
    assert flaws(report) == {"special_token": 1, "not_plain": 2}
    assert fixed(out) == [llava("7", (question.format("What is on the wall?"), "A ladder."))]


def test_a_flat_dialogue_is_kept_or_dropped_whole(tmp_path: Path) -> None:
    good = llava("7", ("<image>\nWhat is on the wall?", "A ladder."), ("Is it high?", "It reaches the roof."))
    bad = llava("8", ("<image>\nWhat is on the wall?", "A ladder."), ("Is it high?", "The captions do not say so."))
    out = tmp_path / "out.json"
    report = audit(array(tmp_path, bad, good), fix=out)
    assert fixed(out) == [good]
    assert report.fix
    assert (report.fix.kept, report.fix.changed, report.fix.pairs) == (1, 0, 2)
    assert report.fix.dropped == {"names_source": 1}


def test_flawed_pairs_and_conversations_are_left_out_and_the_others_keep_their_place(tmp_path: Path) -> None:
    talk = [("Is it late?", "The sky is clear."), ("Who works?", "A man in a coat.")]
    lost = [("Is it cold?", "It may be."), ("Is that sure?", "According to the captions, yes.")]
    entry = blocks(1, talk, lost, [("Is it  loud?", "Hens are quiet.")], topic="Work")
    entry["conversations"][0]["note"] = entry["licence"] = "stays"
    report = audit(lines(tmp_path, entry), fix=tmp_path / "out.jsonl")
    [left] = fixed(tmp_path / "out.jsonl")
    assert left == {**blocks(1, talk, [("Is it loud?", "Hens are quiet.")], topic="Work"), "licence": "stays"} | {
        "conversations": [
            {**block, **({"note": "stays"} if place == 0 else {})}
            for place, block in enumerate(
                blocks(1, talk, [("Is it loud?", "Hens are quiet.")], topic="Work")["conversations"]
            )
        ]
    }
    assert report.fix
    assert report.fix.left_out == {"names_source": 1}
    assert (report.pairs, report.fix.pairs, report.fix.changed) == (5, 3, 1)


def test_what_was_fixed_has_no_flaw_left(tmp_path: Path, yard: Path) -> None:
    entries = [*PUBLISHED.values(), *(entry for entry, _ in SHAPES), own("complex_reasoning", [PAIR], [("So", "No.")])]
    audit(array(tmp_path, *entries), contexts=yard, fix=tmp_path / "once.json")
    again = audit(tmp_path / "once.json", contexts=yard, fix=tmp_path / "twice.json")
    assert {flaw.severity for task in again.tasks for flaw in task.flaws} <= {"warn"}
    assert (tmp_path / "once.json").read_bytes() == (tmp_path / "twice.json").read_bytes()


def reasoning(count: int) -> list[list[Pair]]:
    return [
        [(f"Why does man number {n} carry a bucket?", f"Hen number {n} is thirsty, so it wants water.")]
        for n in range(count)
    ]


def test_dialogues_are_counted_where_they_are_ours_unless_the_record_says_what_is_missing(tmp_path: Path) -> None:
    full = own("complex_reasoning", *reasoning(15))
    short = own("complex_reasoning", *reasoning(14))
    told = own("complex_reasoning", *reasoning(14), dropped={"names_source": 1})
    warned = own(
        "complex_reasoning",
        *reasoning(14),
        warnings=[{"code": "wrong_count", "words": "14 instead of 15", "severity": "warn"}],
    )
    out = tmp_path / "out.jsonl"
    report = audit(lines(tmp_path, full, told, warned, short), fix=out)
    assert flaws(report) == {"wrong_count": 1}
    assert fixed(out) == [full, told, warned, warned]


def test_what_is_left_of_ours_adds_to_what_it_told_before(tmp_path: Path) -> None:
    pairs = reasoning(14)
    pairs[3] = [("Why does he work?", "As the captions say, the roof leaks.")]
    entry = own("complex_reasoning", *pairs, dropped={"names_source": 1})
    out = tmp_path / "out.jsonl"
    audit(lines(tmp_path, entry), fix=out)
    [left] = fixed(out)
    assert left["dropped"] == {"names_source": 2}
    assert len(left["conversations"]) == 13
    assert {key: left[key] for key in left if key not in ("conversations", "dropped")} == {
        key: entry[key] for key in entry if key not in ("conversations", "dropped")
    }


def test_too_few_pairs_of_ours_are_dropped_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, "complex_reasoning", replace(TASKS["complex_reasoning"], min_pairs=15))
    pairs = reasoning(15)
    pairs[3] = [("So", "The roof leaks.")]
    report = audit(lines(tmp_path, own("complex_reasoning", *pairs)), fix=tmp_path / "out.jsonl")
    assert report.fix
    assert (report.fix.kept, report.fix.dropped) == (0, {"too_short": 1})
    assert not (tmp_path / "out.jsonl").exists()


def made(task: str, context: ImageContext) -> bytes:
    """The shard's line of what the offline writer says of the image."""
    question = "Describe this image in detail."
    recipe = PromptRecipe(
        Template("Write.", name="t.txt"),
        Sampling("offline", 2048, seed=1),
        TokenCounter(len, exact=True),
        room=10**6,
        questions=(question,) if TASKS[task].draws_question else (),
    )
    prompt = TASKS[task].prompt(context, recipe)
    sample = TASKS[task].judge(prompt, Completion(TASKS[task].write_offline(context, 1), "stop", "offline"), 1)
    assert isinstance(sample, Sample)
    return sample_line(sample)


@pytest.mark.parametrize("task", TASKS)
def test_what_we_write_is_clean_and_stays_byte_for_byte(
    task: str, sample: dict[int, ImageContext], sample_store: Path, tmp_path: Path
) -> None:
    path, out = tmp_path / "data.jsonl", tmp_path / "out.jsonl"
    path.write_bytes(b"".join(made(task, context) for context in sample.values()))
    report = audit(path, contexts=sample_store, fix=out)
    assert (report.forms, report.records, flaws(report)) == ({"own": len(sample)}, len(sample), {})
    assert out.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("code", PUBLISHED)
def test_no_text_check_looks_at_the_context(code: str) -> None:
    record = read(json.dumps(PUBLISHED[code]).encode())

    def found(context: ImageContext) -> object:
        prompt = Prompt(record.task, (), Sampling("", 1), "", context)
        return TASKS[record.task].flaws(Draft(prompt, record.dialogues), grounded=False)

    assert found(YARD) == found(ImageContext(record.image_id, "", 1, 1))


def test_flaws_are_counted_by_record_with_their_worst_examples(tmp_path: Path) -> None:
    def entry(image_id: int, bad: int) -> Entry:
        pairs = reasoning(4)
        return blocks(image_id, *[[("So", pair[0][1])] if n < bad else pair for n, pair in enumerate(pairs)])

    report = audit(array(tmp_path, entry(1, 0), entry(2, 1), entry(3, 3), entry(4, 2)), examples=2)
    [task] = report.tasks
    [short, twice] = sorted(task.flaws, key=lambda flaw: flaw.code, reverse=True)
    assert (task.task, task.records, task.pairs, task.flawed, task.per_100_records) == (
        "complex_reasoning",
        4,
        16,
        3,
        75,
    )
    assert (short.code, short.severity, short.records, short.per_100_records, short.flaws) == (
        "too_short", "reject", 3, 75, 6,
    )  # fmt: skip
    assert [(one.place, one.image_id, one.words) for one in short.examples] == [
        ("record 2", 3, "So"),
        ("record 3", 4, "So"),
    ]
    assert (twice.code, twice.records) == ("duplicate_question", 2)


def test_an_array_stays_an_array_and_lines_stay_lines_packed_by_the_name(tmp_path: Path) -> None:
    good, bad = blocks(1, [PAIR]), blocks(2, [("So", "No.")])
    path = array(tmp_path, bad, good, good)
    packed = tmp_path / "data.json.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    audit(packed, fix=tmp_path / "out.json")
    audit(path, fix=tmp_path / "out.json.gz")
    assert json.loads((tmp_path / "out.json").read_text()) == [good, good]
    assert gzip.decompress((tmp_path / "out.json.gz").read_bytes()) == (tmp_path / "out.json").read_bytes()
    audit(lines(tmp_path, good, bad, good), fix=tmp_path / "out.jsonl")
    assert list(map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())) == [good, good]
    audit(array(tmp_path, bad), fix=tmp_path / "none.json")
    assert json.loads((tmp_path / "none.json").read_text()) == []


UNREAD = [
    ({"image_id": 1}, "has no 'conversations'"),
    ({"conversations": []}, "has no 'image_id' and no 'id'"),
    (blocks(1), "has no turn in 'conversations'"),
    (blocks(1, []), "has no turn in 'conversations'"),
    ({**blocks(1, [PAIR]), "task": "sing"}, "has the unknown task 'sing'"),
    ({"id": "1", "conversations": [{"from": "gpt", "value": "Hi."}]}, "has a turn of 'gpt' where a question is due"),
    ({"id": "1", "conversations": [{"from": "human"}]}, "has a turn without 'from' or 'value'"),
    ({"id": "1", "conversations": ["Hi."]}, "has text at 'conversations[0]', where an object is needed"),
    ({"id": 2**70, "conversations": []}, "has a wrong 'id'"),
]


@pytest.mark.parametrize(("entry", "words"), UNREAD)
def test_a_record_of_no_form_is_damage_with_its_place(entry: Entry, words: str, tmp_path: Path) -> None:
    good = blocks(1, [PAIR])
    for path, place in (
        (lines(tmp_path, good, entry, good), "line 2"),
        (array(tmp_path, good, entry, good), "record 1"),
    ):
        report = audit(path)
        assert (report.records, report.damaged) == (2, 1)
        [damage] = report.damage
        assert (damage.place, damage.what[: len(words)]) == (place, words)


def test_a_question_without_an_answer_is_an_empty_turn(tmp_path: Path) -> None:
    entry = llava("7", PAIR)
    entry["conversations"].append({"from": "human", "value": "And then?"})
    report = audit(array(tmp_path, entry), fix=tmp_path / "out.json")
    assert flaws(report) == {"empty_turn": 1}
    assert fixed(tmp_path / "out.json") == []


def test_a_file_without_a_record_leaves_no_other(tmp_path: Path) -> None:
    path = array(tmp_path, {"image_id": 1}, {"id": 1})
    with pytest.raises(DataError, match=r"no record in a form that is known.*record 0, has no 'conversations'"):
        audit(path, fix=tmp_path / "out.json")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_an_unknown_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SvitError, match="no task 'sing'"):
        audit(array(tmp_path, blocks(1, [PAIR])), task="sing")


@pytest.mark.real
def test_the_documented_records_of_llava_are_clean(real: Path, tmp_path: Path) -> None:
    path = real / "model_outputs" / "llava" / "llava_instruct_documented_records.json"
    report = audit(path, fix=tmp_path / "out.json")
    assert (report.forms, report.records, report.damaged, flaws(report)) == ({"llava": 5}, 5, 0, {})
    assert fixed(tmp_path / "out.json") == json.loads(path.read_text(encoding="utf-8"))
    assert {task.task: task.records for task in report.tasks} == {
        "conversation": 2,
        "detail_description": 2,
        "complex_reasoning": 1,
    }


@pytest.mark.parametrize("unit", ["a", "[0.1, 0.2, 0.3, 0.4] ", "<", "\n", "The dog. "])
def test_a_record_that_is_too_long_to_be_judged_says_so(unit: str, tmp_path: Path) -> None:
    long = (unit * (4_000_000 // len(unit))) + "end"
    assert flaws(audit(array(tmp_path, llava("1", ("What is it?", long))))) == {"too_large": 1}
