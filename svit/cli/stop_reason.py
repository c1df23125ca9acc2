"""Why a run stopped, as run.json keeps it until the next command begins, and as `svit status` says it."""

from typing import TYPE_CHECKING

from svit.cli import messages
from svit.errors import SvitError
from svit.quantities import number_of
from svit.system import interrupts

if TYPE_CHECKING:
    from svit.run.folder import RunFolder
    from svit.run.run_status import RunStatus


def keep_reason(folder: "RunFolder", error: BaseException) -> None:
    """Put into run.json why a command stopped: its exit code, and the sentence that it ended with."""
    if isinstance(error, SvitError):
        reason = {"exit": error.exit_code, "words": str(error)}
    elif isinstance(error, KeyboardInterrupt):
        reason = {"exit": interrupts.EXIT_CODE, "words": ""}
    else:
        return
    import msgspec

    folder.write_manifest(msgspec.structs.replace(folder.manifest(whole=False), stop=reason))


def stop_text(found: "RunStatus") -> str:
    """Return in a few words how a run that is not finished stopped."""
    from svit.cost.prices import dollars, nano_dollars

    def ceiling(amount: float | None) -> str:
        return "" if amount is None else f" of {dollars(nano_dollars(str(amount)))}"

    return {
        "ceiling": f"stopped at the ceiling{ceiling(found.max_cost)} (--max-cost)",
        "month": f"stopped at the month's ceiling{ceiling(found.max_cost_per_month)} (--max-cost-per-month)",
        "deadline": "stopped at its deadline",
        "refusal": "stopped: the provider refused to go on",
        "interrupt": "stopped by a signal",
    }.get(found.stopped_by or "", "stopped, not finished")


def rest_text(found: "RunStatus") -> str:
    """Return what the rest of a run costs at what the others cost, and whether its ceiling is enough; or nothing."""
    from svit.cost.prices import NANO, dollars

    if found.dollars is None or not found.dollars_left:
        return ""
    left = sum(task.open for task in found.tasks)
    cost = dollars(round(found.dollars_left * NANO))
    text = f"What remains, {number_of(left, 'answer')}, costs about {cost} at what others cost"
    if found.max_cost is None:
        return messages.folded(f"{text}.")
    lacks = found.dollars + found.dollars_left - found.max_cost
    if lacks > 0:
        return messages.folded(f"{text}: about {dollars(round(lacks * NANO))} more than the ceiling leaves.")
    return messages.folded(f"{text}; the ceiling leaves room for it.")
