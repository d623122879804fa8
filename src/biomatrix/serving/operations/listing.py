"""Operations that say what there is: kinds with their formats and constraints, models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.modality_registry import modalities
from biomatrix.generation.catalogue import catalogue
from biomatrix.generation.constraint_registry import constraint_class, written_example
from biomatrix.report.colours import colours_of
from biomatrix.serving.answers import told_model
from biomatrix.serving.examples import examples_of
from biomatrix.serving.operations.operation import Operation
from biomatrix.serving.schemas.listing import (
    KindsAsked,
    KindsTold,
    ModelsAsked,
    ModelsTold,
    ToldConstraint,
    ToldEntry,
    ToldExample,
    ToldFormat,
    ToldKind,
    ToldModality,
    ToldWay,
)
from biomatrix.serving.ways import short_name, ways_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biomatrix.entities.registration import Kind
    from biomatrix.serving.service import Service


def list_kinds(service: Service, asked: KindsAsked) -> KindsTold:
    """Return every kind of entity."""
    return KindsTold([_told(service, one) for one in kinds()])


def _told(service: Service, kind: Kind) -> ToldKind:
    return ToldKind(
        name=kind.name,
        plural=kind.plural,
        typed_as=kind.typed_as,
        ways=[ToldWay(name=way.name, sort=way.sort, help=way.help) for way in ways_of(kind).values()],
        formats=[
            ToldFormat(
                name=one.name,
                extensions=list(one.extensions),
                many=one.many,
                writes=one.writes,
                structure=one.structure,
            )
            for one in kind.formats
        ],
        modalities=list(_modalities(service, kind)),
        constraints=[told for name in kind.constraints for told in _constraint(name)],
        viewer=None if kind.viewer is None else list(kind.viewer),
        folds=None if kind.conditionals is None else list(kind.conditionals),
        examples=[ToldExample(**one) for one in examples_of(kind)["examples"]],
    )


def _modalities(service: Service, kind: Kind) -> Iterator[ToldModality]:
    for one in modalities(kind.name):
        yield ToldModality(
            name=one.name,
            short=short_name(one.name, kind.name),
            needs_structure=one.needs_structure,
            counts=one.counts,
            cannot_carry=list(one.cannot_carry),
            start=one.start_token,
            end=one.end_token,
            colours=list(colours_of(one.name)),
            in_model=one.name in service.model.vocabulary,
        )


def _constraint(name: str) -> Iterator[ToldConstraint]:
    """Yield a constraint, unless it reads files."""
    cls = constraint_class(name)
    if not cls.reads_files:
        yield ToldConstraint(name=cls.name, help=cls.help, kept=cls.kept, example=written_example(cls))


def list_models(service: Service, asked: ModelsAsked) -> ModelsTold:
    """Return the model that answers, and what else could be opened here; no folder is told."""
    shown = ToldEntry.model_fields
    entries = [
        ToldEntry(**{name: value for name, value in one.as_mapping().items() if name in shown}) for one in catalogue()
    ]
    return ModelsTold(
        serving=told_model(service.model), modalities=list(service.model.vocabulary.modalities), entries=entries
    )


OPERATIONS: Final = (
    Operation(
        "kinds",
        "List the kinds of entities: how each is given, its formats, modalities, constraints and examples.",
        KindsAsked,
        KindsTold,
        list_kinds,
        {},
        is_tool=False,
    ),
    Operation(
        "list_models",
        "Say which model answers, by its hash and fingerprints, and which others are on this machine.",
        ModelsAsked,
        ModelsTold,
        list_models,
        {},
    ),
)
