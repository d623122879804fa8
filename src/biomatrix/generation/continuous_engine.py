"""A model that any number of threads may ask at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from biomatrix.errors import UnsupportedError
from biomatrix.generation.answering import AnsweringEngine
from biomatrix.generation.answers import Answer
from biomatrix.generation.continuous_line import BatchLoad
from biomatrix.generation.continuous_writer import MAX_WAITING, ContinuousWriter
from biomatrix.generation.model import Model
from biomatrix.generation.requests import Request
from biomatrix.generation.transformers_engine import TransformersEngine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def shared_model(model: Model, max_rows: int = 64, max_waiting: int = MAX_WAITING) -> Model:
    """Return a model over the same weights that any number of threads may ask at once.

    Their samples share one running batch: a finished one is replaced at once. What is answered is what the model would
    answer to each alone. From now on ask only this one: the given model would use the same guides at the same time.

    Parameters
    ----------
    model : Model
        Whose engine runs a network in this process.
    max_rows : int
        The most samples that are written together.
    max_waiting : int
        The most samples that wait; beyond, BusyError.

    Raises
    ------
    UnsupportedError
        The engine runs its network elsewhere: one over a server takes any number of threads as it is, and one over
        vLLM in this process is for one thread.

    Examples
    --------
    >>> from biomatrix.generation import load, shared_model
    >>> model = shared_model(load("nano"))  # doctest: +SKIP
    """
    if not isinstance(model.engine, TransformersEngine):
        raise UnsupportedError(
            f"a {type(model.engine).__name__} runs its network elsewhere and batches by itself; only an engine with a "
            "network in this process is shared (one over a server takes any number of threads as it is)"
        )
    return Model(SharedEngine(model.engine, max_rows, max_waiting), model.name)


class SharedEngine(AnsweringEngine):
    """An engine for many threads, over the network of another; see :func:`shared_model`.

    Parameters
    ----------
    engine : TransformersEngine
        Whose network answers.
    max_rows, max_waiting : int
        As for :class:`~biomatrix.generation.continuous_writer.ContinuousWriter`.
    """

    def __init__(self, engine: TransformersEngine, max_rows: int, max_waiting: int = MAX_WAITING) -> None:
        self._engine = engine
        self._reading = threading.Lock()
        self._rows = max_rows
        self._continuous = ContinuousWriter(engine.writer, max_rows, max_waiting)
        super().__init__(self._continuous, engine.vocabulary, engine.context_length, self._continuous.guides)
        self.resolver = engine.resolver
        _ = self._planner, self._reader  # made now, since two threads might both make them

    def generate(self, requests: Sequence[Request], *, max_rows: int | None = None) -> list[list[Answer]]:
        """As :meth:`biomatrix.generation.engine.Engine.generate`; raises BusyError where too many samples wait."""
        return super().generate(requests, max_rows=self._rows if max_rows is None else max_rows)

    def load(self) -> BatchLoad:
        """Return what is being written and what waits now, and what has been done since the start."""
        return self._continuous.load()

    def close(self, timeout: float | None = None) -> bool:
        """Take no new work, and wait until what was taken has ended.

        Parameters
        ----------
        timeout : float, optional
            Seconds after which what has not ended is given back: its callers get ServerError.

        Returns
        -------
        bool
            Whether everything ended in time.
        """
        return self._continuous.close(timeout)

    def hidden_states(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """As :meth:`TransformersEngine.hidden_states`, one call at a time."""
        with self._reading:
            return self._engine.hidden_states(ids)

    @cached_property
    def network(self) -> Any:
        """The Transformers network of the same weights, to be read; answers are not written by it."""
        network = self._engine.writer.network
        return network.stock() if hasattr(network, "stock") else network

    @property
    def model_hash(self) -> str:
        """What tells these weights from others; see :mod:`biomatrix.generation.model_hash`."""
        return self._engine.model_hash

    @property
    def num_parameters(self) -> int:
        """Parameters of the network, tied ones counted once."""
        return self._engine.num_parameters

    @property
    def num_embeddings(self) -> int:
        """Rows of the embedding, padding rows included."""
        return self._engine.num_embeddings
