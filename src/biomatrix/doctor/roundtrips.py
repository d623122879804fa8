"""Bundled entities through every modality and every shipped tokenizer, against a stated error."""

from __future__ import annotations

from collections.abc import Iterator

from biomatrix.doctor.finding import Finding, Status
from biomatrix.entities import Entity
from biomatrix.entities.bundled import bundled_component, bundled_ligand, bundled_protein
from biomatrix.errors import BioMatrixError, WeightsError
from biomatrix.modalities import Modality, modalities, modality
from biomatrix.structure.weights import StructureKind, load_weights, shipped_names
from biomatrix.trust import Agreement, compare
from biomatrix.trust.round_trip import TM_SCORE_LIMIT

_AREA = "round trip"
COMPONENTS = ("CFF", "AIN", "TRP", "ATP", "GLC")
"""Dictionary components that go round: caffeine, aspirin, tryptophan, ATP, glucose."""


def examine_round_trips() -> Iterator[Finding]:
    """Yield one finding a bundled entity, modality and shipped tokenizer."""
    entities: list[tuple[str, Entity]] = [
        ("1s3v chain A", bundled_protein()),
        ("ligand of 1s3v", bundled_ligand().with_hydrogens()),
        *((code, bundled_component(code)) for code in COMPONENTS),
    ]
    for plain in modalities():
        for label, entity in entities:
            if not plain.accepts(entity):
                continue
            if not plain.needs_structure:
                yield _examine(plain, f"{plain.name}, {label}", entity, None)
                continue
            for name in shipped_names(plain.kind):
                one = modality(plain.name, tokenizer=name)
                yield _examine(one, f"{plain.name} by {name!r}, {label}", entity, stated_error(plain.kind, name))


def stated_error(kind: StructureKind, name: str) -> float:
    """Return the RMSD in Angstrom that a shipped tokenizer says its round trips stay below.

    Raises
    ------
    WeightsError
        Its description states none.
    """
    stored = load_weights(kind, name)
    try:
        return float(stored.config["stated_error"]["rmsd_angstrom"])
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            'the config has no "stated_error": {"rmsd_angstrom": ...}', file=str(stored.folder)
        ) from error


def _examine(one: Modality, subject: str, entity: Entity, limit: float | None) -> Finding:
    try:
        agreement = compare(entity, one.decode(one.encode(entity)))
    except BioMatrixError as error:
        return Finding(_AREA, subject, "failed", str(error))
    if limit is None:
        return Finding(_AREA, subject, "ok" if agreement.same_text else "failed", str(agreement))
    return Finding(_AREA, subject, _judge(agreement, limit), f"{agreement} (limit {limit:.2f} A)")


def _judge(agreement: Agreement, limit: float) -> Status:
    """Return "failed" past the stated error, and "warning" where it is kept but the fold is not."""
    if agreement.same_graph is False or agreement.rmsd is None or agreement.rmsd > limit:
        return "failed"
    return "warning" if agreement.tm_score is not None and agreement.tm_score < TM_SCORE_LIMIT else "ok"
