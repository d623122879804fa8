"""Commands imported and built when they are asked for: a command waits for its own options, not for those of all."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

_HOMES: Final = {
    "quickstart": "quickstart",
    "encode": "encode",
    "decode": "decode",
    "generate": "generate",
    "explain": "explain",
    "cells": "cells",
    "links": "links",
    "design": "design",
    "soft": "soft",
    "mcp": "mcp",
    "calibrate": "calibrate",
    "corpus": "corpus",
    "train": "train",
    "pretrain": "training",
    "finetune": "training",
    "serve": "serve",
    "models": "models",
    "doctor": "doctor",
    "tokenizer": "tokenizer",
    "tasks": "tasks",
    "evaluate": "evaluate",
    "data": "data",
    "metrics": "metrics",
    "audit": "audit",
}
"""Each command in the order of the help, and the module of this room that registers it."""


class Commands(MutableMapping[str, Any]):
    """The commands by name; one is built when it is looked up, all where the help lists them."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built |= _commands_of(_HOMES[name])
        return self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)

    def __setitem__(self, name: str, command: Any) -> None:
        raise TypeError("commands are registered by the modules of this room")

    def __delitem__(self, name: str) -> None:
        raise TypeError("commands are registered by the modules of this room")


class LazyGroup(TyperGroup):
    """The root of the command line, whose sub-commands are :class:`Commands`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()


def registered() -> typer.Typer:
    """Return an application that every module has registered its commands with, for what looks at all of them."""
    app = _application()
    for module in dict.fromkeys(_HOMES.values()):
        import_module(f"biomatrix.cli.{module}").register(app)
    return app


def _commands_of(module: str) -> dict[str, Any]:
    app = _application()
    import_module(f"biomatrix.cli.{module}").register(app)
    group: Any = get_command(app)
    return dict(group.commands)


def _application() -> typer.Typer:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback()(lambda: None)  # so that one command alone is a group too
    return app
