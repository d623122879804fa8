"""Jobs in SQLite: accepted whole, claimed item by item under a lease, each result kept once.

A claim is valid while its lease is renewed. One whose worker is gone is taken over: at once where the worker was a
process of this machine, else when the lease has run out. A result is taken from the worker that holds the claim alone,
so that an item has one result whatever was stopped, killed or paused.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from biomatrix.serving.jobs.database import Database
from biomatrix.serving.jobs.job import Claim, Item, Job, JobLimits, JobsFullError, OtherBodyError

_COLUMNS: Final = "number, id, owner, operation, state, total, done, failed, created, started, ended, rate"
_MOST_ATTEMPTS: Final = 5
"""How often an item may be begun. One that ends the whole process each time is given up, so that the others go on."""
_NEXT_JOB: Final = """
SELECT jobs.number FROM jobs LEFT JOIN owners ON owners.owner = jobs.owner
WHERE jobs.ended IS NULL AND EXISTS (
    SELECT 1 FROM items WHERE job = jobs.number AND result IS NULL AND (worker IS NULL OR lease < :now))
ORDER BY coalesce(owners.turn, 0), jobs.turn, jobs.number LIMIT 1
"""
"""Owners take turns, then the jobs of one owner: a large job holds nobody else up."""
_NEXT_ITEM: Final = """
SELECT number, operation, input, attempts FROM items
WHERE job = ? AND result IS NULL AND (worker IS NULL OR lease < ?) ORDER BY number LIMIT 1
"""


class JobStore:
    """Jobs, their items and results in one file; safe to use from many threads and processes.

    Parameters
    ----------
    path : str or Path
        The file; made where there is none.
    limits : JobLimits

    Raises
    ------
    ConfigurationError
        The file cannot be used; the message says why.
    """

    def __init__(self, path: str | Path, limits: JobLimits | None = None) -> None:
        self.limits = limits or JobLimits()
        self._database = Database(Path(path))

    def close(self) -> None:
        """Close the file; what it holds stays."""
        self._database.close()

    # What owners do

    def create(self, owner: str, items: Sequence[Item], key: str | None = None, digest: str = "") -> tuple[Job, bool]:
        """Keep a new job; return it, and whether it is new.

        Parameters
        ----------
        owner : str
        items : sequence of Item
        key : str, optional
            The idempotency key: the job of the same owner, key and digest is returned in place of a second one.
        digest : str
            Stands for what was asked.

        Raises
        ------
        OtherBodyError
            The key is that of a job with another digest.
        JobsFullError
            Too many jobs or items are waiting.
        """
        names = {item.operation for item in items}
        shown = names.pop() if len(names) == 1 else ""
        with self._database.writing() as connection:
            kept = self._of_key(connection, owner, key, digest)
            if kept is not None:
                return kept, False
            self._refuse_full(connection, owner, len(items))
            number = connection.execute(
                "INSERT INTO jobs (id, owner, operation, state, total, created, idempotency, digest) "
                "VALUES (?, ?, ?, 'queued', ?, ?, ?, ?)",
                (f"job_{secrets.token_urlsafe(16)}", owner, shown, len(items), time.time(), key, digest),
            ).lastrowid
            connection.executemany(
                "INSERT INTO items (job, number, operation, input) VALUES (?, ?, ?, ?)",
                ((number, place, item.operation, item.input) for place, item in enumerate(items, start=1)),
            )
            row = connection.execute(f"SELECT {_COLUMNS} FROM jobs WHERE number = ?", (number,)).fetchone()
        return Job(*row), True

    def _of_key(self, connection: sqlite3.Connection, owner: str, key: str | None, digest: str) -> Job | None:
        if key is None:
            return None
        row = connection.execute(
            f"SELECT digest, {_COLUMNS} FROM jobs WHERE owner = ? AND idempotency = ?", (owner, key)
        ).fetchone()
        if row is None:
            return None
        if row[0] != digest:
            raise OtherBodyError(f"the idempotency key {key[:80]!r} was used for another body; give a new key")
        return Job(*row[1:])

    def _refuse_full(self, connection: sqlite3.Connection, owner: str, more: int) -> None:
        used = self._database.used_bytes()
        if used >= self.limits.file_bytes:
            message = f"jobs and their results take {used:,} bytes, which is all this server keeps"
            raise JobsFullError(message, "file_bytes", used, self.limits.file_bytes)
        (jobs,) = connection.execute("SELECT count(*) FROM jobs WHERE ended IS NULL").fetchone()
        if jobs >= self.limits.waiting_jobs:
            message = f"{jobs:,} jobs are waiting, which is all this server keeps; try again later"
            raise JobsFullError(message, "waiting_jobs", jobs + 1, self.limits.waiting_jobs)
        (items,) = connection.execute(
            "SELECT coalesce(sum(total - done), 0) FROM jobs WHERE ended IS NULL AND owner = ?", (owner,)
        ).fetchone()
        if items + more > self.limits.waiting_items:
            raise JobsFullError(
                f"{items:,} items of yours are waiting and {more:,} more would be past the limit of "
                f"{self.limits.waiting_items:,}; try again once some are done, or cancel a job",
                "waiting_items",
                items + more,
                self.limits.waiting_items,
            )

    def jobs(self, owner: str, most: int = 100) -> list[Job]:
        """Return an owner's jobs, the newest first."""
        query = f"SELECT {_COLUMNS} FROM jobs WHERE owner = ? ORDER BY number DESC LIMIT ?"
        return [Job(*row) for row in self._database.rows(query, (owner, most))]

    def find(self, owner: str, id_: str) -> Job | None:
        """Return an owner's job; None where there is none, or it is somebody else's."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM jobs WHERE id = ? AND owner = ?", (id_, owner))
        return Job(*rows[0]) if rows else None

    def errors(self, job: Job, most: int = 20) -> list[tuple[int, str]]:
        """Return the numbers and reasons of the first items that failed."""
        query = "SELECT number, error FROM items WHERE job = ? AND error IS NOT NULL ORDER BY number LIMIT ?"
        return [(number, error) for number, error in self._database.rows(query, (job.number, most))]

    def results(self, job: Job, after: int = 0, most: int = 100) -> list[tuple[int, str]]:
        """Return numbers and JSON of the next results there are, in the order of the items."""
        query = "SELECT number, result FROM items WHERE job = ? AND number > ? AND result IS NOT NULL "
        rows = self._database.rows(f"{query} ORDER BY number LIMIT ?", (job.number, after, most))
        return [(number, result) for number, result in rows]

    def cancel(self, owner: str, id_: str) -> Job | None:
        """End a job that goes on, and keep the results it has; None where there is no such job of this owner."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', ended = ? WHERE id = ? AND owner = ? AND ended IS NULL",
                (time.time(), id_, owner),
            )
            connection.execute(
                "UPDATE items SET worker = NULL, lease = NULL WHERE worker IS NOT NULL AND job IN "
                "(SELECT number FROM jobs WHERE id = ? AND owner = ? AND ended IS NOT NULL)",
                (id_, owner),
            )
        return self.find(owner, id_)

    def delete(self, owner: str, id_: str) -> None:
        """Remove an ended job with all it holds."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM jobs WHERE id = ? AND owner = ? AND ended IS NOT NULL", (id_, owner))

    # What workers do

    def claim(self, worker: str, seconds: float) -> Claim | None:
        """Return the next item, taken on by a worker for some seconds; None where nothing waits."""
        while True:
            now = time.time()
            with self._database.writing() as connection:
                row = connection.execute(_NEXT_JOB, {"now": now}).fetchone()
                if row is None:
                    return None
                number, operation, given, attempts = connection.execute(_NEXT_ITEM, (row[0], now)).fetchone()
                connection.execute(
                    "UPDATE items SET worker = ?, lease = ?, attempts = attempts + 1 WHERE job = ? AND number = ?",
                    (worker, now + seconds, row[0], number),
                )
                self._take_turn(connection, row[0], now)
            claim = Claim(row[0], number, operation, given)
            if attempts < _MOST_ATTEMPTS:
                return claim
            self.keep(worker, claim, *given_up(number, attempts), None)

    def _take_turn(self, connection: sqlite3.Connection, job: int, now: float) -> None:
        connection.execute(
            "UPDATE jobs SET state = 'running', started = coalesce(started, ?), turn = ? WHERE number = ?",
            (now, now, job),
        )
        connection.execute(
            "INSERT INTO owners SELECT owner, ? FROM jobs WHERE number = ? "
            "ON CONFLICT (owner) DO UPDATE SET turn = excluded.turn",
            (now, job),
        )

    def keep(self, worker: str, claim: Claim, result: str, error: str | None, rate: float | None) -> bool:
        """Keep the result of an item; return False, and keep nothing, where the worker no longer holds it.

        Parameters
        ----------
        worker : str
        claim : Claim
        result : str
            One line of JSON.
        error : str, optional
            Why the item failed.
        rate : float, optional
            The job's items per second.
        """
        with self._database.writing() as connection:
            kept = connection.execute(
                "UPDATE items SET result = ?, error = ?, worker = NULL, lease = NULL "
                "WHERE job = ? AND number = ? AND worker = ? AND result IS NULL",
                (result, error, claim.job, claim.number, worker),
            ).rowcount
            if kept:
                connection.execute(
                    "UPDATE jobs SET done = done + 1, failed = failed + ?, rate = coalesce(?, rate) WHERE number = ?",
                    (error is not None, rate, claim.job),
                )
                connection.execute(
                    "UPDATE jobs SET ended = ?, state = CASE WHEN failed = total THEN 'failed' ELSE 'finished' END "
                    "WHERE number = ? AND done = total",
                    (time.time(), claim.job),
                )
        return bool(kept)

    def held(self, worker: str) -> set[tuple[int, int]]:
        """Return job and number of the items that a worker holds; a cancelled one is no longer among them."""
        rows = self._database.rows("SELECT job, number FROM items WHERE worker = ?", (worker,))
        return {(job, number) for job, number in rows}

    def renew(self, worker: str, places: Iterable[tuple[int, int]], seconds: float) -> None:
        """Let a worker hold some items, by job and number, for some seconds from now."""
        lease = time.time() + seconds
        with self._database.writing() as connection:
            connection.executemany(
                "UPDATE items SET lease = ? WHERE job = ? AND number = ? AND worker = ?",
                [(lease, job, number, worker) for job, number in places],
            )

    def hand_back(self, worker: str, claim: Claim) -> None:
        """Let another worker begin an item that this one has not finished."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE items SET worker = NULL, lease = NULL, attempts = attempts - 1 "
                "WHERE job = ? AND number = ? AND worker = ?",
                (claim.job, claim.number, worker),
            )

    def sweep(self, is_gone: Callable[[str], bool]) -> None:
        """Free the items of workers that are gone, and remove what has outlived its lifetime."""
        workers = self._database.rows("SELECT DISTINCT worker FROM items WHERE worker IS NOT NULL")
        gone = [(worker,) for (worker,) in workers if is_gone(worker)]
        with self._database.writing() as connection:
            connection.executemany("UPDATE items SET worker = NULL, lease = NULL WHERE worker = ?", gone)
            connection.execute("DELETE FROM jobs WHERE ended < ?", (time.time() - self.limits.lifetime,))


def given_up(number: int, attempts: int) -> tuple[str, str]:
    """Return result and reason of an item that ended the process at each attempt."""
    reason = f"given up: the server ended {attempts} times while it worked on this item"
    error = {"type": "internal", "message": reason, "where": None, "limit": None}
    return json.dumps({"number": number, "output": None, "error": error, "seconds": None}), reason
