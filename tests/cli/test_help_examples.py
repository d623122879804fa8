"""The example in a command's help can be typed: its options exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from biomatrix.cli.commands import registered


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name; groups have ``commands``."""
    waiting: list[tuple[str, Any]] = [("biomatrix", get_command(registered()))]
    while waiting:
        name, command = waiting.pop()
        yield name, command
        waiting += [(f"{name} {one}", found) for one, found in getattr(command, "commands", {}).items()]


def spellings(command: Any) -> set[str]:
    """Return how the options of a command are spelled, with those that kinds of entity add to it."""
    params = command.get_params(command.make_context("", [], resilient_parsing=True))
    return {spelling for one in params for spelling in (*one.opts, *one.secondary_opts)}


def examples(text: str) -> Iterator[list[str]]:
    """Yield the words of every ``biomatrix ...`` that a text says to run, up to a ; | or &."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    for words in re.split("\0[;|&]+", "\0".join(lexer)):
        typed = words.strip("\0").split("\0")
        if "biomatrix" in typed:
            yield typed[typed.index("biomatrix") :]


def test_options_of_examples_exist() -> None:
    found = dict(commands())
    options = {name: spellings(command) for name, command in found.items()}
    options["biomatrix evaluate"] |= options["biomatrix evaluate run"]  # which may be left out
    seen, wrong = 0, []
    for example in (one for command in found.values() for one in examples(command.epilog or "")):
        name = max(
            (" ".join(example[:count]) for count in (1, 2, 3, 4) if " ".join(example[:count]) in options), key=len
        )
        given = [word.partition("=")[0] for word in example if re.match(r"--?[A-Za-z]", word)]
        seen += len(given)
        wrong += [f"{name}: {word}" for word in given if word not in options[name]]
    assert seen > 50
    assert not wrong
