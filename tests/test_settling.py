"""Where an image stands by its replies: asked afresh or mended, and nothing that was paid for passed over."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from svit.cost.prices import Price
from svit.cost.spending import Spending
from svit.prompting.render import PromptRecipe, Template, context_text
from svit.prompting.tokens import TokenCounter
from svit.records import Dialogue, Draft, Flaw, ImageContext, Prompt, Rejection, Sample, Sampling, Turn
from svit.run.attempts import ImageState, Job, Repairs, attempts_so_far, recovered, standing
from svit.run.journal import Journal
from svit.run.journal_rows import Intent, StoredReply
from svit.tasks.base import Task

CONTEXT = ImageContext(7, "a", 9, 9, captions=("A dog.",))
PRICE = Price(100_000, 10_000, 125_000, 500_000, {"standard": 100, "flex": 50, "batch": 50, "priority": 200})
TOLD = {"crooked": "It is crooked.", "long": "It is long."}


def parse(text: str) -> tuple[Dialogue, ...]:
    return (Dialogue((Turn("What?", text),)),)


def checked(draft: Draft) -> Iterator[Flaw]:
    for code in ("odd", "crooked", "long", "vague"):
        if code in draft.turns[0].answer:
            yield Flaw(code, f"the {code} words", "warn" if code == "odd" else "reject")


TASK = Task("t", "", context_text, parse, 1, (checked,), lambda context, seed: "", 10)
RECIPE = PromptRecipe(Template("Write.", name="t.txt"), Sampling("m", 10), TokenCounter(len, exact=True), room=50)


def job(codes: Sequence[str] = ("crooked",), attempts: int = 4, room: int = 1000) -> Job:
    return Job(TASK, RECIPE, attempts, Repairs(codes, TOLD, "Mend this:\n{{flaws}}\nThanks.", room))


def body(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "model": "m"}).encode()


class Server:
    """Answers the prompts that it is sent, one after another, and remembers the replies as a journal does."""

    def __init__(self, job: Job, again: bool = False) -> None:
        self.job, self.again = job, again
        self.kept: dict[str, list[StoredReply]] = {}
        self.sent: list[Prompt] = []

    def replies(self, prompt: Prompt) -> list[StoredReply]:
        return self.kept.get(prompt.id, [])

    def standing(self) -> ImageState:
        return standing(self.job, CONTEXT, self.replies, again=self.again)

    def answers(self, *texts: str | None) -> ImageState:
        """Answer what is asked next with each text; None is a failure."""
        for text in texts:
            request = self.standing().request
            assert request is not None
            self.sent.append(request.prompt)
            failure = b'{"code": "timeout", "words": "no answer"}' if text is None else None
            kept = StoredReply(request.prompt.id, request.attempt, None if text is None else body(text), failure)
            self.kept.setdefault(request.prompt.id, []).append(kept)
        return self.standing()


def talk(prompt: Prompt) -> list[str]:
    return [f"{message.role}: {message.content}" for message in prompt.messages]


def test_a_flaw_that_can_be_mended_is_told_in_words_behind_the_text_that_has_it() -> None:
    server = Server(job())
    asked = server.answers("crooked and long and odd").request
    assert asked is not None
    assert asked.attempt == 2
    [system, user, answer, told] = talk(asked.prompt)
    assert [system, user] == talk(server.sent[0])
    assert answer == "assistant: crooked and long and odd"
    lines = ["- It is crooked. (the crooked words)", "- It is long. (the long words)"]
    assert told == "user: " + "\n".join(["Mend this:", *lines, "Thanks."])
    assert asked.prompt.id != server.sent[0].id
    result = server.answers("good").result
    assert isinstance(result, Sample)
    assert result.provenance.prompt_id == asked.prompt.id
    assert result.provenance.attempt == 2


def test_only_the_last_failure_is_told() -> None:
    server = Server(job())
    asked = server.answers("crooked once", "crooked twice").request
    assert asked is not None
    assert [message.content for message in asked.prompt.messages if message.role == "assistant"] == ["crooked twice"]


@pytest.mark.parametrize(
    ("text", "room"),
    [("vague", 1000), ("long", 1000), ("vague and crooked", 1000), (None, 1000), ("crooked", 70), ("", 1000)],
)
def test_other_flaws_and_what_does_not_fit_are_asked_about_afresh(text: str | None, room: int) -> None:
    server = Server(job(room=room))
    if text == "vague and crooked":
        text = "crooked"  # the first flaw decides
        server.job = job(codes=("long",))
    asked = server.answers(text).request
    assert asked is not None
    assert asked.attempt == 2
    assert asked.prompt.id == server.sent[0].id


def test_attempts_are_bounded_over_both_ways() -> None:
    server = Server(job(attempts=3))
    found = server.answers("crooked", "vague", "crooked")
    assert found.request is None
    assert isinstance(found.result, Rejection)
    assert found.result.provenance.attempt == 3
    assert [len(prompt.messages) for prompt in server.sent] == [2, 4, 2]
    server.again = True
    asked = server.standing().request
    assert asked is not None
    assert (asked.attempt, len(asked.prompt.messages)) == (4, 4)


@pytest.mark.parametrize(("then", "now"), [(("crooked",), ()), ((), ("crooked",))])
def test_what_was_paid_under_other_settings_is_found(then: Sequence[str], now: Sequence[str]) -> None:
    server = Server(job(then))
    server.answers("crooked", "crooked", "good")
    server.job = job(now)
    found = server.standing()
    assert isinstance(found.result, Sample)
    assert found.request is None


def test_each_attempt_is_shown_with_what_was_sent() -> None:
    server = Server(job())
    server.answers("crooked", None, "good")
    tries = list(attempts_so_far(server.job, server.sent[0], server.replies))
    assert [tried.prompt.id for tried in tries] == [prompt.id for prompt in server.sent]
    assert [tried.kept.attempt for tried in tries] == [1, 2, 3]
    assert [isinstance(tried.result, Sample) for tried in tries] == [False, False, True]


def test_a_gap_in_the_attempts_hides_nothing() -> None:
    """Another run's failures are not taken over with its answers."""
    server = Server(job())
    server.answers(None, None, "good")
    kept: Mapping[str, list[StoredReply]] = {key: [k for k in found if k.body] for key, found in server.kept.items()}
    found = standing(server.job, CONTEXT, lambda prompt: kept.get(prompt.id, []))
    assert isinstance(found.result, Sample)


def test_fewer_pairs_that_are_enough_are_another_recipe() -> None:
    from dataclasses import replace

    strict = job()
    assert replace(strict, task=replace(TASK, min_pairs=3)).fingerprint("c") != strict.fingerprint("c")


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 2**63, "completion_tokens": 1},
        {"prompt_tokens": 5, "completion_tokens": 2**40},
        {"prompt_tokens": -5, "completion_tokens": 1},
        {"prompt_tokens": 1e300, "completion_tokens": 1},
        {"prompt_tokens": 5, "completion_tokens": 0},
        None,
    ],
)
def test_a_run_that_died_over_a_count_which_cannot_be_starts_again_at_the_worst_case(
    tmp_path: Path, usage: object
) -> None:
    reply = json.dumps({"choices": [{"message": {"content": "Hi"}}], "usage": usage}).encode()
    with Journal(tmp_path / "journal.db") as journal:
        journal.intend([Intent("p", 1, "t", 7, "v", 900)])
        journal.keep([StoredReply("p", 1, reply)])
    with Journal(tmp_path / "journal.db") as journal:
        recovered(journal, Spending(PRICE))
        spent = journal.spent()
    assert (spent.cost, spent.prompt_tokens, spent.replies) == (900, 0, 1)
