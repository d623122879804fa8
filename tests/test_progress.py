"""Rates and times left: of the work that was done now, said now and then, in one way everywhere."""

from __future__ import annotations

import logging
import math

import pytest

from biomatrix import progress
from biomatrix.progress import Pace, Progress, clock, per_second
from biomatrix.training.progress import Meter


class Clock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turned = Clock()
    monkeypatch.setattr(progress, "time", turned)
    return turned


def test_a_pace_counts_within_its_interval_and_time_over_all(hand: Clock) -> None:
    pace = Pace(elapsed_seconds=50.0)
    assert math.isnan(pace.rate)
    pace.count(30)
    hand.now += 10.0
    assert (pace.rate, pace.elapsed, pace.seconds_left(60)) == (3.0, 60.0, 20.0)
    pace.begin_interval()
    hand.now += 10.0
    assert (pace.rate, pace.elapsed) == (0.0, 70.0)
    assert math.isnan(pace.seconds_left(60))
    assert math.isnan(per_second(5, 0.0))


def test_progress_is_said_now_and_then_and_at_the_end(hand: Clock, caplog: pytest.LogCaptureFixture) -> None:
    steps = Progress("work", 100, "records", every=10.0)
    with caplog.at_level(logging.INFO, logger="biomatrix"):
        for _ in range(50):
            hand.now += 1.0
            steps.advance(2, cached=steps.done < 20)
    assert [record.message.split(",")[0] for record in caplog.records] == [
        f"work: {done} of 100 records" for done in (20, 40, 60, 80, 100)
    ]
    assert "time left unknown" in caplog.records[0].message
    assert caplog.records[1].message.endswith("1.00/s, 60 s left")  # the 20 that were there are not in the rate


def test_a_total_is_found_when_the_first_message_is_due(hand: Clock, caplog: pytest.LogCaptureFixture) -> None:
    asked: list[float] = []

    def total() -> int:
        asked.append(hand.now)
        return 40

    short, long, endless = (
        Progress("short", total),
        Progress("long", total, "lines"),
        Progress("endless", None, "lines"),
    )
    with caplog.at_level(logging.INFO, logger="biomatrix"):
        short.advance(40)
        assert asked == []
        for _ in range(40):
            hand.now += 1.0
            long.advance()
            endless.advance(2)
    assert len(asked) == 1
    messages = [record.message for record in caplog.records]
    assert messages[0] == "long: 10 of 40 lines, 1.00/s, 30 s left"
    assert messages[1] == "endless: 20 lines in 10 s, 2.00/s"
    assert len(messages) == 8


def test_a_run_ends_by_steps_or_by_time_whichever_is_first(hand: Clock) -> None:
    meter = Meter(max_steps=10, max_seconds=1000.0, elapsed_seconds=0.0)
    for _ in range(5):
        meter.count(200)
        hand.now += 2.0
    assert meter.progress(5) == 0.5
    assert meter.report(5) == (100.0, 10.0)
    late = Meter(max_steps=None, max_seconds=20.0, elapsed_seconds=15.0)
    late.count(10)
    hand.now += 1.0
    assert (late.report(1), late.progress(1)) == ((10.0, 4.0), 0.8)


def test_times_are_written_as_a_clock_shows_them() -> None:
    assert [clock(seconds) for seconds in (0, 59.6, 3725)] == ["0:00:00", "0:01:00", "1:02:05"]
