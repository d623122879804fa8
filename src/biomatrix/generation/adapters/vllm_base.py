"""A class of ours over a class of vLLM, made when vLLM asks for it by name."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from biomatrix.errors import ConfigurationError

MISSING = "vLLM is not installed: install it with biomatrix[vllm], in an environment of its own on a machine with a GPU"


@cache
def class_over(rows: type, module: str) -> type:
    """Return a class ``ConstraintProcessor`` of our methods over the ``LogitsProcessor`` of a module of vLLM.

    Raises
    ------
    ConfigurationError
        vLLM is not installed, or is of a version without this model runner.
    """
    try:
        import_module("vllm")
    except ModuleNotFoundError as error:
        raise ConfigurationError(MISSING) from error
    try:
        base: Any = import_module(module).LogitsProcessor
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"this version of vLLM has no {module}; choose the other model runner") from error
    return type("ConstraintProcessor", (rows, base), {"__module__": rows.__module__, "__doc__": rows.__doc__})
