"""The parts of a server that come beside the API: jobs, tools for agents, the page; each where it is there."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fastapi import FastAPI

    from biomatrix.serving.state import State

_PAGE: Final = "biomatrix.serving.page"


def mount_parts(app: FastAPI, state: State) -> list[Callable[[], Any]]:
    """Add the parts to an application; return what its lifespan enters, each an asynchronous context."""
    if find_spec(_PAGE) is not None:
        import_module(_PAGE).mount_page(app)
    return []
