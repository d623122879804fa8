"""Checks of a nucleic acid: its letters, its coding sequences, its pairs, and the bonds of its backbone."""

from __future__ import annotations

import numpy as np

from biomatrix.entities.check import Check
from biomatrix.entities.nucleic.bases import CERTAIN, as_rna
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.features import coding_sequences
from biomatrix.entities.nucleic.genetic_code import TABLES, genetic_code
from biomatrix.entities.nucleic.invariants import Pairs
from biomatrix.entities.nucleic.pairing import odd_pairs, tight_pairs
from biomatrix.entities.nucleic.thresholds import (
    BOND_LIMITS,
    BOND_SHARE,
    CERTAIN_SHARE,
    LINK_LIMITS,
)


def check_nucleic(entity: NucleicAcid) -> list[Check]:
    """Return the checks of letters, then of coding sequences, pairs and backbone where it has them."""
    checks = [check_letters(entity)]
    if coding_sequences(entity.features):
        checks.append(check_coding(entity))
    if entity.pairs is not None:
        checks += check_pairs(entity)
    if entity.backbone is not None:
        checks += check_backbone(entity)
    return checks


def check_letters(entity: NucleicAcid) -> Check:
    """Return the share of letters that stand for one base."""
    if not len(entity):
        return Check("certain bases", None, detail="no bases")
    certain = sum(entity.sequence.count(letter) for letter in CERTAIN[entity.base_kind]) / len(entity)
    return Check("certain bases", certain >= CERTAIN_SHARE, certain, "share of bases", threshold=CERTAIN_SHARE)


def check_coding(entity: NucleicAcid) -> Check:
    """Return how many coding sequences read without fault; what is wrong with the first is said."""
    wrong = []
    coding = coding_sequences(entity.features)
    for one in coding:
        table = one.table if one.table in TABLES else 1
        said = genetic_code(table or 1).flags(entity.cds(one).sequence).sentences()
        if said and not any(part.before or part.after for part in one.intervals):
            wrong.append(f"{one.label}: {said[0]}")
    return Check(
        "clean coding sequences", not wrong, float(len(coding) - len(wrong)), f"of {len(coding)}", "".join(wrong[:1])
    )


def check_pairs(entity: NucleicAcid) -> list[Check]:
    """Return whether pairs are of bases that pair, and loops long enough to bend."""
    letters = as_rna(entity.sequence)
    pairs = entity.pairs or ()
    odd, tight = odd_pairs(pairs, letters), tight_pairs(pairs)

    def detail(found: Pairs) -> str:
        return f"{letters[found[0][0]]}{found[0][0]}-{letters[found[0][1]]}{found[0][1]}" if found else ""

    return [
        Check("pairs of bases that pair", not odd, float(len(odd)), "other pairs", detail(odd)),
        Check("loops of three or more", not tight, float(len(tight)), "tighter pairs", detail(tight)),
    ]


def check_backbone(entity: NucleicAcid) -> list[Check]:
    """Return the shares of bonds of usual length within nucleotides and between neighbours, and how many breaks."""
    assert entity.backbone is not None
    place = {name: index for index, name in enumerate(entity.ATOMS)}
    within = []
    for (first, second), (low, high) in BOND_LIMITS.items():
        length = np.linalg.norm(entity.backbone[:, place[first]] - entity.backbone[:, place[second]], axis=-1)
        length = length[np.isfinite(length)]
        within.append((length >= low) & (length <= high))
    bonds = np.concatenate(within)
    link = np.linalg.norm(entity.backbone[1:, place["P"]] - entity.backbone[:-1, place["O3'"]], axis=-1)
    joined = np.ones(len(link), dtype=bool)
    joined[entity.chain_breaks - 1] = False
    link = link[joined & np.isfinite(link)]
    links = (link >= LINK_LIMITS[0]) & (link <= LINK_LIMITS[1])
    breaks = len(entity.chain_breaks)
    return [
        _share("bond lengths", bonds),
        _share("O3'-P bond lengths", links),
        Check("unbroken backbone", breaks == 0, float(breaks), "breaks"),
    ]


def _share(name: str, within: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Check:
    if not within.size:
        return Check(name, None, detail="no two bonded atoms are resolved")
    share = float(within.mean())
    return Check(name, share >= BOND_SHARE, share, "share of bonds", threshold=BOND_SHARE)
