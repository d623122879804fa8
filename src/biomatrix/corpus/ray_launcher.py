"""A Ray cluster does the slices: an actor per GPU where a GPU helps and there is one, else an actor per core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from biomatrix.corpus.launching import Crew, Launcher
from biomatrix.errors import ConfigurationError

T = TypeVar("T")


class Worker:
    """What runs in an actor: one function on one item at a time."""

    def do(self, call: Callable[[Any], Any], index: int, item: Any) -> tuple[int, Any]:
        """Return the item's index and what the function returned."""
        return index, call(item)


class RayCluster(Launcher):
    """Actors of a Ray cluster: the one that ``RAY_ADDRESS`` names, else one of this machine's own.

    Every node must see the data and work folders under the same paths. An actor that dies is started again; what it had
    claimed is free a lease later, as with any process.

    Parameters
    ----------
    workers : int
        The most actors of one crew that work without a GPU.

    Raises
    ------
    ConfigurationError
        If Ray is not installed, or no cluster answers.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._ray = _started(workers)
        self._stands = False
        self._needs: dict[str, int] = {}
        self._actors: list[Any] = []

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Keep actors while the block runs, until a crew needs others: with a GPU, or without."""
        self._stands = True
        try:
            yield
        finally:
            self._stands = False
            self._dismiss()

    @contextmanager
    def crew(self, tasks: int, *, accelerated: bool = False) -> Iterator[Crew[Any]]:
        """Return the crew; its actors end with the block, or with the standing one."""
        gpus = int(self._ray.cluster_resources().get("GPU", 0)) if accelerated else 0
        needs = {"num_gpus": 1, "num_cpus": 1} if gpus else {"num_cpus": 1}
        if needs != self._needs:
            self._dismiss()  # else they would hold the processors that the others wait for
        self._needs = needs
        kind = self._ray.remote(Worker).options(max_restarts=-1, max_task_retries=-1, **needs)
        wanted = max(1, min(gpus or self.workers, tasks))
        self._actors += [kind.remote() for _ in range(wanted - len(self._actors))]
        try:
            yield partial(_distributed, self._ray, self._actors[:wanted])
        finally:
            if not self._stands:
                self._dismiss()

    def _dismiss(self) -> None:
        for actor in self._actors:
            self._ray.kill(actor)
        self._actors = []


def _distributed(ray: Any, actors: Sequence[Any], call: Callable[[T], Any], items: Sequence[T]) -> Iterator[Any]:
    """Yield results as they come; an actor is given its next item when it has none."""
    shared = ray.put(call)
    waiting = iter(enumerate(items))
    busy = {}

    def give(actor: Any) -> None:
        for index, item in waiting:
            busy[actor.do.remote(shared, index, item)] = actor
            return

    for actor in actors:
        give(actor)
    while busy:
        (done,), _ = ray.wait(list(busy), num_returns=1)
        actor = busy.pop(done)
        try:
            result = ray.get(done)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None  # as if it had happened here
        give(actor)
        yield result


def _started(workers: int) -> Any:
    """Return Ray, connected; the settings of this package in the environment are those of the actors."""
    try:
        import ray
    except ImportError as error:
        raise ConfigurationError("Ray is not installed; pip install 'biomatrix[scale]'") from error
    if ray.is_initialized():
        return ray
    settings = {name: value for name, value in os.environ.items() if name.startswith("BIOMATRIX_")}
    size = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers, "include_dashboard": False}
    try:
        ray.init(log_to_driver=False, logging_level="warning", runtime_env={"env_vars": settings}, **size)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ConfigurationError(f"no Ray cluster answers: {' '.join(str(error).split())}") from error
    return ray
