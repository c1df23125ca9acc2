"""Without a list of providers: what all requests fail with is the setup's fault, what a few fail with their images'."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from served import Clock, Run, Server, completion, error, request, well
from svit.errors import ProviderRefusesError
from svit.providers.base import NOT_ASKED, Failure, Reply, Request
from svit.providers.openai.repeated_failures import FIRST, IN_A_ROW, LAST, RepeatedFailures

Said = tuple[int, dict[str, str], bytes]
ODD: Said = 400, {}, error("in_words_that_nobody_knows")


def by_image(is_odd: Callable[[int], bool], answer: Said = ODD) -> Server:
    """Return a server that answers so where the image's number is odd in that sense, and well elsewhere."""
    server = Server(well)
    server.answer = lambda n: answer if is_odd(int(json.loads(server.bodies[n])["n"])) else well(n)
    return server


@pytest.mark.parametrize("window", [1, 2, 64])
@pytest.mark.parametrize("number", [1, 2, 3, 20])
@pytest.mark.parametrize("closed", [True, False])
def test_when_all_fail_alike_the_run_stops_and_nothing_is_rejected(number: int, window: int, closed: bool) -> None:
    run, clock = Run(by_image(lambda _: True), window=window, closed=closed), Clock()
    first = "the first request:" if number == 1 else f"the first {min(number, FIRST)} requests alike:"
    with pytest.raises(ProviderRefusesError, match=f"The endpoint refused {first} HTTP 400: why"):
        run.of(number)
    assert clock.seconds < 5
    assert set(run.codes) == {NOT_ASKED}
    assert len(run.replies) == run.pulled
    assert len(run.server.lines) <= window + FIRST - 1


@pytest.mark.parametrize("window", [1, 2, 64])
@pytest.mark.parametrize("odd", [0, 1, 25, 49])
@pytest.mark.parametrize("closed", [True, False])
def test_one_odd_image_among_many_fails_and_the_others_go_on(odd: int, window: int, closed: bool) -> None:
    run = Run(by_image(lambda image: image == odd), window=window, closed=closed)
    run.of(50)
    assert run.codes == ["bad_request" if n == odd else "ok" for n in range(50)]


@pytest.mark.parametrize("window", [1, 2, 64])
def test_odd_images_here_and_there_fail_and_the_others_go_on(window: int) -> None:
    run = Run(by_image(lambda image: image > 1 and image % 3 == 0), window=window)
    run.of(60)
    assert run.codes == ["bad_request" if n > 1 and n % 3 == 0 else "ok" for n in range(60)]


@pytest.mark.parametrize("window", [1, 2, 64])
def test_when_the_setup_breaks_in_the_middle_of_a_run_it_stops(window: int) -> None:
    run = Run(Server(lambda n: ODD if n >= 70 else well(n)), window=window)
    with pytest.raises(ProviderRefusesError, match=f"refused {IN_A_ROW} requests in a row: HTTP 400: why"):
        run.of(200)
    assert run.codes.count("ok") == 70
    assert set(run.codes) == {"ok", NOT_ASKED}


@pytest.mark.parametrize("continued", [False, True])
@pytest.mark.parametrize("window", [1, 2, 64])
@pytest.mark.parametrize("left", [1, 2, 3, 5, 7])
def test_what_breaks_just_before_the_end_stops_the_run_when_it_is_said_in_the_same_words(
    left: int, window: int, continued: bool
) -> None:
    """An account that is frozen with three images to go: they are asked again once it is settled, not rejected."""

    def answer(n: int) -> Said:
        return (400, {}, error(f"frozen; trace {n:08x}")) if n >= 20 else well(n)

    run = Run(Server(answer), window=window, answered_before=continued)
    if left < LAST:
        run.of(20 + left)
        assert run.codes.count("bad_request") == left
        return
    with pytest.raises(ProviderRefusesError, match=f"refused the last {left} requests alike: HTTP 400: why"):
        run.of(20 + left)
    assert (run.codes.count("ok"), run.codes.count(NOT_ASKED)) == (20, left)


@pytest.mark.parametrize("window", [1, 2, 64])
def test_the_last_images_fail_each_for_itself_when_each_is_told_something_else(window: int) -> None:
    why = iter("abcdefgh")
    odd: list[tuple[int, dict[str, str], bytes]] = [
        (400, {}, json.dumps({"error": {"message": f"the {next(why)} is odd"}}).encode()) for _ in range(5)
    ]
    run = Run(Server(lambda n: odd[n - 20] if n >= 20 else well(n)), window=window)
    run.of(25)
    assert (run.codes.count("ok"), run.codes.count("bad_request")) == (20, 5)


@pytest.mark.parametrize("status", [409, 423, 425, 408, 500, 502, 520])
@pytest.mark.parametrize("number", [1, 2, 8])
def test_when_all_tries_of_all_fail_the_run_stops_and_nothing_is_rejected(
    status: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`409: Invoice 2231 is unpaid` and an application that is broken are no image's fault."""
    monkeypatch.setattr("svit.providers.openai.retry_policy._GROWING", lambda _: 0.001)
    run = Run(Server(lambda _: (status, {}, b'{"message": "Invoice 2231 is unpaid"}')))
    with pytest.raises(ProviderRefusesError, match=f"HTTP {status}: Invoice 2231 is unpaid."):
        run.of(number)
    assert set(run.codes) == {NOT_ASKED}


@pytest.mark.parametrize("status", [409, 425, 500])
def test_one_image_whose_tries_all_fail_costs_itself_alone(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svit.providers.openai.retry_policy._GROWING", lambda _: 0.001)
    run = Run(by_image(lambda image: image == 5, (status, {}, b"{}")), window=2)
    run.of(20)
    assert [n for n, code in enumerate(run.codes) if code != "ok"] == [5]


@pytest.mark.parametrize("answer", [(400, {}, error("content_filter")), (400, {}, error("context_length_exceeded"))])
def test_a_failure_that_speaks_of_an_image_is_an_answer(answer: Said) -> None:
    server = Server(lambda n: answer if n % 2 else ODD)
    run = Run(server, window=1)
    run.of(6)
    assert run.codes.count("bad_request") == 3


@pytest.mark.parametrize("window", [1, 2, 64])
@pytest.mark.parametrize("number", [1, FIRST - 1])
@pytest.mark.parametrize("closed", [True, False])
def test_the_few_that_a_continued_run_has_left_fail_by_themselves(number: int, window: int, closed: bool) -> None:
    run, clock = Run(by_image(lambda _: True), window=window, closed=closed, answered_before=True), Clock()
    run.of(number)
    assert run.codes == ["bad_request"] * number
    assert clock.seconds < 5


@pytest.mark.parametrize("window", [1, 2, 64])
@pytest.mark.parametrize("number", [FIRST, 5, 20])
@pytest.mark.parametrize("closed", [True, False])
def test_a_setup_that_broke_before_a_run_was_continued_rejects_nothing(number: int, window: int, closed: bool) -> None:
    run = Run(by_image(lambda _: True), window=window, closed=closed, answered_before=True)
    with pytest.raises(ProviderRefusesError, match=f"refused the first {FIRST} requests alike: HTTP 400: why"):
        run.of(number)
    assert set(run.codes) == {NOT_ASKED}


def test_those_that_come_one_by_one_are_counted_together() -> None:
    alike = RepeatedFailures()
    for image in range(FIRST - 1):
        assert alike.hold(failure(image, answered_before=True)) is None
        handed_on, why = alike.settled()
        assert [reply.request.prompt.context.image_id for reply in handed_on] == [image]
        assert why is None
    assert "the first 3 requests alike" in str(alike.hold(failure(FIRST, answered_before=True)))
    assert not alike.settled()[0]


def test_each_task_is_a_setup_of_its_own() -> None:
    class OfTwoTasks(Run):
        async def requests(self, number: int) -> AsyncIterator[Request]:
            for n in range(number):
                self.pulled += 1
                yield request(n, "verify" if n % 2 else "t")

    run = OfTwoTasks(by_image(lambda image: image % 2 == 1), window=4)
    with pytest.raises(ProviderRefusesError, match="refused the first 3 requests alike"):
        run.of(60)
    assert set(run.codes[0::2]) <= {"ok", NOT_ASKED}
    assert set(run.codes[1::2]) == {NOT_ASKED}


def test_words_without_end_are_cut() -> None:
    said = json.dumps({"error": {"message": "x" * 100_000}}).encode()
    with pytest.raises(ProviderRefusesError) as told:
        Run(by_image(lambda _: True, (400, {}, said))).of(3)
    assert len(str(told.value)) < 700


def failure(image: int, *, answered_before: bool = False) -> Reply:
    outcome = Failure("bad_request", f"HTTP 400: {image}", final=True, free=True)
    return Reply(request(image, answered_before=answered_before), outcome)


@given(st.lists(st.booleans(), max_size=60))
def test_each_failure_is_handed_on_or_taken_back_once(answers: list[bool]) -> None:
    alike = RepeatedFailures()
    handed_on: list[Reply] = []
    stopped = False
    for image, is_well in enumerate(answers):
        if is_well:
            handed_on += alike.succeeded("t")
        elif alike.hold(failure(image)):
            stopped = True
            break
    more, why = alike.settled()
    handed_on += more
    taken: list[Any] = alike.taken_back()
    assert not len(alike)
    held = [n for n, is_well in enumerate(answers[: image + 1] if answers else []) if not is_well]
    assert sorted(each.request.prompt.context.image_id for each in [*handed_on, *taken]) == held
    assert all(each.outcome.code == NOT_ASKED for each in taken)
    since = held[-1] - max([-1, *(n for n, is_well in enumerate(answers[: image + 1]) if is_well)]) if held else 0
    assert bool(why) == bool(held and not any(answers[: image + 1])) or since >= LAST, "all of them, or the last ones"
    if stopped:
        assert len(more) + len(taken) in (FIRST, IN_A_ROW)


def test_what_was_held_when_another_is_answered_goes_on_as_it_was() -> None:
    run = Run(by_image(lambda image: image < 2), window=1)
    run.of(4)
    assert run.codes == ["bad_request", "bad_request", "ok", "ok"]
    assert run.outcomes[:3] != [completion()] * 3
