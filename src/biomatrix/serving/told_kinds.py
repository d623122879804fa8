"""The installed kinds as JSON: what can be given, asked for and shown; everything is read from the registries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.modality_registry import modalities
from biomatrix.errors import BioMatrixError
from biomatrix.report.colours import colours_of
from biomatrix.serving.entities import content, typed_way

if TYPE_CHECKING:
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.registration import Example, FileFormat, Kind


def told_kinds() -> list[dict[str, Any]]:
    """Return every kind with its formats, modalities, constraints, viewer and examples, as plain values."""
    return [told_kind(kind) for kind in kinds()]


def told_kind(kind: Kind) -> dict[str, Any]:
    """Return one kind as plain values; ``unit`` is what its tokens stand for, an atom or a residue."""
    written = modalities(kind.name)
    counted = next((one.counts for one in written if one.counts), None)
    viewer = None if kind.viewer is None else {"format": kind.viewer[0], "style": kind.viewer[1]}
    return {
        "name": kind.name,
        "plural": kind.plural,
        "typed_as": kind.typed_as,
        "typed_way": typed_way(kind),
        "unit": counted or "atom",
        "formats": [_told_format(form) for form in kind.formats],
        "refused_extensions": dict(kind.refused_extensions),
        "modalities": [_told_modality(one) for one in written],
        "constraints": [_told_constraint(name, home) for name, home in kind.constraints.items()],
        "viewer": viewer,
        "examples": [told for one in kind.samples() if (told := _told_example(kind, one)) is not None],
    }


def _told_format(form: FileFormat) -> dict[str, Any]:
    return {
        "name": form.name,
        "extensions": list(form.extensions),
        "many": form.many,
        "writes": form.writes,
        "structure": form.structure,
        "starts": form.starts,
        "ends": form.ends,
        "comments": form.comments,
    }


def _told_modality(one: Modality) -> dict[str, Any]:
    light, dark = colours_of(one.name)
    return {
        "name": one.name,
        "counts": one.counts,
        "needs_structure": one.needs_structure,
        "file_format": one.file_format,
        "start": one.start_token,
        "end": one.end_token,
        "colours": {"light": light, "dark": dark},
    }


def _told_constraint(name: str, home: str) -> dict[str, Any]:
    cls = load_attribute(home)
    said = (cls.__doc__ or "").strip().splitlines()
    return {"name": name, "example": getattr(cls, "example", ""), "summary": said[0] if said else ""}


def _told_example(kind: Kind, one: Example) -> dict[str, Any] | None:
    """Return an example as a request gives it: as a file where it has a structure, else as a person types it."""
    given = {"type": kind.name}
    try:
        if one.entity.has_structure and kind.viewer is not None:
            given[kind.viewer[0]] = content(one.entity, kind.viewer[0])
        else:
            given[typed_way(kind)] = kind.text(one.entity)
    except BioMatrixError:
        return None
    return {"title": one.title, "origin": one.origin, "text": kind.text(one.entity), "entity": given}
