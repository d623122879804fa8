"""Asking a model: typed prompts in, typed answers out.

>>> from biomatrix.generation import load
>>> model = load("nano")  # doctest: +SKIP
>>> model.generate("Make a molecule.", output="molecule_selfies")[0].entity  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

_HOME = {
    "Answer": "biomatrix.generation.answers",
    "Model": "biomatrix.generation.model",
    "Score": "biomatrix.generation.model",
    "load": "biomatrix.generation.loading",
    "shipped_models": "biomatrix.generation.loading",
}

__all__ = ["Answer", "Model", "Score", "load", "shipped_models"]

if TYPE_CHECKING:
    from biomatrix.generation.answers import Answer
    from biomatrix.generation.loading import load, shipped_models
    from biomatrix.generation.model import Model, Score


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'biomatrix.generation' has no attribute {name!r}")
    value: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
