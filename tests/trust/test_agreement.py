"""Samples that mean the same are one cluster, whatever their words, tokens or frames."""

from __future__ import annotations

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.entities.molecule.examples import bundled_ligand
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.errors import LimitError
from biomatrix.trust import agreement
from biomatrix.trust.agreement import MOST_COMPARED


def test_spellings_of_one_molecule_agree_and_stereoisomers_do_not() -> None:
    spellings = ["OCC", "C(O)C", "CC[OH]", "C[C@H](F)Cl", "C[C@@H](F)Cl"]
    found = agreement([*map(bm.Molecule.from_smiles, spellings), None])
    assert found.clusters == ((0, 1, 2), (3,), (4,))
    assert found.share == 0.5
    assert found.answered == 5
    assert found.share_of(3) == pytest.approx(1 / 6)
    assert found.share_of(5) == 0


def test_conformers_of_one_molecule_agree() -> None:
    ligand = bundled_ligand("1s3v")
    moved = ligand.with_coordinates(np.asarray(ligand.coordinates) + 5)
    assert agreement([ligand, moved, bm.Molecule.from_smiles(ligand.smiles)]).share == 1


def test_one_fold_in_other_frames_is_one_cluster() -> None:
    chain = bundled_protein("1s3v").first(60)
    assert chain.backbone is not None
    generator = np.random.default_rng(0)
    turn, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    moved = bm.Protein(
        chain.sequence, (chain.backbone @ turn.T + 9 + generator.normal(size=(60, 1, 3)) / 2).astype("f4")
    )
    walk = bm.Protein(chain.sequence, np.cumsum(generator.normal(size=(60, 3, 3)), axis=0).astype("f4"))
    found = agreement([walk, chain, moved])
    assert found.clusters == ((1, 2), (0,))
    assert found.centre == 1


def test_chains_of_one_fold_and_other_sequences_agree_in_structure() -> None:
    chain = bundled_protein("1s3v").first(60)
    other = bm.Protein("A" * 60, chain.backbone)
    assert str(agreement([chain, other])) == "2 of 2 samples agree in structure"
    assert str(agreement([chain, chain])) == "2 of 2 samples agree"


def test_similar_sequences_agree_with_gaps_too() -> None:
    base = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ"
    others = [base[3:], base.replace("K", "R"), "GSGSGPWPWGSGSGHHHHHHGSGDGDNGNSGSP"]
    found = agreement([bm.Protein.from_sequence(sequence) for sequence in (base, *others)])
    assert found.clusters == ((0, 1, 2), (3,))


@pytest.mark.parametrize("longer", [0, 4])
def test_chains_that_share_a_motif_alone_do_not_agree(longer: int) -> None:
    """A third of each chain is one motif; identity over the shorter one passes 0.3 with nothing else in common."""
    generator, letters = np.random.default_rng(3), list("ACDEFGHIKLMNPQRSTVWY")
    motif = "".join(generator.choice(letters, 27))
    tails = ["".join(generator.choice(letters, 53 + longer * number)) for number in range(4)]
    chains = [bm.Protein.from_sequence(motif + tail) for tail in tails]
    assert agreement(chains).clusters == ((0,), (1,), (2,), (3,))
    relatives = [tails[0], tails[0][:20] + "GAVLS" + tails[0][20:], tails[0].replace("E", "D")]
    assert agreement([bm.Protein.from_sequence(motif + tail) for tail in relatives]).clusters == ((0, 1, 2),)


def test_a_domain_is_not_the_chain_that_holds_it() -> None:
    domain = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ"
    chain = bm.Protein.from_sequence(domain + "GSGSGPWPWGSGSGHHHHHHGSGDGDNGNSGSP")
    check = bm.entities.kind("protein").resemblance(bm.Protein.from_sequence(domain), chain)
    assert check.passed is False
    assert check.value == 1.0
    assert "50% of the longer" in str(check.detail)


def test_numbers_spread_and_texts_agree_by_their_words() -> None:
    numbers = agreement([1.0, 2.0, 4.0, None])
    assert numbers.spread is not None
    assert (numbers.spread.median, numbers.deviation) == (2.0, pytest.approx(1.4826))
    words = agreement(["Soluble in water", "soluble  in Water", "insoluble"])
    assert words.clusters == ((0, 1), (2,))
    assert words.spread is None


def test_entropy_is_none_for_one_meaning_and_largest_for_all_different() -> None:
    assert agreement(["a"] * 5).entropy == 0
    assert agreement(list("abcd")).entropy == pytest.approx(np.log(4))
    assert agreement([None, None]).entropy == 0
    assert agreement([]).share == 0


def test_the_order_of_samples_changes_only_their_numbers() -> None:
    texts = ["a", "b", "a", "c", "b", "a"]
    order = [5, 3, 0, 1, 4, 2]
    sizes = [sorted(map(len, agreement(given).clusters)) for given in (texts, [texts[place] for place in order])]
    assert sizes[0] == sizes[1]


def test_comparing_pair_by_pair_is_limited() -> None:
    with pytest.raises(LimitError, match="pair by pair"):
        agreement([bm.Protein.from_sequence("MKV")] * (MOST_COMPARED + 1))
    assert agreement([bm.Molecule.from_smiles("C")] * 2000).share == 1
