"""Whose turn it is, how many may wait, and what a caller is told who must not."""

from __future__ import annotations

import time

import numpy as np
import pytest

from biomatrix.errors import BusyError, LimitError, ServerError
from biomatrix.generation.continuous_calls import Call
from biomatrix.generation.continuous_line import Line
from biomatrix.generation.jobs import Job
from biomatrix.generation.sampling import Sampling
from biomatrix.generation.unguided_automaton import UnguidedAutomaton


def jobs(count: int, prompt: int) -> list[Job]:
    """Return jobs that are known by their prompt."""
    guide = UnguidedAutomaton(np.arange(9), [8])
    return [Job((prompt,), number, guide, np.zeros(1, dtype=np.int64), 5, Sampling()) for number in range(count)]


def admitted(line: Line, room: int) -> list[tuple[int, int]]:
    """Return whose jobs are admitted, and their numbers."""
    return [(number, job.prompt[0]) for number, job in line.admitted(room)]


def end(line: Line, *numbers: int) -> None:
    """End rows."""
    line.hand_over([(number, 3, -1.0, True, True, False) for number in numbers])


def test_a_large_caller_leaves_room_and_takes_turns() -> None:
    line = Line(16, 1000)
    large, small, other = (Call(jobs(count, name), 64, streams=False) for name, count in ((1, 256), (2, 1), (3, 40)))
    line.call(large)
    first = admitted(line, 16)
    assert [name for _, name in first] == [1] * 14
    line.call(other)
    line.call(small)
    assert sorted(name for _, name in admitted(line, 2)) == [2, 3]
    for number, _ in first[:6]:
        end(line, number)
        assert admitted(line, 1)[0][1] == 3
    assert line.load(0).waiting == 256 - 14 + 40 - 7
    end(line, first[6][0])
    assert admitted(line, 1)[0][1] == 1  # both have seven rows, and its turn was longer ago


def test_a_caller_writes_at_most_as_many_rows_as_it_asks_for() -> None:
    line = Line(16, 1000)
    line.call(Call(jobs(9, 1), 2, streams=False))
    rows = admitted(line, 16)
    assert len(rows) == 2
    end(line, rows[0][0])
    assert len(admitted(line, 16)) == 1


def test_so_many_wait_and_the_next_is_told_when_to_come_again() -> None:
    line = Line(2, 10)
    with pytest.raises(LimitError, match="11 samples at once are more than the 10"):
        line.call(Call(jobs(11, 0), 9, streams=False))
    line.call(Call(jobs(10, 1), 9, streams=False))
    with pytest.raises(BusyError) as unknown:
        line.call(Call(jobs(4, 2), 9, streams=False))
    assert unknown.value.retry_after == 1.0
    for _ in range(6):
        time.sleep(0.1)
        end(line, *(number for number, _ in admitted(line, 1)))
    line.call(Call(jobs(6, 3), 9, streams=False))
    with pytest.raises(BusyError) as busy:
        line.call(Call(jobs(10, 4), 9, streams=False))
    assert 0.8 < busy.value.retry_after < 3.0  # ten jobs at about ten a second
    assert busy.value.at(record=3).retry_after == busy.value.retry_after  # type: ignore[attr-defined]


def test_a_caller_that_leaves_gives_its_rows_and_its_places_back() -> None:
    line = Line(4, 10)
    call = Call(jobs(10, 1), 9, streams=True)
    line.call(call)
    rows = admitted(line, 4)
    line.leave(call)
    assert line.gone() == {number for number, _ in rows}
    assert not line.gone()
    assert line.load(0).waiting == 0
    end(line, rows[0][0])  # what was on its way meanwhile is dropped
    line.call(Call(jobs(10, 2), 9, streams=True))


def test_nothing_new_is_taken_once_the_line_is_closing() -> None:
    line = Line(4, 10)
    line.call(Call(jobs(1, 1), 9, streams=False))
    line.close()
    with pytest.raises(ServerError, match="no new work"):
        line.call(Call(jobs(1, 1), 9, streams=False))
    assert line.wait(is_idle=True)  # there is still work
    end(line, *(number for number, _ in admitted(line, 4)))
    assert not line.wait(is_idle=True)
