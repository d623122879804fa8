"""No bad entity and no bad token can touch its neighbours: in every batch each good one gets what it gets alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities import Cell, Entity, Molecule, Protein, kinds, modalities, modality
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.cell.regions import Regions
from biomatrix.entities.kind_registry import kind
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.features import Feature, Interval
from biomatrix.entities.structure_tokenizer import StructureTokenizer
from biomatrix.entities.tokenizer_folder import shipped_names
from biomatrix.errors import BioMatrixError

NOT_FINITE = (np.nan, np.inf, -np.inf)
SEEDS = (0, pytest.param(1, marks=pytest.mark.slow))


def forced(entity: Any, **values: Any) -> Any:
    """Return a copy with attributes that its constructor would refuse."""
    copy = replace(entity)
    for name, value in values.items():
        object.__setattr__(copy, name, value)
    return copy


def moved(molecule: Molecule, positions: Any) -> Molecule:
    """Return a molecule whose conformer holds positions that no reader would let in."""
    mol = Chem.Mol(molecule.mol)
    for index, xyz in enumerate(np.asarray(positions, dtype=np.float64).tolist()):
        mol.GetConformer().SetAtomPosition(index, xyz)
    return Molecule(mol, molecule.name)


def good_molecules() -> list[Any]:
    return [Molecule.from_smiles(text).embed(seed=0) for text in ("CCO", "c1ccccc1O", "CC(=O)N", "C[C@H](N)C(=O)O")]


def bad_molecules() -> list[Any]:
    good = Molecule.from_smiles("CCO").embed(seed=0)
    positions = np.asarray(good.coordinates, dtype=np.float64)
    far, vast, fallen = positions.copy(), positions * 1e30, np.zeros_like(positions)
    far[0] += 1e7
    spoiled = [np.where(np.arange(len(positions))[:, None] == 1, value, positions) for value in NOT_FINITE]
    wild = Molecule.from_smiles("CCO").embed(seed=0)
    wild.mol.GetAtomWithIdx(0).SetAtomicNum(0)
    emptied = Molecule.from_smiles("C", "nothing")
    emptied.mol = Chem.Mol()  # past the constructor, which refuses it
    return [
        *(moved(good, each) for each in (*spoiled, far, vast, fallen)),
        Molecule.from_smiles("C*C"),
        Molecule(wild.mol, "wildcard in space"),
        emptied,
        Molecule.from_smiles("C"),
    ]


def good_proteins() -> list[Any]:
    whole = next(one.entity for one in kind("protein").samples() if one.entity.has_structure)
    assert isinstance(whole, Protein)
    return [replace(whole.first(length), name=f"first {length}") for length in (12, 30, 61)]


def bad_proteins() -> list[Any]:
    good = good_proteins()[1]
    places = good.backbone
    spoiled = [np.full_like(places, value) for value in NOT_FINITE]
    far = places.copy()
    far[3] += 1e7
    return [
        *(forced(good, backbone=each) for each in (*spoiled, far, places * np.float32(1e30), np.zeros_like(places))),
        forced(good, backbone=places[:-4]),
        forced(good, backbone=np.concatenate([places, places])),
        forced(good, backbone=places[:, :2]),
        forced(good, backbone=places.reshape(-1, 3)),
        forced(good, backbone=places.astype(object)),
        forced(good, backbone=places.astype("U8")),
        forced(good, backbone=places.tolist()),
        forced(good, backbone=None),
        forced(good, sequence="", backbone=places[:0]),
        forced(good, sequence=good.sequence[:-1] + "?"),
    ]


def good_cells() -> list[Any]:
    regions = Regions(
        "hg38",
        np.array([0, 0, 21], dtype=np.int16),
        np.array([10_000, 50_000, 20_000_000]),
        np.array([10_500, 50_500, 20_000_500]),
        np.ones(3, dtype=np.float32),
    )
    genes = np.array(["ENSG00000167286", "ENSG00000198851", "ENSG00000010610", "ENSG00000153563"], dtype=object)
    return [
        Cell(
            genes[:last], np.arange(last, 0, -1, dtype=np.float32), total=1_000.0, regions=regions, name=f"{last} genes"
        )
        for last in (2, 3, 4)
    ]


def bad_cells() -> list[Any]:
    good = good_cells()[1]
    return [
        *(forced(good, values=np.full(3, value, dtype=np.float32)) for value in (*NOT_FINITE, -1.0)),
        forced(good, values=good.values[:2]),
        forced(good, values=good.values.astype("U8")),
        forced(good, genes=good.genes[:2]),
        forced(good, genes=np.array(["ENSG00000167286"] * 3, dtype=object)),
        forced(good, scale="nothing"),
        forced(good, genes=good.genes[:0], values=good.values[:0], regions=None),
        forced(good, regions=forced(good.regions, end=good.regions.start)),
    ]


def good_dna() -> list[Any]:
    return [NucleicAcid(letters, "dna") for letters in ("ACGTAC", "GATTACAGATTACA", "NNACGRYKM" * 3)]


def bad_dna() -> list[Any]:
    good = good_dna()[1]
    return [
        forced(good, sequence=""),
        forced(good, sequence="ACGU"),
        forced(good, sequence="ACG?"),
        forced(good, sequence=7),
        forced(good, soft_masked=((5, 99),)),
        forced(good, strands=3),
        good.transcribe(),
    ]


def good_rna() -> list[Any]:
    """Return strands with a coding part, pairs and a backbone, which every modality of RNA can write."""
    codes = np.random.default_rng(0).integers(0, 64, 40)
    backbone = modality("rna_structure").decode([f"<R {code}>" for code in codes]).backbone
    coding = Feature("CDS", (Interval(3, 12),))
    pairs = ((0, 11), (1, 10))
    return [
        NucleicAcid(("GCAAUGGCAUAAGC" * 3)[:length], "rna", features=(coding,), pairs=pairs, backbone=backbone[:length])
        for length in (14, 25, 40)
    ]


def bad_rna() -> list[Any]:
    good = good_rna()[1]
    places = good.backbone
    far = places.copy()
    far[3] += 1e7
    return [
        *(forced(good, backbone=np.full_like(places, value)) for value in NOT_FINITE),
        *(forced(good, backbone=each) for each in (far, places * np.float32(1e30), np.zeros_like(places))),
        forced(good, backbone=places[:-4]),
        forced(good, backbone=places[:, :3]),
        forced(good, backbone=places.astype("U8")),
        forced(good, backbone=None, pairs=None, features=()),
        forced(good, pairs=((0, 99),)),
        forced(good, pairs=((0, 1), (0, 2))),
        forced(good, features=(Feature("CDS", (Interval(3, 999),)),)),
        forced(good, sequence="", backbone=places[:0], pairs=(), features=()),
        forced(good, sequence=good.sequence[:-1] + "?"),
    ]


GOOD: dict[str, Callable[[], list[Any]]] = {
    "molecule": good_molecules, "protein": good_proteins, "cell": good_cells, "dna": good_dna, "rna": good_rna,
}  # fmt: skip
BAD: dict[str, Callable[[], list[Any]]] = {
    "molecule": bad_molecules, "protein": bad_proteins, "cell": bad_cells, "dna": bad_dna, "rna": bad_rna,
}  # fmt: skip
STRANGERS: tuple[Any, ...] = (None, 3, "CCO", object())


def bad_entities(of: str) -> list[Any]:
    """Return entities of the kind that cannot be encoded, entities of the others, and what is no entity at all."""
    others = [one for name, make in GOOD.items() if name != of for one in make()[:1]]
    return [*BAD[of](), *others, *STRANGERS]


def test_every_registered_kind_is_covered() -> None:
    assert {one.name for one in kinds()} <= set(GOOD), "write good and bad entities for the new kind"


def paths() -> list[Any]:
    """Return every way to encode: each modality with each shipped tokenizer."""
    found = []
    for one in modalities():
        names = shipped_names(one.kind) if one.needs_tokenizer else (None,)
        found += [pytest.param((one.name, name), id=f"{one.name}-{name}") for name in names]
    return found


@pytest.fixture(scope="module", params=paths())
def path(request: pytest.FixtureRequest) -> Modality:
    name, tokenizer = request.param
    return modality(name, tokenizer=tokenizer) if tokenizer else modality(name)


def shuffled(good: Sequence[Any], bad: Sequence[Any], seed: int) -> tuple[list[Any], list[int]]:
    """Return all in an order of their own, and where the good ones stand, in their order."""
    order = np.random.default_rng(seed).permutation(len(good) + len(bad)).tolist()
    return [[*good, *bad][index] for index in order], [order.index(index) for index in range(len(good))]


def check_slots(answers: Sequence[Any], alone: Sequence[Any], places: Sequence[int], same: Callable[..., bool]) -> None:
    for expected, place in zip(alone, places, strict=True):
        assert not isinstance(answers[place], BioMatrixError), answers[place]
        assert same(answers[place], expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_bad_entities_do_not_touch_their_neighbours(path: Modality, seed: int) -> None:
    good, bad = GOOD[path.kind](), bad_entities(path.kind)
    alone = [path.encode(one) for one in good]
    batch, places = shuffled(good, bad, seed)
    answers = path.encode_each(batch)
    assert len(answers) == len(batch)
    check_slots(answers, alone, places, lambda one, other: one == other)
    for answer, entity in zip(answers, batch, strict=True):
        assert isinstance(answer, list | BioMatrixError), entity
        if entity in STRANGERS or (isinstance(entity, Entity) and entity.kind != path.kind):
            assert isinstance(answer, BioMatrixError)
        if isinstance(answer, list):  # what was written of a doubtful entity is what it gives alone
            assert answer == path.encode(entity)


def test_each_bad_entity_is_refused_alone_by_a_named_error(path: Modality) -> None:
    for entity in bad_entities(path.kind):
        (answer,) = path.encode_each([entity])
        assert isinstance(answer, list | BioMatrixError)
        if isinstance(answer, BioMatrixError):
            with pytest.raises(BioMatrixError):
                path.encode(entity)


BAD_TOKENS: tuple[Any, ...] = (
    [], ["nonsense"], ["[C]", "<M 1>"], ["<S 99999999>"], ["<S -1>"], [""], ["[C]"] * 3 + ["<"], ["\0"], ["["],
    ["A", "1"], ["C(C"], None, 7, [None], [3], "[C]", ["<|mol_3d_start|>"],
)  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_bad_tokens_do_not_touch_their_neighbours(path: Modality, seed: int) -> None:
    good = [path.encode(one) for one in GOOD[path.kind]()]
    alone = [path.decode(one) for one in good]
    cut = [[*tokens[: len(tokens) // 2], "nonsense"] for tokens in good]
    batch, places = shuffled(good, [*BAD_TOKENS, *cut], seed)
    answers = path.decode_each(batch)
    assert len(answers) == len(batch)
    check_slots(answers, alone, places, same_entity)
    for answer, tokens in zip(answers, batch, strict=True):
        assert isinstance(answer, Entity | BioMatrixError), tokens


def same_entity(one: Any, other: Any) -> bool:
    of = kind(one.kind)
    points, others = of.points(one), of.points(other)
    alike = points is None if others is None else points is not None and np.array_equal(points, others, equal_nan=True)
    return bool(alike) and of.text(one) == of.text(other)


def tokenizers() -> list[Any]:
    return [
        pytest.param(one, name, id=name)
        for one in dict.fromkeys(each.kind for each in modalities() if each.needs_tokenizer)
        for name in shipped_names(one)
    ]


@pytest.mark.parametrize(("of", "name"), tokenizers())
@pytest.mark.parametrize("size", [1, 2, None])
def test_structure_tokenizers_refuse_each_alone(of: str, name: str, size: int | None) -> None:
    (one,) = (each for each in modalities() if each.kind == of and each.needs_tokenizer)
    tokenizer: StructureTokenizer[Any, Any, Any, Any] = modality(one.name, tokenizer=name).tokenizer
    good, bad = GOOD[of](), bad_entities(of)
    alone = [tokenizer.encode([each])[0] for each in good]
    batch, places = shuffled(good, bad, 3)
    parts = [batch[start : start + (size or len(batch))] for start in range(0, len(batch), size or len(batch))]
    answers = [answer for part in parts for answer in tokenizer.encode_each(part)]
    check_slots(answers, alone, places, same_codes)
    structures = [tokenizer.decode([each])[0] for each in alone]
    broken = [None, 7, "codes", np.array([-5, 10**6]), np.array([np.nan]), np.zeros((2, 2)), object()]
    mixed, places = shuffled(alone, broken, 4)
    check_slots(tokenizer.decode_each(mixed), structures, places, same_structure)
    for answer, codes in zip(tokenizer.decode_each(mixed), mixed, strict=True):
        assert isinstance(answer, BioMatrixError) or any(codes is each for each in alone)


def same_codes(one: Any, other: Any) -> bool:
    return np.array_equal(getattr(one, "codes", one), getattr(other, "codes", other))


def same_structure(one: Any, other: Any) -> bool:
    return np.array_equal(getattr(one, "coordinates", one), getattr(other, "coordinates", other), equal_nan=True)
