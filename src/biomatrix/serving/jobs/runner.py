"""Threads that work on jobs, item by item, and keep each result as it ends."""

from __future__ import annotations

import json
import logging
import math
import os
import socket
import threading
import time
import uuid
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from biomatrix.entities.files.claims import has_ended
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.progress import Pace
from biomatrix.serving.faults import placed_error
from biomatrix.serving.jobs.job import Claim
from biomatrix.serving.operations.operation import operation
from biomatrix.serving.watching import Stopped, Watch, watched

if TYPE_CHECKING:
    from biomatrix.serving.jobs.store import JobStore
    from biomatrix.serving.service import Service

log = logging.getLogger(__name__)

_IDLE_SECONDS: Final = 1.0
"""After which a thread without work looks again, for jobs that another process accepted."""
_BEAT_SECONDS: Final = 1.0
_BEATS_PER_LEASE: Final = 6
_SWEEP_SECONDS: Final = 60.0
_LONGEST_WAIT: Final = 30.0
_LIVE: Final[set[str]] = set()
"""Workers of this process: in a container the process before may have had its number."""


class JobRunner:
    """Works on the jobs of a store until it is stopped.

    Several processes may run one over the same file. Items are claimed one at a time, so that a large job uses all
    threads while it is alone, and shares them when others come.

    Parameters
    ----------
    store : JobStore
    service : Service
        Its model may be asked by ``threads`` threads at once.
    threads : int
        Items worked on at the same time; those that write share the model's batch.
    lease : float
        Seconds after which the items of a worker that cannot be reached are begun again by another.
    item_seconds : float
        The longest time that one item may write.
    """

    def __init__(
        self, store: JobStore, service: Service, threads: int = 8, lease: float = 30.0, item_seconds: float = 3600.0
    ) -> None:
        if threads < 1 or not lease > 0:
            raise ConfigurationError(f"jobs need at least 1 thread and a lease above 0 s, not {threads} and {lease:g}")
        note = {"host": socket.gethostname(), "pid": os.getpid(), "token": uuid.uuid4().hex}
        self._worker = json.dumps(note)
        self._store = store
        self._service = service
        self._lease = lease
        self._item_seconds = item_seconds
        self._running: dict[tuple[int, int], Watch] = {}
        self._paces: dict[int, Pace] = {}
        self._lock = threading.Lock()
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, name=f"job {n}", daemon=True) for n in range(threads)]
        self._heart = threading.Thread(target=self._beat, name="job leases", daemon=True)

    def start(self) -> None:
        """Take up what an earlier process left, and begin to work."""
        _LIVE.add(self._worker)
        self._store.sweep(is_gone)
        for thread in (self._heart, *self._threads):
            thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the items that are being worked on, within a time; what is left is begun again at the next start."""
        if self._heart.ident is None:
            return
        self._stopping.set()
        self.wake()
        end = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0.0))
        with self._lock:
            watches = list(self._running.values())
        for watch in watches:
            watch.stop()
        for thread in self._threads:
            thread.join(_BEAT_SECONDS if watches else 0.0)
        self._heart.join(2 * _BEAT_SECONDS)
        _LIVE.discard(self._worker)

    def wake(self) -> None:
        """Let idle threads look for work now."""
        with self._news:
            self._news.notify_all()

    def stop_cancelled(self) -> None:
        """Stop at once what is being written for jobs that were cancelled."""
        with self._lock:
            before = dict(self._running)
        held = self._store.held(self._worker) if before else set()
        for place, watch in before.items():
            if place not in held:
                watch.stop()

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                claim = self._store.claim(self._worker, self._lease)
                if claim is not None:
                    self._run(claim)
                    continue
            except Exception:
                log.exception("a thread of jobs goes on after an error")
            with self._news:
                if not self._stopping.is_set():
                    self._news.wait(_IDLE_SECONDS)

    def _run(self, claim: Claim) -> None:
        watch = Watch(self._item_seconds)
        place = (claim.job, claim.number)
        with self._lock:
            self._running[place] = watch
            pace = self._paces.setdefault(claim.job, Pace())
        try:
            line, error = self._result(claim, watch)
            pace.count()
            rate = None if math.isnan(pace.rate) else pace.rate
            self._store.keep(self._worker, claim, line, error, rate)
        except Stopped:
            if self._stopping.is_set():
                self._store.hand_back(self._worker, claim)
        finally:
            with self._lock:
                del self._running[place]

    def _result(self, claim: Claim, watch: Watch) -> tuple[str, str | None]:
        """Return the line of an item's result, and why it failed; Stopped where it was cancelled."""
        begun = time.monotonic()
        output, refused = None, None
        try:
            output = self._answer(claim, watch)
        except (BioMatrixError, ValidationError) as error:
            refused = placed_error(error)
        except Stopped:
            raise
        except Exception as error:
            log.exception("item %d of job %d", claim.number, claim.job)
            refused = placed_error(error)
        seconds = round(time.monotonic() - begun, 3)
        line = {"number": claim.number, "output": output, "error": refused, "seconds": seconds}
        return json.dumps(line), None if refused is None else str(refused["message"])

    def _answer(self, claim: Claim, watch: Watch) -> object:
        asked_operation = operation(claim.operation)
        asked = asked_operation.asked.model_validate(json.loads(claim.input))
        while True:
            try:
                told = asked_operation.run(watched(self._service, watch), asked)
            except BioMatrixError as error:
                wait = getattr(error, "retry_after", None)  # the model's queue is full: others come first
                if wait is None:
                    raise
                _sleep(min(float(wait), _LONGEST_WAIT), watch)
            else:
                return json.loads(told.model_dump_json())

    def _beat(self) -> None:
        beats = 0
        swept = time.monotonic()
        while not self._stopping.wait(_BEAT_SECONDS) or self._running:
            try:
                self.stop_cancelled()
                beats += 1
                if beats * _BEAT_SECONDS >= self._lease / _BEATS_PER_LEASE:
                    self._renew()
                    beats = 0
                if time.monotonic() - swept > _SWEEP_SECONDS:
                    self._store.sweep(is_gone)
                    swept = time.monotonic()
                    self._forget_idle_paces()
            except BioMatrixError as error:
                log.error("%s", error)  # the next beat tries again; the lease allows for several that fail
            if self._stopping.is_set():
                time.sleep(_BEAT_SECONDS / _BEATS_PER_LEASE)

    def _renew(self) -> None:
        """Hold on to what is being worked on; an item whose result could not be kept is begun again after its lease."""
        with self._lock:
            places = list(self._running)
        if places:
            self._store.renew(self._worker, places, self._lease)

    def _forget_idle_paces(self) -> None:
        with self._lock:
            working = {job for job, _ in self._running}
            for job in set(self._paces) - working:
                del self._paces[job]


def is_gone(worker: str) -> bool:
    """Return whether a worker was of this machine and its process is no more."""
    note = json.loads(worker)
    mine = note["host"] == socket.gethostname() and note["pid"] == os.getpid()
    return worker not in _LIVE if mine else has_ended(note)


def _sleep(seconds: float, watch: Watch) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        watch.check()
        time.sleep(min(0.1, seconds))
