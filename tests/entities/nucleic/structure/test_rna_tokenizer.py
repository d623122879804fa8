"""The structure tokenizer of RNA: what comes back, what codes do not depend on, and what bad input gets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import NucleicAcid, modality
from biomatrix.entities.nucleic.round_trip.measure import measure_strands
from biomatrix.entities.nucleic.structure.nucleotide.beads import BEADS, O3, N, P
from biomatrix.entities.nucleic.structure.nucleotide.bonds import LENGTHS, O3_P_LENGTH
from biomatrix.entities.nucleic.structure.nucleotide.plan import NucleotideFit
from biomatrix.entities.nucleic.structure.nucleotide.tokenizer import NucleotideTokenizer
from biomatrix.entities.nucleic.structure.nucleotide.training import fit_tokenizer
from biomatrix.entities.nucleic.structure.strand_table import read_strands
from biomatrix.entities.nucleic.structure.tokenizer import RnaStructureTokenizer
from biomatrix.errors import DecodeError, LimitError, UnsupportedError
from biomatrix.metrics.superposition import rmsd

Backbone = NDArray[np.float32]


@pytest.fixture(scope="module")
def tokenizer() -> NucleotideTokenizer:
    opened = RnaStructureTokenizer.from_pretrained()
    assert isinstance(opened, NucleotideTokenizer)
    return opened


@pytest.fixture(scope="module")
def helix(tokenizer: NucleotideTokenizer) -> Backbone:
    """Forty nucleotides near the middle of the codebook, bent and moved a little at random."""
    rng = np.random.default_rng(0)
    commonest = int(
        np.linalg.norm(tokenizer.code_features - np.median(tokenizer.code_features, axis=0), axis=1).argmin()
    )
    near = np.linalg.norm(tokenizer.code_features - tokenizer.code_features[commonest], axis=1).argsort()[:12]
    near = near[near < tokenizer.codebook.start_code]
    codes = np.r_[tokenizer.codebook.start_code, rng.choice(near, 39)]
    (backbone,) = tokenizer.decode([codes])
    return backbone + rng.normal(scale=0.05, size=backbone.shape).astype(np.float32)


def strand(backbone: Backbone, letters: str = "A") -> NucleicAcid:
    return NucleicAcid((letters * len(backbone))[: len(backbone)], "rna", backbone=backbone)


def error(tokenizer: RnaStructureTokenizer, backbone: Backbone) -> float:
    (back,) = tokenizer.decode(tokenizer.encode([strand(backbone)]))
    return float(rmsd(back[:, BEADS].reshape(-1, 3), backbone[:, BEADS].reshape(-1, 3)))


def test_a_strand_comes_back(tokenizer: NucleotideTokenizer, helix: Backbone) -> None:
    assert error(tokenizer, helix) < 0.6
    turned = helix @ np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0].astype(np.float32)
    turned *= np.sign(np.linalg.det(np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0])).astype(np.float32)
    assert abs(error(tokenizer, turned + 50.0) - error(tokenizer, helix)) < 0.2


def test_bonds_are_right(tokenizer: NucleotideTokenizer, helix: Backbone) -> None:
    (back,) = tokenizer.decode(tokenizer.encode([strand(helix)]))
    for (first, last), length in LENGTHS.items():
        assert np.linalg.norm(back[:, first] - back[:, last], axis=1) == pytest.approx(length, abs=0.02)
    assert np.linalg.norm(back[1:, P] - back[:-1, O3], axis=1) == pytest.approx(O3_P_LENGTH, abs=0.02)


def test_codes_depend_on_neither_batch_nor_bases_nor_other_atoms(
    tokenizer: NucleotideTokenizer, helix: Backbone
) -> None:
    beads_alone = np.full_like(helix, np.nan)
    beads_alone[:, BEADS] = helix[:, BEADS]
    others = [strand(helix[place : place + 9]) for place in range(0, 30, 3)]
    (alone,) = tokenizer.encode([strand(helix)])
    answers = tokenizer.encode([*others, strand(helix, "ACGUN"), strand(beads_alone, "G"), *others])
    assert all((codes == alone).all() for codes in answers[10:12])
    dna = NucleicAcid("T" * len(helix), "dna", backbone=helix)
    assert (tokenizer.encode([dna])[0] == alone).all()


def test_breaks_and_unresolved_nucleotides(tokenizer: NucleotideTokenizer, helix: Backbone) -> None:
    broken = helix.copy()
    broken[12:14, P] = np.nan
    broken[25:] += np.float32(30.0)
    (codes,) = tokenizer.encode([strand(broken)])
    start = tokenizer.codebook.start_code
    assert codes[0] == start
    assert np.flatnonzero(codes == -1).tolist() == [12, 13]
    assert np.flatnonzero(codes[1:] >= start).tolist() == [13, 24]
    (back,) = tokenizer.decode([codes])
    assert np.isnan(back[12:14]).all()
    assert np.isfinite(np.delete(back, [12, 13], axis=0)).all()
    kept = np.setdiff1d(np.arange(40), [12, 13])
    assert rmsd(back[kept][:, N], broken[kept][:, N]) < 6.0


def test_small_and_bad_strands(tokenizer: NucleotideTokenizer, helix: Backbone) -> None:
    empty, line = np.full_like(helix[:4], np.nan), np.zeros_like(helix[:4])
    far = helix.copy()
    far[3] += np.float32(2e5)
    lone, none, flat, letters, wide = tokenizer.encode_each(
        [strand(helix[:1]), strand(empty), strand(line), NucleicAcid("ACGU", "rna"), strand(far)]
    )
    assert isinstance(lone, np.ndarray)
    assert lone.tolist() == [tokenizer.codebook.start_code]
    assert isinstance(none, np.ndarray)
    assert isinstance(flat, np.ndarray)
    assert (none == -1).all()
    assert (flat == -1).all()
    assert isinstance(letters, UnsupportedError)
    assert isinstance(wide, LimitError)
    assert wide.position == 4


@pytest.mark.parametrize("seed", range(3))
def test_any_codes_decode_to_finite_bonded_atoms(tokenizer: NucleotideTokenizer, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(-1, tokenizer.num_codes, size=300)
    (back,) = tokenizer.decode([codes])
    assert (np.isfinite(back).all(axis=(1, 2)) == (codes >= 0)).all()


def test_bad_codes_are_named(tokenizer: NucleotideTokenizer) -> None:
    good, high, halves = tokenizer.decode_each([[0, -1], [0, tokenizer.num_codes], [0.5]])
    assert isinstance(good, np.ndarray)
    assert isinstance(high, DecodeError)
    assert high.position == 2
    assert isinstance(halves, DecodeError)


def test_a_folder_opens_as_it_was_saved(tokenizer: NucleotideTokenizer, helix: Backbone, tmp_path: Path) -> None:
    fingerprint = tokenizer.save_pretrained(tmp_path / "copy")
    again = RnaStructureTokenizer.from_pretrained(tmp_path / "copy")
    assert again.fingerprint == fingerprint == tokenizer.fingerprint
    assert (again.encode([strand(helix)])[0] == tokenizer.encode([strand(helix)])[0]).all()
    assert tokenizer.code_features.shape == (tokenizer.num_codes, 21)


def test_the_modality_is_an_inverse_of_the_tokenizer(tokenizer: NucleotideTokenizer, helix: Backbone) -> None:
    written = modality("rna_structure")
    tokens = written.encode(strand(helix))
    (back,) = tokenizer.decode(tokenizer.encode([strand(helix)]))
    decoded = written.decode(tokens)
    assert isinstance(decoded, NucleicAcid)
    assert decoded.sequence == "N" * len(helix)
    assert np.array_equal(np.asarray(decoded.backbone), back)
    assert written.length(tokens) == len(helix)
    with pytest.raises(DecodeError, match="not one of the"):
        written.decode(["<R 0>", f"<R {tokenizer.num_codes}>"])


def test_a_fit_repeats_and_learns(tokenizer: NucleotideTokenizer, helix: Backbone) -> None:
    rng = np.random.default_rng(3)
    strands = [helix + rng.normal(scale=0.2, size=helix.shape).astype(np.float32) for _ in range(12)]
    settings = NucleotideFit(
        num_codes=20, num_break=4, open_rounds=3, closed_rounds=1, restarts=1, fit_beams=4, num_beams=4,
        synthetic_breaks=200, shift_stages=2, neighbours=4,
    )  # fmt: skip
    first, again = (fit_tokenizer(strands, range(12), settings) for _ in range(2))
    assert all(np.array_equal(one, again.tensors()[name]) for name, one in first.tensors().items())
    assert error(first, strands[0]) < 2.0


def test_unseen_strands(tokenizer: NucleotideTokenizer, shared: Path) -> None:
    records = read_strands(shared / "data/nucleic/rna3d/chains.parquet")
    test = [record.strand for record in records if record.split == "test"][:24]
    trip = measure_strands([*test, replace(test[0], backbone=None)], tokenizer)
    assert [one.kind for one in trip.failures] == ["UnsupportedError"]
    assert trip.errors.rmsd_segments.mean < 1.1
    assert trip.errors.rmsd_all.mean < trip.errors.rmsd.mean + 0.3
    assert abs(trip.errors.c3_endo_before.value - trip.errors.c3_endo_after.value) < 0.06
    assert "RMSD of P, C4', N" in trip.as_text(worst=1)
