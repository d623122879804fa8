"""Operations between entities and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biomatrix.conversion.tokenizers import tokenizer_record
from biomatrix.conversion.wrapped import unwrap, wrap
from biomatrix.entities.comparison import compare
from biomatrix.entities.modality_registry import modality_class
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError, VocabularyError
from biomatrix.serving.answers import number, told_check, told_tokens
from biomatrix.serving.asking import structure_modality
from biomatrix.serving.deviations import unit_deviations
from biomatrix.serving.entities import decoded, open_entity, shown_modality, tell_entity, used_modality
from biomatrix.serving.operations.operation import Operation
from biomatrix.serving.schemas.answers import ToldToken
from biomatrix.serving.schemas.tokens import DecodeAsked, DecodeTold, EncodeAsked, EncodeTold, UnitError
from biomatrix.serving.ways import full_modality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biomatrix.entities.base_entity import Entity
    from biomatrix.entities.base_modality import Modality
    from biomatrix.serving.service import Service

_NOT_HELD: Final = "the model's vocabulary does not hold every token, so they have no ids"


def encode(service: Service, asked: EncodeAsked) -> EncodeTold:
    """Write an entity as tokens, and read them again."""
    entity = open_entity(asked.entity, service)
    one = used_modality(service, _modality_for(service, asked, entity))
    if not one.accepts(entity):
        raise UnsupportedError(f"{one.name} writes coordinates, and the {entity.kind} has none", file="entity")
    tokens = one.encode(entity)
    decoded, wrapped = one.decode(tokens), wrap(tokens, one)
    told, notes = _told_tokens(service, one, tokens)
    record = tokenizer_record(one)
    return EncodeTold(
        tokens=told,
        modality=one.name,
        wrapped=wrapped,
        entity=tell_entity(decoded, service, written={one.name: wrapped}),
        error=_errors(entity, decoded, one, tokens),
        comparison=[told_check(check) for check in compare(entity, decoded)],
        tokenizer=record
        if record is None or "fingerprint" in record
        else {name: str(part) for name, part in record.items()},
        notes=list(dict.fromkeys((*entity.notes, *one.losses(entity), *notes))),
    )


def decode(service: Service, asked: DecodeAsked) -> DecodeTold:
    """Read tokens."""
    service.limits.check("text_characters", len(asked.tokens), "number of characters")
    one, tokens = _read(service, asked)
    try:
        text = "".join(tokens)
        entity = service.parser.parse(text, one.kind) if one.spelled_as_text else decoded(one, tokens, service)
    except BioMatrixError as error:
        error.file = "tokens"
        raise
    told, notes = _told_tokens(service, one, tokens)
    return DecodeTold(
        entity=tell_entity(entity, service, written={one.name: wrap(tokens, one)}),
        modality=one.name,
        tokens=told,
        notes=[*entity.notes, *notes],
    )


def _modality_for(service: Service, asked: EncodeAsked, entity: Entity) -> str:
    """Return what is asked for, else what is shown, else the structure where there is one, else the usual modality."""
    if asked.modality is not None:
        return full_modality(asked.modality, entity.kind)
    named = shown_modality(asked.entity)
    if named is not None or not entity.has_structure:
        return named or service.model.vocabulary.default_modality(entity)
    return structure_modality(service, entity.kind)


def _read(service: Service, asked: DecodeAsked) -> tuple[Modality, list[str]]:
    bare = asked.tokens.strip()
    if asked.modality is None or bare.startswith(modality_class(asked.modality).start_token):
        found, tokens = unwrap(bare)
        if asked.modality not in (None, found.name):
            raise ConfigurationError(f"the tokens are those of {found.name}, not of {asked.modality}", file="modality")
        return used_modality(service, found.name), tokens
    one = used_modality(service, asked.modality)
    return one, one.split(bare)


def _told_tokens(service: Service, one: Modality, tokens: Sequence[str]) -> tuple[list[ToldToken], list[str]]:
    """Return the tokens of one segment as the model would read them; without ids where it cannot."""
    vocabulary = service.model.vocabulary
    try:
        ids = vocabulary.encode_tokens(tokens, one.name)
    except VocabularyError:
        spelled = [one.start_token, *tokens, one.end_token]
        units = [(), *one.units(tokens), ()]
        rows = zip(spelled, units, strict=True)
        return [
            ToldToken(id=None, text=text, modality=one.name, unit=next(iter(unit), None), units=list(unit))
            for text, unit in rows
        ], [_NOT_HELD]
    return told_tokens(vocabulary, ids, vocabulary.segments(ids)), []


def _errors(entity: Entity, decoded: Entity, one: Modality, tokens: Sequence[str]) -> list[UnitError]:
    units = 1 + max((unit for written in one.units(tokens) for unit in written), default=-1)
    found = unit_deviations(entity, decoded, units) if one.needs_structure else None
    return [] if found is None else [UnitError(unit=n, value=number(value)) for n, value in enumerate(found.tolist())]


OPERATIONS: Final = (
    Operation(
        "encode",
        "Write a molecule, a protein or another entity as the model's tokens, and say what is lost on the way.",
        EncodeAsked,
        EncodeTold,
        encode,
        {"entity": {"type": "molecule", "smiles": "CC(=O)Oc1ccccc1C(=O)O"}, "modality": "selfies"},
    ),
    Operation(
        "decode",
        "Read tokens back into an entity, in every format that can hold it.",
        DecodeAsked,
        DecodeTold,
        decode,
        {"tokens": "<|mol_sfi_start|>[C][C][O]<|mol_sfi_end|>"},
    ),
)
