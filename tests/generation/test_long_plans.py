"""A request that takes long to plan holds nobody else, and ends where nobody waits for it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from biomatrix.entities.automaton import Automaton, Bounds
from biomatrix.entities.stopping import check_stop, stopped_by
from biomatrix.generation import Model, shared_model

LOOKS, BETWEEN_LOOKS = 3000, 0.01


class Searching:
    """An automaton that searches for half a minute before it starts."""

    def __init__(self, automaton: Automaton, begun: threading.Event) -> None:
        self._automaton, self._begun = automaton, begun

    def __getattr__(self, name: str) -> Any:
        return getattr(self._automaton, name)

    def start(self, bounds: Bounds) -> Any:
        self._begun.set()
        for _ in range(LOOKS):
            time.sleep(BETWEEN_LOOKS)
            check_stop()
        return self._automaton.start(bounds)


def test_others_are_answered_while_a_request_is_planned_which_ends_when_stopped(model: Model) -> None:
    shared = shared_model(model)
    begun, gone, ended = threading.Event(), threading.Event(), threading.Event()

    def check() -> None:
        if gone.is_set():
            raise TimeoutError

    def ask() -> None:
        narrow = lambda automaton: Searching(automaton, begun)  # noqa: E731
        with stopped_by(check), pytest.raises(TimeoutError):
            shared.generate("x", output="molecule_selfies", max_new_tokens=8, constraints=[narrow])
        ended.set()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    assert begun.wait(10)
    (answer,) = shared.generate("y", output="molecule_selfies", max_new_tokens=8)
    assert answer.token_ids
    assert not ended.is_set()
    gone.set()
    assert ended.wait(5)
    assert shared.generate("y", output="molecule_selfies", max_new_tokens=8)  # the guides are free
    shared.engine.close(5)  # type: ignore[attr-defined]
