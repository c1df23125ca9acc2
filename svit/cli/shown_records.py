"""What `svit prompt` and `svit show` tell machines: a request, and what became of it, as JSON values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from svit.providers.base import Failure
    from svit.records import Completion, Prompt
    from svit.run.attempts import Attempt
    from svit.run.journal_rows import Intent


def prompt_record(made: "Prompt") -> dict[str, Any]:
    """Return what a model is sent: its messages, and what identifies and shortened them."""
    return {
        "prompt_id": made.id,
        "prompt_version": made.version,
        "messages": [{"role": message.role, "content": message.content} for message in made.messages],
        "question": made.question,
        "left_out": dict(made.left_out),
    }


def task_record(
    task: str, image_id: int | str, asked: "Sequence[Intent]", made: "Prompt | None", tries: "Iterable[Attempt]"
) -> Mapping[str, Any]:
    """Return what became of one image in one task; without requests there is no prompt and there are no attempts."""
    return {
        "image_id": image_id,
        "task": task,
        "asked": [{"attempt": each.attempt, "reason": each.reason} for each in asked],
        "prompt": prompt_record(made) if made else None,
        "attempts": [_attempt(tried) for tried in tries],
    }


def _attempt(tried: "Attempt") -> dict[str, Any]:
    import msgspec

    from svit.records import Sample

    result = tried.result
    flaws = result.warnings if isinstance(result, Sample) else result.flaws
    return {
        "attempt": tried.kept.attempt,
        **_came(tried.read),
        "opinions": [_came(read) for read in (tried.opinion.heard if tried.opinion else ())],
        "result": "sample" if isinstance(result, Sample) else "rejected",
        "dialogues": msgspec.to_builtins(result.dialogues) if isinstance(result, Sample) else [],
        "dropped": dict(result.dropped) if isinstance(result, Sample) else {},
        "flaws": [{"code": flaw.code, "severity": flaw.severity, "words": flaw.words} for flaw in flaws],
    }


def _came(read: "Completion | Failure") -> dict[str, Any]:
    """Return what came: a text, or a failure by its class and words."""
    from svit.providers.base import Failure

    if isinstance(read, Failure):
        return {"text": None, "failure": {"code": read.code, "words": read.words}}
    return {"text": read.text, "failure": None}
