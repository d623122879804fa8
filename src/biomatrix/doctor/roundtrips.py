"""Bundled entities through every modality and every shipped tokenizer, against a stated error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from biomatrix.doctor.finding import Finding
from biomatrix.entities import Entity
from biomatrix.entities.bundled import bundled_component, bundled_ligand, bundled_protein
from biomatrix.errors import BioMatrixError
from biomatrix.modalities import Modality, modalities, modality
from biomatrix.structure.weights import load_weights, shipped_names
from biomatrix.trust import Agreement, compare

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
        for one, limit in _with_every_tokenizer(plain):
            for label, entity in entities:
                if one.accepts(entity):
                    yield _examine(one, label, entity, limit)


def _with_every_tokenizer(plain: Modality) -> Sequence[tuple[Modality, float | None]]:
    """Return the modality with each shipped tokenizer and that tokenizer's stated error; itself where it holds none."""
    if not plain.needs_structure:
        return [(plain, None)]
    found = []
    for name in shipped_names(plain.kind):
        stated = load_weights(plain.kind, name).config["stated_error"]
        found.append((modality(plain.name, tokenizer=name), float(stated["max_rmsd_angstrom"])))
    return found


def _examine(one: Modality, label: str, entity: Entity, limit: float | None) -> Finding:
    subject = f"{one} with {label}"
    try:
        agreement = compare(entity, one.decode(one.encode(entity)))
    except BioMatrixError as error:
        return Finding(_AREA, subject, "failed", str(error))
    return Finding(_AREA, subject, "ok" if _holds(agreement, limit) else "failed", _describe(agreement, limit))


def _holds(agreement: Agreement, limit: float | None) -> bool:
    if limit is None:
        return agreement.same_text is True
    same_entity = agreement.same_graph is not False
    return same_entity and agreement.rmsd is not None and agreement.rmsd <= limit


def _describe(agreement: Agreement, limit: float | None) -> str:
    return f"{agreement}" if limit is None else f"{agreement} (limit {limit:.2f} A)"
