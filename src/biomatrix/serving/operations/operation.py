"""One thing that can be asked of a server, and the table of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.serving.service import Service


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked.

    Parameters
    ----------
    name : str
        As in ``POST /v1/NAME`` and as a tool's name.
    summary : str
        One line for the schema, the page and an agent.
    asked : type of BaseModel
        What comes in; its fields carry units and limits.
    told : type of BaseModel
        What goes out.
    run : callable
        ``run(service, asked) -> told``, in a thread of its own; raises BioMatrixError for what cannot be done.
    example : dict
        A small input that works with the shipped model.
    generates : bool
        Whether it takes places in the model's batch, so that it queues, streams and can be a job.
    computes : callable
        Whether an input is left to a worker process that may take many seconds, such as coordinates to be computed:
        ``computes(asked) -> bool``.
    is_tool : bool
        Whether agents are offered it.
    """

    name: str
    summary: str
    asked: type[BaseModel]
    told: type[BaseModel]
    run: Callable[[Service, Any], BaseModel]
    example: dict[str, Any]
    generates: bool = False
    computes: Callable[[Any], bool] = lambda asked: False
    is_tool: bool = True

    def waits(self, asked: BaseModel) -> bool:
        """Return whether its thread spends its time waiting, for the model or for a worker."""
        return self.generates or self.computes(asked)


_TABLE: Final[dict[str, Operation]] = {}
_CATALOGUE: Final = "biomatrix.serving.operations.catalogue"
"""Named as a text: its modules import this one."""


def register(operation: Operation) -> Operation:
    """Add an operation to the table; ConfigurationError where its name is taken."""
    if operation.name in _TABLE:
        raise ConfigurationError(f"an operation named {operation.name!r} is already registered")
    _TABLE[operation.name] = operation
    return operation


def operations() -> tuple[Operation, ...]:
    """Return every operation, in the order of their registration."""
    import_module(_CATALOGUE)  # registers the package's own
    return tuple(_TABLE.values())


def operation(name: str) -> Operation:
    """Return the operation of that name; ConfigurationError where there is none."""
    known = {one.name: one for one in operations()}
    if name not in known:
        raise ConfigurationError(f"no operation named {name!r}; {choices(name, tuple(known))}")
    return known[name]
