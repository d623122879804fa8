"""Entities as they come in and go out: the kind, and what it is written as."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.serving.ways import Way, way_of, ways_of_every_kind

SOFT: Final = "soft"
"""In place of a modality: the model is shown vectors of the entity."""
VECTORS: Final = "vectors"

_EXTRA: Final = "record, chain: which record of the file, by number from 1 or by name"


def _with_ways(schema: dict[str, Any]) -> None:
    """Say in the schema what the kinds that are registered now may be written as."""
    from biomatrix.entities.kind_registry import kind_names

    properties = schema["properties"]
    properties["type"]["enum"] = list(kind_names())
    for name, described in ways_of_every_kind().items():
        properties[name] = {"type": "string", "description": described}
    properties["record"] = {
        "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}],
        "description": "Which record of a file that holds several: its number from 1, or its name.",
    }
    schema["additionalProperties"] = {"type": ["string", "integer"], "description": _EXTRA}


class GivenEntity(BaseModel):
    """One entity: its kind as ``type``, and exactly one way of writing it.

    The ways are the formats of the kind (``sdf``, ``mol2``, ``pdb``, ``mmcif``, ``fasta``), whose value is the text of
    a file with one record, and its modalities without the kind's name (``smiles``, ``selfies``, ``sequence``), whose
    value is what a person types. ``tokens`` takes a wrapped segment of any modality of the kind. Of a file with several
    records, ``record`` names one by its number or name; other keys name one by a label of its own, such as ``chain``.
    The content of a file that is packed or no text is given as ``base64:`` and its bytes in base64.

    Examples
    --------
    ``{"type": "molecule", "smiles": "CCO"}``; ``{"type": "protein", "pdb": "ATOM ...", "chain": "A"}``
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=_with_ways)

    type: Annotated[str, Field(description="The kind: molecule, protein, or another that is installed.")]
    modality: Annotated[
        str | None,
        Field(
            description="The modality in which the model is shown it, such as selfies; when null that of the tokens it "
            "is given as, else its usual one; soft, or soft:PROJECTOR: as vectors."
        ),
    ] = None

    @property
    def is_soft(self) -> bool:
        """Whether the model is shown vectors of it."""
        return self.modality is not None and self.modality.partition(":")[0] == SOFT

    @property
    def projector(self) -> str | None:
        """The projector of its vectors, where one is named."""
        return (self.modality or "").partition(":")[2] or None

    @property
    def vectors(self) -> object | None:
        """What stands for it in place of an entity, where the server takes that; None of an entity."""
        return (self.model_extra or {}).get(VECTORS)

    @model_validator(mode="after")
    def _is_written_once(self) -> GivenEntity:
        if self.vectors is not None:
            if not self.is_soft or len(self.model_extra or {}) > 1:
                raise ValueError("vectors stand alone, with their type and the modality soft")
            return self
        try:
            self.way()
        except BioMatrixError as error:
            raise ValueError(error.message) from None
        return self

    def way(self) -> tuple[Way, str, dict[str, str | int]]:
        """Return how it is written, the text, and what chooses one record among several.

        Raises
        ------
        ConfigurationError
            No such kind, no way or several, a key that is none, or a value that is no text.
        """
        if self.vectors is not None:
            raise ConfigurationError("vectors can be read in a prompt, and are no entity")
        return way_of(self.type, self.model_extra or {})


class ToldEntity(BaseModel):
    """One entity in every format of its kind that can hold it."""

    kind: Annotated[str, Field(description="Its kind, such as molecule.")]
    text: Annotated[str, Field(description="As a person would type it: SMILES, a sequence.")]
    name: Annotated[str, Field(description="Its name; empty where it has none.")] = ""
    has_structure: Annotated[bool, Field(description="Whether it has coordinates, in Angstrom.")]
    notes: Annotated[list[str], Field(description="What was done to it while it was read, one sentence each.")] = []
    formats: Annotated[dict[str, str], Field(description="Content of a file, by the name of its format.")] = {}
    tokens: Annotated[dict[str, str], Field(description="The wrapped segment, by modality.")] = {}
    picture: Annotated[str | None, Field(description="A drawing as SVG, where the kind draws one.")] = None
    extra: Annotated[dict[str, Any], Field(description="Properties computed from it, by name, as text.")] = {}
