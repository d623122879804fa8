"""One row of a benchmark: what is shown, what is expected, and what a judge must know beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from biomatrix.entities.base_entity import Entity

FieldValue: TypeAlias = "str | Entity | tuple[Entity, str]"
"""The value of a placeholder: text, an entity, or an entity with the modality to write it in."""

FOLDER: Final = "folder"
"""The fact that says where the source of an example lies, for judges that read more of it."""
UNREADABLE: Final = "?"
"""What judges take in place of an answer that states no value: no number, no label, no SMILES string."""


@dataclass(frozen=True, eq=False)
class Example:
    """One row.

    Parameters
    ----------
    key : str
        A stable name within the split: the official identifier, or the row's number from 0.
    fields : mapping of str to str, Entity or (Entity, str)
        A value for each placeholder of the prompts.
    references : tuple of str
        The accepted answers as the official data writes them: a SMILES, a label, a number, a description. Empty where
        nothing is expected, as in unconditional generation.
    target : Entity, optional
        The expected entity, where text cannot hold it: the backbone to be folded.
    facts : mapping
        What the judge needs beside, as JSON values: counts asked for, the group removed, properties of the source.
        Under :data:`FOLDER`, here or within a value, where the source lies on this machine: no part of the content.
    """

    key: str
    fields: Mapping[str, FieldValue]
    references: tuple[str, ...] = ()
    target: Entity | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Prediction:
    """An answer as a judge takes it.

    Parameters
    ----------
    text : str
        The answer in the notation of the official data, such as the SMILES of a molecule written in SELFIES; "" where
        it is empty. What could not be read stands here as it was written, and `fault` says why.
    entity : Entity, optional
        The entity of an answer that is one.
    fault : str
        Why no value could be read; "" where one was.
    logprob : float
        The log-probability of the answer in nats, among the answers that it was held to; NaN where it is not known.
    """

    text: str
    entity: Entity | None = None
    fault: str = ""
    logprob: float = math.nan

    @property
    def stated(self) -> str:
        """The text that a judge takes: "" where it is empty, `UNREADABLE` where no value could be read.

        The answer as it was written must not reach a scorer that reads more into it, as RDKit does that takes the
        words behind a SMILES string for a title.
        """
        return UNREADABLE if self.fault and self.text else self.text
