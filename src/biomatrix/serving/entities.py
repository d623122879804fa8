"""Entities of requests opened, and entities of answers told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.modality_registry import modalities, modality, modality_names
from biomatrix.entities.samples import Sample
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.serving.schemas.entities import GivenEntity, ToldEntity

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.registration import Kind
    from biomatrix.serving.service import Service


def open_entity(given: GivenEntity, service: Service) -> Entity:
    """Return the entity that was given; BioMatrixError where it is written in no way of its kind, or in several."""
    kind = kind_named(given.type)
    extra = dict(given.model_extra or {})
    chain, record = extra.pop("chain", None), extra.pop("record", None)
    if len(extra) != 1:
        raise ConfigurationError(f"a {kind.name} is given in one way, such as {ways(kind)[0]!r}; got {sorted(extra)}")
    way, text = next(iter(extra.items()))
    if not isinstance(text, str):
        raise ConfigurationError(f"{way} of a {kind.name} is text")
    file_format = _format_named(kind, way)
    if way == typed_way(kind):
        return service.parser.parse(text, kind.name)
    if file_format is None:
        name = f"{kind.name}_{way}"
        if name not in modality_names(kind.name):
            raise ConfigurationError(f"no way {way!r} of giving a {kind.name}; use one of {', '.join(ways(kind))}")
        return modality(name).decode(modality(name).split(text))
    found = service.parser.read(text.encode(), file_format, kind.name)
    chosen = [one for one in found if chain is None or getattr(one, "chain", None) == chain]
    if record is not None:
        chosen = chosen[int(record) - 1 : int(record)]
    if len(chosen) != 1:
        held = ", ".join(str(getattr(one, "chain", one.name)) for one in found[:8])
        raise ConfigurationError(f"the {way} text holds {len(found)} records ({held}); name one with chain or record")
    return chosen[0]


def typed_way(kind: Kind) -> str:
    """Return the key under which what a person types for a kind is given, such as ``smiles``."""
    return next(iter(modality_names(kind.name)), kind.name).removeprefix(f"{kind.name}_")


def ways(kind: Kind) -> list[str]:
    """Return the keys under which an entity of a kind may be given."""
    return list(
        dict.fromkeys(
            [
                *(name.removeprefix(f"{kind.name}_") for name in modality_names(kind.name)),
                *(form.name for form in kind.formats),
            ]
        )
    )


def _format_named(kind: Kind, way: str) -> str | None:
    return next((form.name for form in kind.formats if way == form.name or f".{way}" in form.extensions), None)


def content(entity: Entity, file_format: str) -> str:
    """Return an entity as the text of a file."""
    kind = kind_of(entity)
    if any(form.name == file_format and form.appends for form in kind.formats):
        return kind.record_bytes(entity, file_format).decode()
    return kind.sample_bytes([Sample(entity, 1, {}, ())], file_format).decode()


def tell_entity(entity: Entity, service: Service, formats: bool = True) -> ToldEntity:
    """Return an entity in every text format and modality of its kind that can hold it."""
    kind = kind_of(entity)
    files: dict[str, str] = {}
    tokens: dict[str, str] = {}
    for form in kind.formats if formats else ():
        try:
            files |= {form.name: content(entity, form.name)} if form.writes else {}
        except (BioMatrixError, UnicodeDecodeError):
            continue  # what a format cannot hold is left out
    for one in modalities(kind.name) if formats else ():
        if one.accepts(entity):
            try:
                tokens[one.name] = f"{one.start_token}{''.join(one.encode(entity))}{one.end_token}"
            except BioMatrixError:
                continue
    told: dict[str, Any] = {"kind": kind.name, "text": kind.text(entity), "name": entity.name, "formats": files}
    return ToldEntity(
        **told,
        has_structure=entity.has_structure,
        notes=list(entity.notes),
        tokens=tokens,
        picture=kind.picture(entity),
    )
