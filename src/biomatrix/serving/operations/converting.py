"""The operation between formats and modalities of one kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biomatrix.conversion.wrapped import wrap
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.near_matches import choices
from biomatrix.entities.samples import Sample
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.serving.entities import file_text, open_entity, tell_entity, used_modality
from biomatrix.serving.operations.operation import Operation
from biomatrix.serving.schemas.converting import ConvertAsked, ConvertTold
from biomatrix.serving.ways import TOKENS, Way, ways_of

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.registration import Kind
    from biomatrix.serving.service import Service


def convert(service: Service, asked: ConvertAsked) -> ConvertTold:
    """Write an entity in other formats and modalities of its kind."""
    entity, how = open_entity(asked.entity, service), ""
    kind = kind_of(entity)
    if asked.embed and not entity.has_structure:
        entity, said = service.parser.completed(entity, asked.seed)
        how = said.lstrip(",; ")
        if not entity.has_structure:
            raise UnsupportedError(f"the {kind.name} gets no coordinates: {how or 'there is no way to compute any'}")
    names = [asked.to] if isinstance(asked.to, str) else asked.to
    told = tell_entity(entity, service, formats=names is None)
    contents = {name: _content(entity, _way(kind, name), service) for name in names or ()}
    for way, content in contents.values():
        (told.formats if way.sort == "file" else told.tokens)[way.format or way.modality] = content
    only = next(iter(contents.values()))[1] if len(contents) == 1 else None
    return ConvertTold(entity=told, content=only, how=how, size=kind.size(entity))


def _way(kind: Kind, name: str) -> Way:
    """Return a format or a modality of a kind, by its short or its full name."""
    known = {key: way for key, way in ways_of(kind).items() if key != TOKENS}
    short = name.removeprefix(f"{kind.name}_")
    if name in known:
        return known[name]
    if name in kind.modalities:
        return Way(short, "typed", modality=name)
    raise ConfigurationError(f"a {kind.name} is not written as {name!r}; {choices(name, known)}", file="to")


def _content(entity: Entity, way: Way, service: Service) -> tuple[Way, str]:
    """Return an entity as one format or modality; UnsupportedError, with the reason, where it cannot be that."""
    kind = kind_of(entity)
    if way.sort != "file":
        one = used_modality(service, way.modality)
        if not one.accepts(entity):
            raise UnsupportedError(
                f"{one.name} writes coordinates, and the {kind.name} has none; ask to embed it", file="to"
            )
        return way, wrap(one.encode(entity), one)
    of = next(one for one in kind.formats if one.name == way.format)
    content = file_text(entity, of, service=service)
    if content is not None:
        return way, content
    if not of.writes:
        raise UnsupportedError(f"{kind.plural} are read from {of.name}, not written", file="to")
    kind.sample_bytes([Sample(entity, 1)], of.name)  # says why it cannot be written
    raise UnsupportedError(f"{of.name} is no text, or needs coordinates; ask for another format", file="to")


OPERATIONS: Final = (
    Operation(
        "convert",
        "Write an entity in other formats and modalities of its kind, with computed coordinates where asked.",
        ConvertAsked,
        ConvertTold,
        convert,
        {"entity": {"type": "molecule", "smiles": "CCO"}, "to": "sdf", "embed": True},
        computes=lambda asked: bool(asked.embed),
    ),
)
