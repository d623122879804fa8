"""Entities of a request opened, and entities told in every way that a reader may want them."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any, Final, cast

from biomatrix.conversion.wrapped import unwrap, wrap
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.modality_registry import modalities
from biomatrix.entities.modality_registry import modality as registered
from biomatrix.entities.registration import FileFormat
from biomatrix.entities.samples import Sample
from biomatrix.errors import BioMatrixError, ConfigurationError, DecodeError, ParseError
from biomatrix.serving.parsing import reader_limits
from biomatrix.serving.schemas.entities import VECTORS, GivenEntity, ToldEntity
from biomatrix.serving.ways import RECORD, Way, full_modality

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from biomatrix.serving.service import Service
    from biomatrix.vocabulary.tables import Item

_SHOWN: Final = 8
_LARGE: Final = 250
"""Characters of an entity as it is typed, from which a worker writes its files."""
PACKED: Final = "base64:"
"""How the content of a file begins that is given in base64, such as one that is gzipped."""
_BINARY: set[tuple[str, str]] = set()
"""Kinds and formats whose files are no text, as far as they have been written."""


def open_entity(given: GivenEntity, service: Service, where: str = "entity") -> Entity:
    """Return the entity that a request gives.

    Parameters
    ----------
    given : GivenEntity
    service : Service
        Its parser reads every text; its limits hold.
    where : str
        The JSON path of the entity in the request: the ``file`` of errors.

    Raises
    ------
    BioMatrixError
        It cannot be read, or is larger than the server allows.
    """
    place = where
    try:
        way, text, chosen = given.way()
        place = f"{where}.{way.name}"
        service.limits.check(
            "request_bytes" if way.sort == "file" else "text_characters", len(text), "length of the text"
        )
        if way.sort == "file":
            return _chosen(service.parser.read(_bytes(text), way.format, given.type), chosen)
        return _typed(text, way, given.type, service)
    except BioMatrixError as error:
        raise _placed(error, place) from error.__cause__
    except UnicodeEncodeError as error:  # of a text with half of a surrogate pair
        raise ParseError("half of a surrogate pair, which is no character", file=place, position=error.start) from None


def shown_modality(given: GivenEntity, where: str = "entity") -> str | None:
    """Return the full name of the modality in which an entity is to be shown; None for its usual one.

    It is the one that the request names, else the one whose control pair stands around what was written.
    """
    if given.modality is None:
        way, text, _ = given.way()
        return None if way.sort == "file" else _opened_by(text, given.type)
    try:
        return full_modality(given.modality, given.type)
    except BioMatrixError as error:
        raise _placed(error, f"{where}.modality") from None


def shown_item(given: GivenEntity, service: Service, where: str = "entity", entity: Entity | None = None) -> Item:
    """Return what a prompt holds of an entity that a request gives.

    Parameters
    ----------
    given : GivenEntity
    service : Service
    where : str
        As for :func:`open_entity`.
    entity : Entity, optional
        What was read of it already.

    Raises
    ------
    BioMatrixError
        It cannot be read, or it is vectors and the server takes entities alone.
    """
    if given.is_soft:
        from biomatrix.soft.prompt_part import GivenVectors, Soft

        if given.vectors is None:
            return Soft(entity or open_entity(given, service, where), projector=given.projector)
        if not service.takes_vectors:
            raise ConfigurationError(
                "this server takes entities, not vectors; its operator may switch them on (--soft-vectors)",
                file=f"{where}.{VECTORS}",
            )
        return GivenVectors(cast("Any", given.vectors), given.type, given.projector)
    name = shown_modality(given, where)
    entity = entity or open_entity(given, service, where)
    return entity if name is None else (entity, name)


def _bytes(text: str) -> bytes:
    """Return the content of a file, which a request may give in base64 where it is packed or no text."""
    if not text.startswith(PACKED):
        return text.encode()
    try:
        return b64decode(text.removeprefix(PACKED), validate=True)
    except ValueError as error:
        raise ParseError(f"what stands behind {PACKED} is not base64: {error}") from None


def _placed(error: BioMatrixError, where: str) -> BioMatrixError:
    """Return an error whose file is a field of the request."""
    placed = error.at()
    placed.file = where
    placed.args = (placed.describe(),)
    return placed


def _typed(text: str, way: Way, kind: str, service: Service) -> Entity:
    """Return the entity of a typed text: as a person types it, or as tokens with or without their control pair."""
    bare = text.strip()
    if way.sort == "tokens" or _opened_by(bare, kind) is not None:
        one, tokens = unwrap(bare)
        if one.kind != kind:
            raise DecodeError(f"the tokens are those of {one.name}, of a {one.kind} and not of a {kind}")
        if one.spelled_as_text:
            return service.parser.parse("".join(tokens), kind)
        return decoded(used_modality(service, one.name), tokens, service)
    one = used_modality(service, way.modality)
    tokens = one.split(bare)
    if not one.spelled_as_text and any(one.token_pattern.fullmatch(token) for token in tokens):
        return decoded(one, tokens, service)
    return service.parser.parse(text, kind)


def decoded(one: Modality, tokens: Sequence[str], service: Service) -> Entity:
    """Return the entity that tokens of a modality spell, once :func:`check_size` has let them in."""
    check_size(one, tokens, service)
    return one.decode(tokens)


def check_size(one: Modality, tokens: Sequence[str], service: Service) -> None:
    """Raise LimitError where tokens write more atoms or residues than one entity of their kind may have.

    They are counted, not decoded; of a composite each part is held against the limit of its own kind.
    """
    limits = reader_limits(service.limits)
    for name, span in one.spans(tokens):
        part = used_modality(service, name)
        limit = kind_named(part.kind).size_limit
        if limit is not None and span:
            limits.check(limit, part.length(span), f"length of the {name}")


def _opened_by(text: str, kind: str) -> str | None:
    """Return the modality of a kind whose control token opens a text; None where none does."""
    bare = text.lstrip()
    return next((one.name for one in modalities(kind) if bare.startswith(one.start_token)), None)


def used_modality(service: Service, name: str) -> Modality:
    """Return a modality as the model's vocabulary binds it; with its usual settings where the model has none of it."""
    vocabulary = service.model.vocabulary
    return vocabulary.modality(name) if name in vocabulary else registered(name)


def _chosen(entities: Sequence[Entity], chosen: dict[str, str | int]) -> Entity:
    """Return one record by its number, its name, or labels of its own such as a chain; the only one without any."""
    left = list(entities)
    for key, value in chosen.items():
        if key == RECORD and isinstance(value, int):
            if not 1 <= value <= len(entities):
                raise ParseError(f"there is no record {value}: the text holds {len(entities):,}")
            left = [one for one in left if one is entities[value - 1]]
            continue
        named = {id(one): str(_label(one, key)) for one in entities if _label(one, key) is not None}
        if not named:
            raise ConfigurationError(f"{key!r} says nothing of a {entities[0].kind}: its records have no such label")
        left = [one for one in left if named.get(id(one)) == str(value)]
        if not left:
            raise ParseError(f"there is no {key} {value!r}: the text holds {', '.join(list(named.values())[:_SHOWN])}")
    if len(left) > 1:
        names = ", ".join(str(one.name or number) for number, one in enumerate(left[:_SHOWN], start=1))
        raise ParseError(f"the text holds {len(left):,} records ({names}): name one by {RECORD!r}, its number or name")
    return left[0]


def _label(entity: Entity, key: str) -> Any:
    """Return what a record is called by under a key: its name, or a label that its kind keeps of it."""
    return (entity.name or None) if key == RECORD else kind_of(entity).labels(entity).get(key)


def tell_entity(
    entity: Entity,
    service: Service,
    formats: bool = True,
    *,
    sample: Sample | None = None,
    written: Mapping[str, str] | None = None,
) -> ToldEntity:
    """Return an entity as it goes out.

    Parameters
    ----------
    entity : Entity
    service : Service
    formats : bool
        Whether the files, the tokens, the picture and the computed properties are told as well.
    sample : Sample, optional
        What files should say of it besides, where it is an answer.
    written : mapping of str to str, optional
        Its wrapped segments by modality, as far as they are known. Others of coordinates are then left out, as writing
        them takes a good part of a second.
    """
    kind = kind_of(entity)
    told = ToldEntity(
        kind=entity.kind,
        text=kind.text(entity),
        name=entity.name,
        has_structure=entity.has_structure,
        notes=list(entity.notes),
    )
    if not formats:
        return told
    for one in kind.formats:
        content = file_text(entity, one, sample, service)
        if content is not None:
            told.formats[one.name] = content
    told.tokens = dict(_segments(entity, service, written))
    told.picture = kind.picture(entity)
    told.extra = dict(kind.properties(entity))
    return told


def file_text(
    entity: Entity, of: FileFormat, sample: Sample | None = None, service: Service | None = None
) -> str | None:
    """Return an entity as the text of a file; None where the format cannot hold it, is no text, or takes too long.

    A large graph without coordinates is written by a worker of the service: its writer may lay it out first, with the
    interpreter's lock held.
    """
    kind, key = kind_of(entity), (entity.kind, of.name)
    if not of.writes or key in _BINARY or (of.structure and not of.appends and not entity.has_structure):
        return None
    write = getattr(service.parser, "write", None) if service is not None else None
    try:
        if write is not None and sample is None and _may_be_laid_out(entity):
            return str(write(entity, of.name).decode())
        if sample is None and of.appends:
            return kind.record_bytes(entity, of.name).decode()
        return kind.sample_bytes([sample or Sample(entity, 1)], of.name).decode()
    except UnicodeDecodeError:
        _BINARY.add(key)
    except BioMatrixError:
        pass  # the format has no place for it, such as for an atom without an element
    return None


def _may_be_laid_out(entity: Entity) -> bool:
    """Return whether a writer might compute places for a great many atoms; other kinds count no atoms."""
    return not entity.has_structure and len(kind_of(entity).text(entity)) > _LARGE


def _segments(entity: Entity, service: Service, written: Mapping[str, str] | None) -> Iterator[tuple[str, str]]:
    for one in modalities(entity.kind):
        if written is not None and one.name in written:
            yield one.name, written[one.name]
        elif one.accepts(entity) and (written is None or not one.needs_structure):
            used = used_modality(service, one.name)
            try:
                yield one.name, wrap(used.encode(entity), used)
            except BioMatrixError:
                continue  # it has no place for it, such as SELFIES for a wildcard
