"""What the trainer of a structure tokenizer receives, and what it returns.

A kind lists its trainers by architecture (:attr:`biomatrix.entities.registration.Kind.trainers`), each a function
``(TokenizerRecipe, TrainingSources, output folder) -> TrainedWeights`` that writes ``output/tokenizer`` and resumes
where an earlier run of the same recipe stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from biomatrix.entities.base_entity import Entity

FOLDER = "tokenizer"
"""The folder inside a trainer's output that opens as a tokenizer."""


@dataclass(frozen=True)
class TokenizerRecipe:
    """A recipe file: which tokenizer, and everything its weights depend on.

    Parameters
    ----------
    file : Path
        Where it was read from, for messages.
    kind, architecture : str
    settings : mapping
        The rest of the file, unchecked.
    """

    file: Path
    kind: str
    architecture: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class EntitySource:
    """One data set that entities are drawn from.

    Parameters
    ----------
    name, origin : str
    licence : tuple of str
    rows : callable
        Yields (identifier, raw row) in a fixed order, cheaply.
    read : callable
        Takes an identifier and its row; returns the entity, if the row has one, and whether it may be learned from.
        Raises BioMatrixError with the reason where it cannot.
    fingerprint : str
        The hash of its content; empty where unknown.
    """

    name: str
    origin: str
    licence: tuple[str, ...]
    rows: Callable[[], Iterator[tuple[str, Any]]]
    read: Callable[[str, Any], tuple[Entity | None, bool]]
    fingerprint: str = ""


@dataclass(frozen=True)
class TrainingSources:
    """Where a trainer finds its data.

    Parameters
    ----------
    folder : Path
        The folder of the sources, or the file of one.
    open : callable
        Takes the name of a source and returns it.
    """

    folder: Path
    open: Callable[[str], EntitySource]


@dataclass(frozen=True)
class TrainedWeights:
    """What a trainer wrote.

    Parameters
    ----------
    fingerprint : str or None
        None in processes that do not write the folder.
    counts : mapping of str to int
        How many entities it was fitted to, such as ``{"molecules": 16000}``.
    """

    fingerprint: str | None
    counts: Mapping[str, int] = field(default_factory=dict)
