"""Asking a model: typed prompts in, typed answers out.

>>> from biomatrix.generation import load
>>> model = load("nano")  # doctest: +SKIP
>>> model.generate("Make a molecule.", output="molecule_selfies")[0].entity  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names
from biomatrix.processors import wait_asleep

wait_asleep()  # before a module of this room imports torch

_HOME = {
    "Answer": "biomatrix.generation.answers",
    "Engine": "biomatrix.generation.engine",
    "Model": "biomatrix.generation.model",
    "Request": "biomatrix.generation.requests",
    "Sampling": "biomatrix.generation.sampling",
    "Score": "biomatrix.generation.scoring",
    "TransformersEngine": "biomatrix.generation.transformers_engine",
    "load": "biomatrix.generation.model",
    "shared_model": "biomatrix.generation.continuous_engine",
    "shipped_models": "biomatrix.generation.loading",
}

__all__ = [
    "Answer",
    "Engine",
    "Model",
    "Request",
    "Sampling",
    "Score",
    "TransformersEngine",
    "load",
    "shared_model",
    "shipped_models",
]

if TYPE_CHECKING:
    from biomatrix.generation.answers import Answer
    from biomatrix.generation.continuous_engine import shared_model
    from biomatrix.generation.engine import Engine
    from biomatrix.generation.loading import shipped_models
    from biomatrix.generation.model import Model, load
    from biomatrix.generation.requests import Request
    from biomatrix.generation.sampling import Sampling
    from biomatrix.generation.scoring import Score
    from biomatrix.generation.transformers_engine import TransformersEngine

__getattr__ = lazy_names(__name__, _HOME)
