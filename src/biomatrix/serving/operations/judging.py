"""Operations that judge entities without the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biomatrix.entities.comparison import compare
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.modality_registry import modalities
from biomatrix.entities.slow_checks import further_checks_by
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.metrics.bit_likeness import BitSets, packed
from biomatrix.serving.answers import number, told_check
from biomatrix.serving.entities import open_entity, tell_entity
from biomatrix.serving.operations.operation import Operation
from biomatrix.serving.schemas.judging import (
    CheckAsked,
    CheckTold,
    CompareAsked,
    CompareTold,
    Ranked,
    SimilarAsked,
    SimilarTold,
)
from biomatrix.serving.ways import full_modality
from biomatrix.trust.checking import checks_of
from biomatrix.trust.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biomatrix.entities.base_entity import Entity
    from biomatrix.serving.service import Service

_TANIMOTO: Final = "Tanimoto similarity of the fingerprints of {modality}"


def check(service: Service, asked: CheckAsked) -> CheckTold:
    """Check an entity."""
    entity = open_entity(asked.entity, service)
    reference = None if asked.reference is None else open_entity(asked.reference, service, "reference")
    if reference is not None and reference.kind != entity.kind:
        raise ConfigurationError(f"a {entity.kind} is not checked against a {reference.kind}", file="reference")
    with further_checks_by(service.parser.further_checks):
        verdict = Verdict(tuple(checks_of(entity, asked.level, reference=reference)))
    return CheckTold(
        entity=tell_entity(entity, service, formats=False),
        checks=[told_check(one) for one in verdict.checks],
        sound=verdict.sound,
        verdict=str(verdict),
    )


def compare_two(service: Service, asked: CompareAsked) -> CompareTold:
    """Compare two entities of one kind."""
    entity, other = open_entity(asked.entity, service), open_entity(asked.other, service, "other")
    found, kind = compare(entity, other), kind_of(entity)
    laid = kind.superpose(other, entity) if asked.superpose and entity.has_structure and other.has_structure else None
    return CompareTold(
        answers=[told_check(one) for one in found],
        line=str(found),
        resemblance=told_check(kind.resemblance(entity, other)),
        superposed=None if laid is None else tell_entity(laid, service),
    )


def similar(service: Service, asked: SimilarAsked) -> SimilarTold:
    """Rank entities by how alike they are to one."""
    service.limits.check("entities", len(asked.among), "number of entities")
    entity = open_entity(asked.entity, service)
    others = [open_entity(one, service, f"among[{place}]") for place, one in enumerate(asked.among)]
    strange = next((place for place, one in enumerate(others) if one.kind != entity.kind), None)
    if strange is not None:
        raise ConfigurationError(
            f"a {others[strange].kind} is not like a {entity.kind}; give entities of one kind", file=f"among[{strange}]"
        )
    values, measure = _likeness(entity, others, asked.modality)
    kind = kind_of(entity)
    order = sorted(range(len(others)), key=lambda place: -values[place])[: asked.top]
    ranking = [
        Ranked(
            index=place,
            text=kind.text(others[place]),
            name=others[place].name,
            similarity=number(values[place]),
            same=kind.resemblance(entity, others[place]).passed,
        )
        for place in order
    ]
    return SimilarTold(ranking=ranking, measure=measure)


def _likeness(entity: Entity, others: Sequence[Entity], modality: str | None) -> tuple[list[float], str]:
    """Return how alike the others are, from 0 to 1, and by which measure: fingerprints, else the kind's own."""
    kind = kind_of(entity)
    name = _compared(entity, others) if modality is None else full_modality(modality, kind.name)
    try:
        sets = BitSets.of([packed(kind.fingerprint(one, name)) for one in others])
        return sets.tanimoto(packed(kind.fingerprint(entity, name))).tolist(), _TANIMOTO.format(modality=name)
    except UnsupportedError:
        if modality is not None:
            raise
    found = [kind.resemblance(entity, one) for one in others]
    return [one.value or 0.0 for one in found], found[0].name


def _compared(entity: Entity, others: Sequence[Entity]) -> str:
    """Return the first modality that takes all of them."""
    every = modalities(entity.kind)
    fitting = (one for one in every if all(one.accepts(each) for each in (entity, *others)))
    return next(fitting, every[0]).name


_ETHANOL: Final = {"type": "molecule", "smiles": "CCO"}
_PROPANOL: Final = {"type": "molecule", "smiles": "CCCO"}

OPERATIONS: Final = (
    Operation(
        "check",
        "Check whether an entity is sound: chemistry, geometry, sequence; each figure with its unit.",
        CheckAsked,
        CheckTold,
        check,
        {"entity": {"type": "molecule", "smiles": "CC(=O)Oc1ccccc1C(=O)O"}},
        computes=lambda asked: asked.level == "full",
    ),
    Operation(
        "compare",
        "Say what two entities of one kind share: graph, stereochemistry, sequence, RMSD, TM-score.",
        CompareAsked,
        CompareTold,
        compare_two,
        {"entity": _ETHANOL, "other": {"type": "molecule", "selfies": "[C][C][O]"}},
    ),
    Operation(
        "similar",
        "Rank given entities by how alike they are to one; no database is searched.",
        SimilarAsked,
        SimilarTold,
        similar,
        {"entity": _ETHANOL, "among": [{"type": "molecule", "smiles": "c1ccccc1"}, _PROPANOL]},
    ),
)
