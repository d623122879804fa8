"""An option means the same thing in every command that has it."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin

from typer.models import OptionInfo

from biomatrix.cli.commands import registered


def commands() -> Iterator[tuple[str, Callable[..., None]]]:
    """Yield every command's full name and function, those of groups included."""
    waiting = [("biomatrix", registered())]
    while waiting:
        name, application = waiting.pop()
        if application.registered_callback is not None and application.registered_callback.callback is not None:
            yield name, application.registered_callback.callback
        for one in application.registered_commands:
            assert one.callback is not None
            yield f"{name} {one.name or one.callback.__name__}", one.callback
        waiting += [(f"{name} {one.name}", one.typer_instance) for one in application.registered_groups]


def options() -> Iterator[tuple[str, tuple[str, ...], set[Any]]]:
    """Yield each option of every command: the command's name, how the option is spelled, and its type without None."""
    for name, function in commands():
        for one in inspect.signature(function, eval_str=True).parameters.values():
            if get_origin(one.annotation) is not Annotated:
                continue
            kind, info = get_args(one.annotation)
            # inside Annotated the first spelling stands where a default would
            first = (info.default,) if isinstance(info.default, str) and info.default.startswith("-") else ()
            words = (*first, *(info.param_decls or ())) or (f"--{one.name.replace('_', '-')}",)
            if isinstance(info, OptionInfo):
                types = set(get_args(kind) if get_origin(kind) is UnionType else (kind,)) - {NoneType}
                # a path that may be a folder is taken as typed: the slash at its end, which Path drops, says so
                yield name, words, {Path} if info.metavar == "FILE|FOLDER/" else types


def test_one_name_is_one_type() -> None:
    types: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for command, words, kind in options():
        for word in words:
            single = {get_args(one)[0] if get_origin(one) is list else one for one in kind}  # where it is repeatable
            types[word][str({Path if word in ("-o", "--output") else one for one in single})].add(command)
    assert {"--output", "--json", "--tokenizer", "--entity", "--kind"} <= types.keys()
    assert not {word: dict(forms) for word, forms in types.items() if len(forms) > 1}


def test_o_is_the_output_and_a_path() -> None:
    seen = set()
    for command, words, kind in options():
        if {"-o", "--output"} & set(words):
            assert {"-o", "--output"} <= set(words), command
            assert kind <= {Path, str}, command  # as text where a slash at its end says something
            seen.add(command)
    assert {"encode", "decode", "quickstart", "corpus build", "tokenizer train"} <= {
        one.partition(" ")[2] for one in seen
    }


def test_commands_that_may_take_long_can_be_silenced() -> None:
    quiet = {name.partition(" ")[2] for name, words, _ in options() if set(words) == {"--quiet", "-q"}}
    assert quiet == {
        "quickstart", "encode", "decode", "generate", "explain", "calibrate", "mcp",
        "corpus build", "corpus get", "corpus plan", "corpus stats",
        "train pretrain", "train finetune", "pretrain", "finetune", "doctor", "doctor roundtrip",
        "doctor parity", "tokenizer train", "data get", "evaluate run", "audit", "links", "cells",
        "design mrna", "soft encode", "soft align", "soft tune", "soft retrieve", "soft ask",
    }  # fmt: skip
