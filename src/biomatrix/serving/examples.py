"""Real entities to begin with, as a request gives them.

Those of the package's own kinds lie in ``examples.json``: reading the dictionary that they come from takes seconds,
which the first page of a server does not have. A test holds the file to :func:`written_examples`.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.modality_registry import modalities
from biomatrix.entities.samples import Sample
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.serving.ways import short_name

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.registration import Kind

FILE: Final = "examples.json"
_SHORT: Final = 40
"""The most residues of the examples of tasks."""


@cache
def examples_of(kind: Kind) -> dict[str, Any]:
    """Return the examples of a kind: see :func:`written_examples`."""
    known: dict[str, dict[str, Any]] = json.loads(files("biomatrix.serving").joinpath(FILE).read_text(encoding="utf-8"))
    return known[kind.name] if kind.name in known else written_examples(kind)


def written_examples(kind: Kind) -> dict[str, Any]:
    """Return the examples of a kind as values for JSON.

    Under ``examples`` each with ``title``, ``origin``, ``has_structure`` and how it is ``given``, typed and with its
    coordinates; under ``typed`` and ``structure`` the last one, cut short where it is a chain, or None.
    """
    found: dict[str, Any] = {"examples": [], "typed": None, "structure": None}
    for one in kind.examples():
        for structure, key in ((False, "typed"), (True, "structure")):
            try:
                given = written_entity(one.entity, kind, structure=structure)
                found[key] = written_entity(kind.shortened(one.entity, _SHORT), kind, structure=structure)
            except BioMatrixError:
                continue
            title = f"{one.title}, with coordinates" if structure else one.title
            found["examples"].append({"title": title, "origin": one.origin, "has_structure": structure, "given": given})
    return found


def written_entity(entity: Entity, kind: Kind, *, structure: bool) -> dict[str, str]:
    """Return an entity as a request gives it: typed, or with its coordinates as a file.

    Raises
    ------
    ConfigurationError
        It has no coordinates, or there is no way to write it.
    """
    if structure:
        for one in kind.formats:
            if one.structure and one.writes and entity.has_structure:
                return {"type": kind.name, one.name: kind.sample_bytes([Sample(entity, 1)], one.name).decode()}
    else:
        for modality in modalities(kind.name):
            if not modality.needs_structure and modality.accepts(entity):
                return {"type": kind.name, short_name(modality.name, kind.name): kind.text(entity)}
    raise ConfigurationError(f"there is no way to write this {kind.name} in a request")
