"""What a journal adds up to: how much was asked, answered and refused, by task. Read from any journal, at any time."""

from typing import NamedTuple

from svit.run.journal import SILENT, Journal
from svit.run.reply_storage import DAMAGED


class AskedCount(NamedTuple):
    """Requests of one task and prompt file; `prompts` are the different ones among them, `worst` in nano-dollars."""

    task: str
    version: str
    requests: int
    prompts: int
    worst: int


class SilentCount(NamedTuple):
    """Requests of one task and prompt file without a reply: `requests` of them left, and may cost `worst` at most.

    `prompts` are the different ones among all of them, those that never left too.
    """

    task: str
    version: str
    requests: int
    prompts: int
    worst: int


class Received(NamedTuple):
    """When replies came, in seconds since 1970: the last, and of the recent ones how many and the first."""

    last_at: float | None
    recent: int
    recent_from: float | None


class AnswerLength(NamedTuple):
    """What a number of one task's requests came to. `squares` sums the squared tokens of the answers.

    `prompts` are the different ones among the `replies`; `answers` are the replies whose tokens are known; `seconds`
    is the time of all replies, from the intent to the commit. What another run paid for is left out.
    """

    task: str
    version: str
    replies: int
    prompts: int
    answers: int
    completion_tokens: int
    squares: int
    seconds: float


class TaskCost(NamedTuple):
    """What the replies of one task cost, in nano-dollars, and to how many different first prompts they belong."""

    task: str
    prompts: int
    cost: int


def costs(journal: Journal, *, most: int = 20_000) -> list[TaskCost]:
    """Return what the requests of each task cost, of at most so many, spread evenly over the run: a mean, not a sum.

    What another run paid for is left out.
    """
    query = (
        "SELECT task, sum(attempt = 1), coalesce(sum(coalesce(cost, worst)), 0) FROM requests "
        "JOIN replies USING (request) WHERE request % (1 + (SELECT count(*) FROM requests) / ?) = 0 AND NOT reused "
        "GROUP BY task"
    )
    return [TaskCost(*row) for row in journal.read(query, (most,))]


def asked_by_task(journal: Journal) -> list[AskedCount]:
    """Return how many requests there are, by task and prompt file, those of unknown outcome left out."""
    query = "SELECT task, version, count(*), sum(attempt = 1), sum(worst) FROM requests GROUP BY task, version"
    return [AskedCount(*row) for row in journal.read(query)]


def silent(journal: Journal, *, since: float = 0.0) -> list[SilentCount]:
    """Return how many requests that were written down since then have no reply yet, by task and prompt file.

    To look for all of them takes seconds in a journal of a million; for the recent ones it does not.
    """
    query = (
        "SELECT task, version, sum(request <= ?1), sum(attempt = 1), sum(iif(request <= ?1, worst, 0)) "
        + SILENT
        + " AND sent_at >= ?2 GROUP BY task, version"
    )
    return [SilentCount(*row) for row in journal.read(query, (journal.last_departure(), since))]


def images_answered(journal: Journal, task: str, version: str) -> int:
    """Return how many images have a reply in this task and by this prompt file: seconds in a journal of a million."""
    query = "SELECT count(DISTINCT image_id) FROM requests JOIN replies USING (request) WHERE task = ? AND version = ?"
    return int(journal.read(query, (task, version))[0][0])


def last_sent(journal: Journal) -> float | None:
    """Return when the last request left, in seconds since 1970."""
    [(last,)] = journal.read("SELECT max(sent_at) FROM requests")
    return None if last is None else float(last)


def failures(journal: Journal) -> list[tuple[str, str, int]]:
    """Return how many replies were failures, by task and class."""
    query = (
        "SELECT task, iif(json_valid(words), json_extract(words, '$.code'), NULL) AS code, count(*) "
        "FROM (SELECT request, CAST(failure AS TEXT) AS words FROM replies WHERE failure IS NOT NULL) "
        "JOIN requests USING (request) GROUP BY task, code ORDER BY task, code"
    )
    return [(str(task), str(code or DAMAGED), int(count)) for task, code, count in journal.read(query)]


def received(journal: Journal, *, since: float) -> Received:
    """Return when replies came; the recent ones are those since then. What another run paid for is left out."""
    query = (
        "SELECT max(received_at), coalesce(sum(received_at >= ?), 0), "
        "min(CASE WHEN received_at >= ? THEN received_at END) FROM replies WHERE NOT reused"
    )
    return Received(*journal.read(query, (since, since))[0])


def answer_lengths(journal: Journal, *, most: int = 20_000) -> list[AnswerLength]:
    """Return what the requests came to, by task and prompt file, of at most so many of them.

    They are spread evenly over the run, and the same ones each time.
    """
    query = (
        "SELECT task, version, count(*), sum(attempt = 1), count(completion_tokens), "
        "coalesce(sum(completion_tokens), 0), coalesce(sum(completion_tokens * completion_tokens), 0), "
        "sum(received_at - sent_at) FROM requests JOIN replies USING (request) "
        "WHERE request % (1 + (SELECT count(*) FROM requests) / ?) = 0 AND NOT reused GROUP BY task, version"
    )
    return [AnswerLength(*row) for row in journal.read(query, (most,))]
