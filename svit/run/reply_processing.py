"""What becomes of a reply: booked, judged, and then an outcome, a second opinion or another attempt."""

import asyncio
import time
from collections import deque
from collections.abc import Collection, Sequence
from functools import partial

import msgspec

from svit.cost.spending import Spending
from svit.providers.base import NOT_ASKED, Failure, Reply, Request, read_completion
from svit.records import Completion, Prompt, Rejection, Sample
from svit.run.attempts import Job, after_opinion, booked_for, is_settled, judged, opinion_so_far, shorter
from svit.run.journal import Journal
from svit.run.journal_rows import Charge, StoredReply
from svit.run.journal_writer import JournalWriter
from svit.run.planned_request import PlannedRequest, key_of, second_opinion
from svit.run.request_queue import RequestQueue
from svit.run.shard_assembly import outcome_of
from svit.run.shard_progress import ShardProgress
from svit.run.verification import PendingVerification, Verifier

_JUDGED = 8
"""Replies that are judged before others may go on, unless they take longer than this many seconds:"""
_JUDGING = 0.005


class ReplyProcessing:
    """Takes replies that are safe in the journal. What is asked again goes into the queue."""

    def __init__(
        self,
        jobs: Sequence[Job],
        journal: Journal,
        writing: JournalWriter,
        spending: Spending,
        queue: RequestQueue,
        progress: ShardProgress,
        *,
        again: bool,
    ) -> None:
        """Begin with no reply."""
        self._jobs = jobs
        self._journal = journal
        self._writing = writing
        self._spending = spending
        self._queue = queue
        self._progress = progress
        self._again = again

    async def judge(self, replies: Sequence[Reply]) -> None:
        """Judge replies that are safe in the journal, book what they cost, and give way every few milliseconds."""
        left = deque(replies)
        while left:
            began = time.monotonic()
            books: list[Charge] = []
            while left and len(books) < _JUDGED and time.monotonic() - began < _JUDGING:
                books.append(self._answered(left.popleft()))
            self._writing.write(partial(self._journal.booked, books))
            self._queue.wake()
            await asyncio.sleep(0)

    def withdraw(self, requests: Collection[Request]) -> None:
        """Take back requests that were about to leave and never did."""
        for request in requests:
            out = self._queue.arrived(request)
            self._followed(out.planned)
            self._spending.budget.release(out.set_aside)
            self._queue.reasons[out.planned.reason] -= 1
        if requests:
            self._writing.write(partial(self._journal.withdrawn, [key_of(request) for request in requests]))

    def _answered(self, reply: Reply) -> Charge:
        """Judge a reply, ask again while the attempts last, and return what it cost."""
        request = reply.request
        out = self._queue.arrived(request)
        planned = self._followed(out.planned)
        read = reply.outcome if isinstance(reply.outcome, Failure) else read_completion(reply.outcome)
        books = booked_for(kept(reply), out.set_aside.worst, self._spending, request.prompt.task, read)
        self._spending.budget.settle(out.set_aside, books.cost)
        job = self._jobs[planned.place.job]
        if planned.doubted:
            self._verified(planned, planned.doubted, job, read)
            return books
        result = judged(job.task, request.prompt, read, request.attempt)
        if isinstance(result, Rejection):
            self._rejected(planned, job, result)
        elif job.verifier and isinstance(read, Completion):
            self._doubt(
                planned, PendingVerification(result, request.prompt, request.attempt, read.text), job, job.verifier
            )
        else:
            self._progress.settle(planned.place, outcome_of(result), answered=True)
        return books

    def _followed(self, leader: PlannedRequest) -> PlannedRequest:
        """Let those go that waited for a request, whatever became of it, and return it as one that nobody waits for."""
        for follower in leader.followers:
            if follower.doubted and follower.attempt and follower.key == leader.key:
                job = self._jobs[follower.place.job]
                assert job.verifier
                self._doubt(follower.attempt, follower.doubted, job, job.verifier)
            else:
                self._queue.add(follower)
        return leader._replace(followers=())

    def _doubt(self, planned: PlannedRequest, doubted: PendingVerification, job: Job, verifier: Verifier) -> None:
        """Have a second opinion asked for, unless an earlier attempt or another task brought the same, and it was."""

        def heard(prompt: Prompt) -> Sequence[StoredReply]:
            return self._journal.replies(prompt.id, prompt.context.image_id)

        opinion = opinion_so_far(verifier, job.task, doubted, heard, again=self._again)
        if opinion.request:
            self._queue.add(second_opinion(verifier, planned, doubted, opinion.request, again=self._again))
        else:
            assert opinion.result
            self._after_opinion(planned, job, opinion.result)

    def _verified(
        self, planned: PlannedRequest, doubted: PendingVerification, job: Job, read: Completion | Failure
    ) -> None:
        """Go on by a second opinion; ask for another where it was none."""
        assert job.verifier
        assert planned.attempt
        result = after_opinion(job.verifier, job.task, doubted, read, is_last=planned.is_last)
        if result is None:
            again = Request(planned.request.prompt, planned.request.attempt + 1)
            self._queue.add(planned._replace(request=again))
        else:
            self._after_opinion(planned.attempt, job, result)

    def _after_opinion(self, attempt: PlannedRequest, job: Job, result: Sample | Rejection) -> None:
        if isinstance(result, Sample):
            self._progress.settle(attempt.place, outcome_of(result), answered=True)
        else:
            self._rejected(attempt, job, result)

    def _rejected(self, planned: PlannedRequest, job: Job, result: Rejection) -> None:
        """Ask again what may fare better, or settle it as rejected."""
        request = planned.request
        reason = f"rejected: {result.flaws[0].code}"
        short = None if planned.shortened else shorter(job, planned.base, result)
        if short is not None:
            first = PlannedRequest(Request(short, 1), short, planned.place, reason, job.attempts, shortened=True)
            self._queue.add(first)
        elif not planned.is_last and not is_settled(result):
            prompt = job.following(planned.base, result)
            self._queue.add(planned._replace(request=Request(prompt, request.attempt + 1), reason=reason))
        else:
            self._progress.settle(planned.place, outcome_of(result), answered=True)


def answers(replies: Sequence[Reply]) -> list[StoredReply]:
    """Return what the journal keeps of these replies: all but what never left."""
    return [kept(reply) for reply in replies if not never_left(reply)]


def never_left(reply: Reply) -> bool:
    """Whether the provider hands the request back as one that it did not ask."""
    return isinstance(reply.outcome, Failure) and reply.outcome.code == NOT_ASKED


def kept(reply: Reply) -> StoredReply:
    """Return what the journal keeps of a reply."""
    key, attempt = key_of(reply.request)
    if isinstance(reply.outcome, Failure):
        return StoredReply(key, attempt, None, msgspec.json.encode(reply.outcome))
    return StoredReply(key, attempt, reply.outcome)
