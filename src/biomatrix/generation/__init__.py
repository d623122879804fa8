"""Asking a model: typed prompts in, typed answers out.

>>> from biomatrix.generation import load
>>> model = load("nano")  # doctest: +SKIP
>>> model.generate("Make a molecule.", output="molecule_selfies")[0].entity  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

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

__getattr__ = lazy_names(__name__, _HOME)
