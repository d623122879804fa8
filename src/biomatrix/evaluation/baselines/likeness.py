"""The features by which a question is like another: one set of bits for each placeholder of its prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.modality_registry import modality_names
from biomatrix.metrics.bit_likeness import packed, text_bits
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example, FieldValue
from biomatrix.tasks.templates import placeholders

if TYPE_CHECKING:
    from numpy.typing import NDArray


def features_of(benchmark: Benchmark, example: Example) -> dict[str, NDArray[np.uint64]]:
    """Return the features of what an example shows, by placeholder, ``uint64 [w]`` each.

    Raises
    ------
    UnsupportedError
        An entity has no fingerprint.
    """
    shown = dict.fromkeys(placeholders(benchmark.task.prompts[0]))
    return {name: packed(_bits(example.fields[name], name)) for name in shown}


def _bits(value: FieldValue, placeholder: str) -> NDArray[np.bool_]:
    if isinstance(value, str):
        return text_bits(value)
    entity, modality = with_modality(value, placeholder)
    return kind_of(entity).fingerprint(entity, modality)


def with_modality(value: Entity | tuple[Entity, str], placeholder: str) -> tuple[Entity, str]:
    """Return an entity with the modality that a prompt shows it in; "" where that is the notation asked for."""
    if isinstance(value, tuple):
        return value
    return value, placeholder if placeholder in modality_names(value.kind) else ""
