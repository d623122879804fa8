"""Entities as they come in and go out: the kind, and what it is written as."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class GivenEntity(BaseModel):
    """One entity: its kind as ``type``, and exactly one way of writing it.

    The ways are the formats of the kind (``sdf``, ``mol2``, ``pdb``, ``mmcif``, ``fasta``), whose value is the text of a
    file with one record, and its modalities without the kind's name (``smiles``, ``selfies``, ``sequence``), whose value is
    what a person types. ``tokens`` takes a wrapped segment of any modality of the kind.

    Examples
    --------
    ``{"type": "molecule", "smiles": "CCO"}``; ``{"type": "protein", "pdb": "ATOM ...", "chain": "A"}``
    """

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(description="The kind: molecule, protein, or another that is installed.")]
    modality: Annotated[str | None, Field(description="The modality in which the model is shown it.")] = None


class ToldEntity(BaseModel):
    """One entity in every format of its kind that can hold it."""

    kind: str
    text: Annotated[str, Field(description="As a person would type it: SMILES, a sequence.")]
    name: str = ""
    has_structure: bool
    notes: list[str] = []
    formats: Annotated[dict[str, str], Field(description="Content of a file, by the name of its format.")] = {}
    tokens: Annotated[dict[str, str], Field(description="The wrapped segment, by modality.")] = {}
    picture: Annotated[str | None, Field(description="A drawing as SVG, where the kind draws one.")] = None
    extra: dict[str, Any] = {}
