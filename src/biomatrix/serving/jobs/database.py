"""The file that jobs are kept in: SQLite, opened and checked once, written by one connection of a process."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from biomatrix.errors import ConfigurationError

_APPLICATION: Final = 0x42_69_6F_4A
"""``BioJ`` in the header of the file, by which it is told from the database of another program."""
_VERSION: Final = 1
_BUSY_MILLISECONDS: Final = 15_000
_QUICKLY_CHECKED: Final = 256 * 2**20
"""Bytes up to which every page is checked when the file is opened, about a second's work."""
_TABLES: Final = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    operation TEXT NOT NULL,     -- '' where its items differ
    state TEXT NOT NULL,
    total INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,       -- seconds since 1970, as all times here
    started REAL,
    ended REAL,
    turn REAL NOT NULL DEFAULT 0,
    rate REAL,
    idempotency TEXT,
    digest TEXT NOT NULL
);
CREATE UNIQUE INDEX one_job_a_key ON jobs (owner, idempotency) WHERE idempotency IS NOT NULL;
CREATE INDEX open_jobs ON jobs (number) WHERE ended IS NULL;
CREATE TABLE items (
    job INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    number INTEGER NOT NULL,     -- within its job, from 1
    operation TEXT NOT NULL,
    input TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    lease REAL,
    result TEXT,
    error TEXT,
    PRIMARY KEY (job, number)
);
CREATE INDEX open_items ON items (job, number) WHERE result IS NULL;
CREATE INDEX claimed_items ON items (worker) WHERE worker IS NOT NULL;
CREATE TABLE owners (owner TEXT PRIMARY KEY, turn REAL NOT NULL);
"""


class Database:
    """One connection that all threads of this process take turns at; other processes may have the file open too.

    Parameters
    ----------
    path : Path
        Made, with its folder, where there is none; readable by this user alone, since it holds what users sent.

    Raises
    ------
    ConfigurationError
        The file is no database, another program's, of a later version, damaged, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self._named_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_MILLISECONDS / 1000, isolation_level=None, check_same_thread=False
            )
        try:
            with self._named_errors():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        self._refuse_foreign()
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")  # what was accepted outlives a power cut
        self._connection.execute("PRAGMA foreign_keys = ON")
        with self.writing():
            if not self._number("PRAGMA application_id"):
                for statement in _TABLES.split(";\n"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                self._connection.execute(f"PRAGMA user_version = {_VERSION}")
        if self.path.stat().st_size <= _QUICKLY_CHECKED:
            found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(str(found).splitlines()[-1])

    def _refuse_foreign(self) -> None:
        """Raise where the file is another program's, before anything is written to it."""
        application, version = self._number("PRAGMA application_id"), self._number("PRAGMA user_version")
        tables = self._number("SELECT count(*) FROM sqlite_master")
        if application != _APPLICATION and (application or tables):
            raise ConfigurationError(
                "is a database of another program, not of jobs; name another file", file=str(self.path)
            )
        if version > _VERSION:
            raise ConfigurationError(
                f"keeps jobs in version {version}, and this biomatrix reads {_VERSION}; update it or name another file",
                file=str(self.path),
            )

    def _number(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            raise ConfigurationError(
                f"jobs cannot be kept there: {reason}; make room and rights there, or name another file",
                file=str(self.path),
            ) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection within one transaction, which is whole or not there."""
        with self._lock, self._named_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self._lock, self._named_errors():
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Close the file; what it holds stays."""
        with self._lock, suppress(sqlite3.Error):
            self._connection.close()
