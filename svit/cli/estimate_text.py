"""The words of `svit estimate`: a table of tasks, what it stands on, money, other settings, and time."""

import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from svit.cli import messages
from svit.quantities import number_of

if TYPE_CHECKING:
    from svit.estimate.hours_left import HoursLeft
    from svit.estimate.quote import Quote
    from svit.estimate.task_quote import TaskQuote

_LIMITS = {"rpm": "requests a minute", "tpm": "tokens a minute", "in_flight": "requests in flight"}


def estimate_text(found: "Quote") -> str:
    """Return an estimate as people read it."""
    total = found.total
    if not total.requests:
        answers = "The answer is" if total.done == 1 else f"All {total.done:,} answers are"
        done = f"{answers} there already. " if total.done else ""
        return f"{done}Nothing is to be asked.{_not_asked(total)}"
    priced = f" at the prices of {found.prices_as_of}" if total.dollars else ""
    blocks = [_wrapped(f"{_images(found)} with {_who(found)}{priced}:"), _table(found), _notes(found), _money(found)]
    if len(found.levers) > 1:
        blocks.append(_levers(found))
    if found.hours:
        blocks.append(_time(found.hours))
    return "\n\n".join(blocks)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 80, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _images(found: "Quote") -> str:
    names = [each.task for each in found.tasks if each.images]
    tasks = f"{len(names)} tasks" if len(names) > 1 else names[0]
    return f"{number_of(found.images, 'image')}, {tasks},"


def _who(found: "Quote") -> str:
    return "the offline writer" if found.provider == "offline" else found.model


def _table(found: "Quote") -> str:
    tiers = list(found.total.dollars or ())
    rows = [
        (each.task, each.requests, _tokens(each.prompt_tokens), _tokens(each.completion_tokens), *_dollars(each))
        for each in (*found.tasks, *([found.total] if len(found.tasks) > 1 else []))
    ]
    return messages.figures([("task", "requests", "tokens in", "tokens out", *tiers), *rows])


def _tokens(count: int) -> str:
    return f"{count:,}" if count < 10_000_000 else f"{count / 1_000_000:,.1f}M"


def _dollars(each: "TaskQuote") -> list[str]:
    return [_money_text(amount) for amount in (each.dollars or {}).values()]


def _money_text(amount: float) -> str:
    from svit.cost.prices import NANO, dollars

    return dollars(round(amount * NANO))


def _notes(found: "Quote") -> str:
    """Return what the figures stand on, a line each."""
    total = found.total
    notes = []
    if total.done:
        notes.append(f"Done already and not in it: {total.done:,} of {sum(t.images for t in found.tasks):,}.")
    if total.not_asked:
        notes.append(_not_asked(total).strip())
    if found.token_error:
        notes.append(f"Tokens in: estimated, within {found.token_error:.0%}; exact with tiktoken's ranks (see README).")
    else:
        notes.append("Tokens in: counted with o200k_base.")
    if total.prompt_tokens_standard_error:
        share = total.prompt_tokens_standard_error / total.prompt_tokens
        notes.append(
            f"From {found.images_drawn:,} images drawn evenly: standard error {share:.1%}. --all counts every one."
        )
    notes += _answer_notes(found)
    return "\n".join(map(_wrapped, notes))


def _not_asked(total: "TaskQuote") -> str:
    words = ", ".join(f"{count:,} {code}" for code, count in sorted(total.not_asked.items()))
    return f" Not to be asked: {words}." if words else ""


def _answer_notes(found: "Quote") -> list[str]:
    lengths = ", ".join(
        f"{each.task} {each.answer_tokens:,.0f}" + (f" ({each.answers_measured:,})" if each.answers_measured else "")
        for each in found.tasks
    )
    if all(each.answers_measured for each in found.tasks):
        notes = [f"Tokens of an answer, measured in this run (on so many): {lengths}."]
    elif found.total.answers_measured:
        notes = [f"Tokens of an answer, measured (on so many) or assumed: {lengths}."]
    else:
        notes = [f"Tokens of an answer, assumed, may be off by half: {lengths}."]
        if found.provider != "offline":
            notes.append("To measure: svit generate --limit 20 --run DIR, then svit estimate --run DIR.")
    if found.total.answers_measured:
        notes.append(f"With the retries seen so far: {found.total.requests_per_prompt:.2f} requests a prompt.")
    else:
        notes.append("Without retries of rejected answers.")
    for who, tokens, measured in (
        ("model", found.reasoning, found.total.answers_measured),
        ("verifier", found.opinion_reasoning, found.tasks[-1].answers_measured),
    ):
        if tokens and not measured:
            notes.append(
                f"The {who} reasons first, which is billed as output: {tokens:,} tokens of it an answer are assumed, "
                "no more than max_tokens with the answer; they may be off by far."
            )
    return notes


def _money(found: "Quote") -> str:
    if found.provider == "offline":
        return "The offline writer costs nothing."
    if found.max_cost_needed is None:
        return _wrapped(
            f"There is no price for {found.model}, so no cost is known. Add it to a file of your own and name that "
            "under 'prices' in the config, with 'free: true' when it costs nothing."
        )
    tries = f"all {found.attempts} attempts" if found.attempts > 1 else "each request"
    spent = f", what is spent so far ({_money_text(found.spent)}) included" if found.spent else ""
    lines = [f"At the very most, {tries} at their worst: {_money_text(found.max_cost_needed)}{spent}."]
    lines.append("A --max-cost of that much is never reached; a lower one stops the run in time.")
    lines += _ceiling(found)
    if found.shutdown and found.shutdown <= datetime.now(UTC).date().isoformat():
        lines.append(f"{found.model} was shut down on {found.shutdown}.")
    return "\n".join(map(_wrapped, lines))


def _ceiling(found: "Quote") -> list[str]:
    """Return how far the ceilings reach."""
    if (reach := found.reach) is None:
        known = [("max_cost", found.max_cost), ("max_cost_per_month", found.max_cost_per_month)]
        named = [f"{name} of {_money_text(amount)}" for name, amount in known if amount is not None]
        return [f"The {' and the '.join(named)} will do, as far as this estimate goes."] if named else []
    spent = (
        ""
        if reach.ceiling == "max_cost" or not found.month_spent
        else (f" ({_money_text(found.month_spent)} of it is spent or held by all runs of this month)")
    )
    return [
        f"The {reach.ceiling} of {_money_text(reach.dollars)}{spent} will stop the run before its end: after about "
        f"{reach.requests:,} of {number_of(found.total.requests, 'request')}, {number_of(reach.images, 'image')}; "
        f"the rest would cost about {_money_text(reach.beyond)} more."
    ]


def _levers(found: "Quote") -> str:
    base = found.levers[0].dollars
    rows = [
        (lever.setting, _money_text(lever.dollars), _change(lever.dollars, base) if index else "")
        for index, lever in enumerate(found.levers)
    ]
    words = ["What other settings would cost:", messages.figures(rows, indent="  ")]
    if found.total.cached_tokens:
        words.append(
            f"As configured, {found.total.cached_tokens / found.total.prompt_tokens:.0%} of the tokens in are cached."
        )
    return "\n".join(words)


def _change(amount: float, base: float) -> str:
    percent = round(100 * (amount / base - 1)) if base else 0
    return f"{percent:+d}%" if percent else "the same"


def _time(hours: "HoursLeft") -> str:
    others = {"rpm": hours.rpm, "tpm": hours.tpm, "in_flight": hours.in_flight}
    rest = [f"{name} alone {_span(each)}" for name, each in others.items() if each and name != hours.bound_by]
    known = "measured" if hours.measured else "assumed"
    words = f"Time: {_span(hours.all)}, bound by the {_LIMITS[hours.bound_by]} ({hours.bound_by})"
    if hours.rpm is None and hours.tpm is None:
        words += ", if the server takes so many at once"
    words += f"; {'; '.join(rest)}." if rest else "."
    return _wrapped(f"{words} One request takes {hours.seconds:,.1f} s ({known}).")


def _span(hours: float) -> str:
    return messages.span(3600 * hours)
