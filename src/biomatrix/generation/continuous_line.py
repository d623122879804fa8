"""The line before a network: who waits, who is being written, and whose turn is next.

Everything here is guarded by one lock, and nothing is done under it that takes long.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Condition
from typing import Final

from biomatrix.errors import BusyError, LimitError, ServerError
from biomatrix.generation.continuous_calls import Call, Result, Search
from biomatrix.generation.jobs import Job, Token

_RATED: Final = 256
"""Jobs that ended last, by whose times the wait is estimated."""
_RECENT: Final = 60.0
"""Seconds after which the end of a job says nothing about the rate of now."""
_WAIT: Final = (1.0, 60.0)
"""The least and the most seconds that somebody is told to wait."""
_SEARCHES: Final = 4
"""The most searches and scores that take turns; the others have not begun."""


@dataclass(frozen=True)
class BatchLoad:
    """What a continuous batch has to do, and what it has done.

    Parameters
    ----------
    rows : int
        Samples that are being written, their prompts being read included.
    waiting : int
        Samples and searches that wait for their turn.
    steps : int
        Since the start.
    tokens : int
        Written since the start.
    """

    rows: int
    waiting: int
    steps: int
    tokens: int


class Line:
    """Callers in the order of their turns.

    The next row goes to the caller with the fewest running ones, of equals to the one that waits longest for a turn. No
    caller holds more than seven eighths of the rows, so that whoever comes beside it need not wait for a row to end.

    Parameters
    ----------
    max_rows : int
        The most rows that are written together.
    max_waiting : int
        The most jobs and searches that wait.
    """

    def __init__(self, max_rows: int, max_waiting: int) -> None:
        self.changed = Condition()
        self._max_rows, self._max_waiting = max_rows, max_waiting
        self._most_of_one = max(1, max_rows - max_rows // 8)
        self._calls: deque[Call] = deque()
        """Of all callers that are not done, the one whose turn was longest ago first."""
        self._searches: deque[Search[object]] = deque()
        self._owners: dict[int, Call] = {}
        self._gone: set[int] = set()
        """Running rows that nobody waits for any more."""
        self._count = 0
        self._ends: deque[float] = deque(maxlen=_RATED)
        self._is_closing = self._is_closed = False
        self.steps = self.tokens = 0

    # For callers

    def call(self, call: Call) -> None:
        """Let a caller wait for its jobs.

        Raises
        ------
        BusyError
            Too many wait.
        LimitError
            One caller asks for more than may ever wait.
        ServerError
            The line is closed.
        """
        with self.changed:
            self._check_room(len(call.jobs))
            self._calls.append(call)
            self.changed.notify_all()

    def search(self, search: Search[Result]) -> None:
        """Let a search wait; raises as :meth:`call` does."""
        with self.changed:
            self._check_room(1)
            self._searches.append(search)  # type: ignore[arg-type]
            self.changed.notify_all()

    def leave(self, call: Call) -> None:
        """Let a caller go: its rows are free from the next step on."""
        with self.changed:
            if call in self._calls:
                self._forget(call)
                self.changed.notify_all()

    def end(self, call: Call, job: int) -> None:
        """Let one job of a caller go that has begun: its row is free from the next step on."""
        with self.changed:
            call.ended.add(job)
            row = next((number for number, one in call.rows.items() if one == job), None)
            if row is None or call not in self._calls:
                return  # its last token is on its way
            del call.rows[row], self._owners[row]
            self._gone.add(row)
            call.unfinished -= 1
            if not call.unfinished:
                self._calls.remove(call)
            self.changed.notify_all()

    def load(self, rows: int) -> BatchLoad:
        """Return what there is to do; ``rows`` are in the batch."""
        with self.changed:
            return BatchLoad(rows, self._waiting, self.steps, self.tokens)

    def close(self, *, at_once: bool = False) -> None:
        """Take no new work; end when all is done, or at once."""
        with self.changed:
            self._is_closing = True
            self._is_closed = self._is_closed or at_once
            self.changed.notify_all()

    # For the thread of the network

    def wait(self, *, is_idle: bool) -> bool:
        """Wait for work where there is none; return False once the line is closed."""
        with self.changed:
            while is_idle and not self._calls and not self._searches and not self._is_closing:
                self.changed.wait()
            return not self._is_closed and not (self._is_closing and is_idle and not self._calls and not self._searches)

    def gone(self) -> set[int]:
        """Return the rows that nobody waits for any more."""
        with self.changed:
            gone, self._gone = self._gone, set()
            return gone

    def admitted(self, room: int) -> list[tuple[int, Job]]:
        """Return the jobs whose turn it is, with numbers of their own."""
        found: list[tuple[int, Job]] = []
        with self.changed:
            while len(found) < room:
                call = min(self._ready(), key=lambda each: len(each.rows), default=None)
                if call is None:
                    break
                self._count += 1
                call.rows[self._count] = call.next
                self._owners[self._count] = call
                found.append((self._count, call.jobs[call.next]))
                call.next += 1
                self._calls.remove(call)
                self._calls.append(call)
        return found

    def next_search(self) -> Search[object] | None:
        """Return the search whose turn it is."""
        with self.changed:
            while self._searches:
                search = self._searches.popleft()
                if not search.is_cancelled:
                    self._searches.insert(min(_SEARCHES - 1, len(self._searches)), search)
                    return search
            return None

    def end_search(self, search: Search[object]) -> None:
        """Let a search go that has ended."""
        with self.changed:
            self._searches.remove(search)

    def hand_over(self, columns: Sequence[tuple[int, int, float, bool, bool, bool]]) -> None:
        """Give each caller what its rows chose: number of the row, then as in :class:`Token`."""
        touched: dict[int, Call] = {}
        with self.changed:
            for number, id_, logprob, last, complete, hastened in columns:
                call = self._owners.get(number)
                if call is None:
                    continue
                call.pack(Token(call.rows[number], id_, logprob, last, complete, hastened))
                touched[id(call)] = call
                if last:
                    del call.rows[number], self._owners[number]
                    call.unfinished -= 1
                    self._ends.append(time.monotonic())
                    if not call.unfinished:
                        self._calls.remove(call)
            self.steps += 1
            self.tokens += len(columns)
        for call in touched.values():
            call.send()

    def fail(self, errors: dict[int, BaseException]) -> None:
        """End the callers of some rows, each with its error; those of these rows that run on are gone."""
        with self.changed:
            for number, error in errors.items():
                call = self._owners.get(number)
                if call is not None:
                    self._forget(call)
                    call.parcels.put(error)

    def running(self) -> list[int]:
        """Return the numbers of all rows that somebody waits for."""
        with self.changed:
            return list(self._owners)

    def give_back(self, why: str) -> None:
        """End every caller with an error."""
        with self.changed:
            self._is_closing = self._is_closed = True
            for call in list(self._calls):
                self._forget(call)
                call.parcels.put(ServerError(why))
            for search in self._searches:
                search.fail(ServerError(why))
            self._searches.clear()

    # Inside

    @property
    def _waiting(self) -> int:
        return sum(call.waiting for call in self._calls) + len(self._searches)

    def _ready(self) -> list[Call]:
        return [call for call in self._calls if call.waiting and len(call.rows) < self._most_of(call)]

    def _most_of(self, call: Call) -> int:
        return min(call.most_rows, self._most_of_one)

    def _forget(self, call: Call) -> None:
        self._calls.remove(call)
        for number in call.rows:
            del self._owners[number]
            self._gone.add(number)

    def _check_room(self, jobs: int) -> None:
        if self._is_closing:
            raise ServerError("this model takes no new work: it is being closed")
        if jobs > self._max_waiting:
            raise LimitError(
                f"{jobs:,} samples at once are more than the {self._max_waiting:,} that may wait; "
                "ask for fewer at a time",
                limit="waiting_samples",
                actual=jobs,
                allowed=self._max_waiting,
            )
        excess = self._waiting + jobs - self._max_waiting
        if excess > 0:
            wait = self._seconds_of(excess)
            raise BusyError(
                f"{self._waiting:,} samples wait, and {self._max_waiting:,} may; try again in {wait:.0f} s",
                retry_after=wait,
            )

    def _seconds_of(self, jobs: int) -> float:
        """Return how long so many jobs take at the rate of the last ones."""
        now = time.monotonic()
        recent = [end for end in self._ends if now - end < _RECENT]
        least, most = _WAIT
        if len(recent) < 2:
            return least
        return min(most, max(least, jobs * (now - recent[0]) / len(recent)))
