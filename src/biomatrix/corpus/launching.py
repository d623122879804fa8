"""Who does the slices of a step: this process, processes of this machine, or the actors of a cluster.

A launcher is asked for a crew, and the crew to call one function on many items. Whoever calls it, the function is the
same and claims what it works on, so that any number of launchers may work over one folder at once. Within a standing
block the workers of one crew are those of the next: a process takes seconds to start, and a build has a dozen steps.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

from biomatrix.entities.files.stopping import end_on_signals
from biomatrix.errors import ConfigurationError

SHARE: Final = "BIOMATRIX_SHARE"
"""The environment variable that says which of several processes this is, ``i/n`` with i from 0: where it begins."""

T = TypeVar("T")
Crew: TypeAlias = Callable[[Callable[[T], Any], Sequence[T]], Iterator[tuple[int, Any]]]
"""Calls a function on items, in any order; yields each item's index and what the function returned."""


class Launcher(ABC):
    """Opens crews; it holds nothing in between, but within a standing block."""

    @abstractmethod
    def standing(self) -> AbstractContextManager[None]:
        """Keep workers from one crew to the next while the block runs."""

    @abstractmethod
    def crew(self, tasks: int, *, accelerated: bool = False) -> AbstractContextManager[Crew[Any]]:
        """Return a crew for at most ``tasks`` items at a time, open while the block runs.

        Parameters
        ----------
        tasks : int
            The number of items; there is no use in more workers.
        accelerated : bool
            Whether an item is worked on faster with a GPU.
        """


class LocalProcesses(Launcher):
    """Processes of this machine; this process alone where there is one.

    Parameters
    ----------
    workers : int
        How many.

    Raises
    ------
    ConfigurationError
        If there are fewer than one.
    """

    def __init__(self, workers: int = 1) -> None:
        if workers < 1:
            raise ConfigurationError(f"workers must be at least 1, not {workers}")
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Keep processes while the block runs; each is started with the first item that none is free for."""
        if self.workers == 1:
            yield
            return
        with self._processes() as self._pool:
            try:
                yield
            finally:
                self._pool = None

    @contextmanager
    def crew(self, tasks: int, *, accelerated: bool = False) -> Iterator[Crew[Any]]:
        """Return the crew; its processes are started with the first item and end with the block or the standing one."""
        if min(self.workers, tasks) <= 1:
            yield _one_by_one
            return
        with self._processes() as pool:
            yield partial(_side_by_side, pool)

    @contextmanager
    def _processes(self) -> Iterator[ProcessPoolExecutor]:
        if self._pool is not None:
            yield self._pool
            return
        others = set(multiprocessing.active_children())
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.workers, mp_context=context, initializer=_begin_work) as pool:
            try:
                yield pool
            except (SystemExit, KeyboardInterrupt):  # asked to end: workers tidy up as this process does, at once
                for process in set(multiprocessing.active_children()) - others:
                    process.terminate()
                raise


Workers: TypeAlias = int | Launcher
"""A number of processes of this machine, or who else does the work."""


def launcher_of(workers: Workers) -> Launcher:
    """Return the launcher that is meant."""
    return workers if isinstance(workers, Launcher) else LocalProcesses(workers)


def beginning(count: int) -> int:
    """Return the index of the item, of ``count``, with which this process begins: 0, or that of its share.

    Raises
    ------
    ConfigurationError
        If the environment variable is not ``i/n`` with i below n.
    """
    text = os.environ.get(SHARE, "0/1")
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    share, shares = map(int, found.groups()) if found else (1, 0)
    if share >= shares:
        raise ConfigurationError(f"{SHARE} is {text!r}; give i/n, where i of n processes is counted from 0")
    return count * share // shares


def _begin_work() -> None:
    """Prepare a process for work: it ends in order when asked to, and at once when the one that started it is killed.

    Without the second it would wait for further work for ever.
    """
    end_on_signals()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> NoReturn:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)  # as if killed too: what it held is void a lease later


def _work(call: Callable[[T], Any], item: T) -> Any:
    """Call a function in a process of a pool; end the process where it was asked to end in the meantime.

    The pool takes the exception that a signal raises for that of a failed item, and would go on with the next.
    """
    try:
        return call(item)
    except (SystemExit, KeyboardInterrupt):
        os._exit(1)  # what the call had to tidy up is done


def _one_by_one(call: Callable[[T], Any], items: Sequence[T]) -> Iterator[tuple[int, Any]]:
    return ((index, call(item)) for index, item in enumerate(items))


def _side_by_side(pool: ProcessPoolExecutor, call: Callable[[T], Any], items: Sequence[T]) -> Iterator[tuple[int, Any]]:
    futures = {pool.submit(_work, call, item): index for index, item in enumerate(items)}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BaseException:
        # Running slices finish; waiting ones never start. The pool cancels them itself: its thread stumbles over those
        # that are cancelled behind its back when a worker ends.
        pool.shutdown(wait=False, cancel_futures=True)
        raise
