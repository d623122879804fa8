"""SMILES that are written while atoms, bonds and rings are counted have exactly what is asked, by RDKit."""

from __future__ import annotations

import csv
import gzip
import os
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula
from rdkit.rdBase import BlockLogs

from biomatrix.entities import Molecule
from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.constraints.formula import Formula
from biomatrix.entities.molecule.counts import Count, CountsMolecules, MoleculeCounts
from biomatrix.entities.molecule.possible_counts import impossibility
from biomatrix.entities.molecule.smiles_automaton.automaton import SmilesAutomaton
from biomatrix.entities.molecule.smiles_automaton.counting.aromatics import (
    FIRST_MARK,
    SYSTEMS,
    spelled,
    systems_for,
)
from biomatrix.entities.molecule.smiles_automaton.counting.automaton import Written
from biomatrix.entities.stopping import stopped_by
from biomatrix.errors import ConfigurationError
from biomatrix.metrics.graph_counts import bond_counts, element_counts
from biomatrix.metrics.s2_bench.requests import BONDS, ELEMENTS

END = 1001
BUDGET = 400


def walk(
    automaton: SmilesAutomaton,
    spelling: dict[int, str],
    counts: MoleculeCounts,
    seed: int,
    free: int,
    budget: int = BUDGET,
) -> str:
    """Return a random string: so many pieces at random, then the shortest way on."""
    counting = automaton.counting(counts)
    rng = random.Random(seed)
    states = counting.start(Bounds(budget))[None]
    text, written = "", 0
    while not counting.finished(states)[0]:
        ids = [id_ for first, stop in counting.allowed(states)[0].tolist() for id_ in range(first, stop)]
        assert ids, f"a dead end behind {text!r}"
        chosen = rng.choice(ids)
        if written >= free:
            planned = planned_character(states[0, 0])
            chosen = next((id_ for id_, piece in spelling.items() if piece == planned), END)
            assert chosen in ids
        states = counting.advance(states, np.array([chosen]))
        text += spelling.get(chosen, "")
        written += 1
        assert written <= budget
    return text


def planned_character(row: Written) -> str:
    """Return the next character of the completion that a row holds; empty where it is complete."""
    character = row.locked[:1] or row.rest[:1]
    return spelled(character, row.core)[0] if character >= FIRST_MARK else character


def is_met(counts: MoleculeCounts, smiles: str) -> bool:
    mol = Chem.MolFromSmiles(smiles)
    paired = mol is not None and not any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms())
    return paired and counts.fault(mol) is None


ASKED = [
    MoleculeCounts({"C": (8, 8), "N": (1, 1), "O": (3, 3)}, others=False),
    MoleculeCounts({"C": (3, 3), "F": (2, 2), "Te": (1, 1), "As": (2, 2), "Po": (1, 1)}, others=False),
    MoleculeCounts({"C": (1, 1), "Br": (4, 4)}, others=False),
    MoleculeCounts({"C": (1, 1), "Br": (5, 5), "I": (2, 2)}, others=False),
    MoleculeCounts({"C": (6, 10), "N": (0, 2), "O": (1, None)}, others=False, rings=(2, 2)),
    MoleculeCounts({"S": (2, 2)}, atoms=(9, 12)),
    MoleculeCounts({"Na": (1, 1), "O": (2, 2), "C": (2, 2)}, others=False),
    MoleculeCounts(rings=(3, 3), atoms=(14, 20)),
    MoleculeCounts(bonds={"single": (15, 15)}),
    MoleculeCounts(bonds={"single": (7, 7), "double": (2, 2), "triple": (1, 1), "aromatic": (11, 11)}),
    MoleculeCounts(bonds={"single": (1, 1), "triple": (5, 5)}),
    MoleculeCounts(bonds={"aromatic": (14, 14), "double": (3, 3)}),
    MoleculeCounts(bonds={"aromatic": (0, 0), "double": (1, 3)}, atoms=(8, 8)),
    MoleculeCounts(bonds={"single": (12, 12), "rotatable": (2, 2), "double": (1, 1)}),
    MoleculeCounts({"C": (6, 6)}, others=False, hydrogens=(6, 6), charge=0),
    MoleculeCounts({"C": (8, 8), "N": (4, 4), "O": (2, 2)}, others=False, hydrogens=(10, 10), charge=0),
    MoleculeCounts({"C": (2, 2), "O": (2, 2)}, others=False, hydrogens=(3, 3), charge=-1),
    MoleculeCounts({"C": (9, 9), "S": (2, 2), "N": (1, 1)}, others=False, hydrogens=(8, 8), charge=1),
]


@pytest.mark.parametrize("seeds", [(0, 2), pytest.param((1, 3), marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("counts", ASKED, ids=range(len(ASKED)))
def test_random_walks_have_what_is_asked(
    automaton: SmilesAutomaton, spelling: dict[int, str], counts: MoleculeCounts, seeds: tuple[int, ...]
) -> None:
    for seed in seeds:
        smiles = walk(automaton, spelling, counts, seed, free=(0, 5, 12, 40)[seed])
        assert is_met(counts, smiles), smiles


def test_bonds_are_counted_as_rdkit_finds_them_after_sanitisation(
    automaton: SmilesAutomaton, spelling: dict[int, str]
) -> None:
    """Rings above all: many short wishes, walked at random."""
    rng = random.Random(3)
    for seed in range(25):
        bonds: dict[str, Count] = {"single": (rng.randint(3, 9),) * 2, "double": (rng.randint(0, 2),) * 2}
        bonds["aromatic"] = rng.choice([(0, 0), (5, 5), (6, 6)])
        counts = MoleculeCounts(bonds=bonds, rings=(1, None))  # type: ignore[arg-type]
        smiles = walk(automaton, spelling, counts, seed, free=25)
        assert is_met(counts, smiles), (smiles, bonds)


def test_other_limits_are_kept_too(automaton: SmilesAutomaton, spelling: dict[int, str]) -> None:
    counting = automaton.counting(MoleculeCounts({"C": (2, 4)}, others=False)).counting(MoleculeCounts(atoms=(3, 9)))
    assert isinstance(counting, CountsMolecules)
    states = counting.start(Bounds(40, 4))[None]
    text = ""
    while not counting.finished(states)[0]:
        id_ = int(counting.allowed(states)[0][0, 0])
        states = counting.advance(states, np.array([id_]))
        text += spelling.get(id_, "")
    assert element_counts(Chem.MolFromSmiles(text)) == {"C": 4}


def test_what_was_counted_before_changes_nothing(spelling: dict[int, str]) -> None:
    """How wide a completion is does not depend on which states, of this or another wish, were completed before."""
    counts = MoleculeCounts({"C": (18, 18), "O": (2, 2)}, others=False)
    used = SmilesAutomaton(1000, END, spelling)
    for number in (40, 25, 19):
        used.counting(MoleculeCounts({"C": (number, number), "O": (2, 2)}, others=False)).start(Bounds(BUDGET))
    for free in (0, 3, 9):
        walk(used, spelling, MoleculeCounts({"C": (30, 30), "O": (2, 2)}, others=False), free, free)
        walk(used, spelling, counts, free, free)
    rng = random.Random(0)
    for budget in (24, 27):
        states = used.counting(counts).start(Bounds(budget))[None]
        written: list[int] = []
        while not used.counting(counts).finished(states)[0]:
            fresh = SmilesAutomaton(1000, END, spelling).counting(counts)
            same = fresh.start(Bounds(budget))[None]
            for id_ in written:
                same = fresh.advance(same, np.array([id_]))
            allowed = used.counting(counts).allowed(states)[0]
            assert allowed.tolist() == fresh.allowed(same)[0].tolist()
            written.append(rng.choice([id_ for first, stop in allowed.tolist() for id_ in range(first, stop)]))
            states = used.counting(counts).advance(states, np.array(written[-1:]))


@pytest.mark.parametrize(
    "counts",
    [
        MoleculeCounts(bonds={"aromatic": (2, 2)}),
        MoleculeCounts(bonds={"rotatable": (3, 3), "single": (2, 2)}),
        MoleculeCounts({"C": (0, 0)}, others=False),
    ],
)
def test_what_no_molecule_has_is_refused(automaton: SmilesAutomaton, counts: MoleculeCounts) -> None:
    with pytest.raises(ConfigurationError, match=r"no molecule_smiles (is known|has)"):
        automaton.counting(counts).start(Bounds(BUDGET))


def test_a_budget_too_small_is_refused(automaton: SmilesAutomaton) -> None:
    with pytest.raises(ConfigurationError, match="needs 504 tokens for 500 rotatable bonds"):
        automaton.counting(MoleculeCounts(bonds={"rotatable": (500, 500)})).start(Bounds(BUDGET))
    with pytest.raises(ConfigurationError, match="needs at least 31 tokens"):
        automaton.counting(MoleculeCounts({"C": (30, 30)})).start(Bounds(20))


@pytest.mark.parametrize(
    ("counts", "fewest"),
    [
        (MoleculeCounts({"C": (10**8, 10**8)}), 10**8),
        (MoleculeCounts(atoms=(10**8, None)), 10**8),
        (MoleculeCounts(rings=(10**8, None)), 2 * 10**8),
        (MoleculeCounts(bonds={"double": (10**8, None)}), 10**8),
        (MoleculeCounts(hydrogens=(4 * 10**8, None)), 10**8),
    ],
)
def test_what_no_budget_holds_is_refused_before_it_is_sought(
    automaton: SmilesAutomaton, counts: MoleculeCounts, fewest: int
) -> None:
    with pytest.raises(ConfigurationError, match=f"needs at least {fewest + 1} tokens"):
        automaton.counting(counts).start(Bounds(BUDGET))


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.text)
def test_aromatic_systems_are_as_rdkit_finds_them(system: object) -> None:
    assert system in SYSTEMS
    text, aromatic, rings, elements = system  # type: ignore[misc]
    mol = Chem.MolFromSmiles(f"C-{text}")
    assert bond_counts(mol)["aromatic"] == aromatic == mol.GetNumBonds() - 1
    assert mol.GetRingInfo().NumRings() == rings
    assert element_counts(mol) - element_counts(Chem.MolFromSmiles("C")) == dict(elements)


def test_sums_of_aromatic_bonds() -> None:
    everything = frozenset("CNOS")
    assert [bonds for bonds in range(1, 41) if systems_for(bonds, everything) is None] == [1, 2]
    for bonds in range(3, 41):
        systems = systems_for(bonds, everything)
        assert systems is not None
        assert sum(system.aromatic for system in systems) == bonds


def rows(task: str) -> Iterator[Mapping[str, str]]:
    shared = Path(os.environ.get("BIOMATRIX_SHARED", "../shared"))
    path = shared / "data" / "molecule" / "tomg_bench" / "MolCustom" / task / "test.csv.gz"
    if not path.exists():
        pytest.skip(f"{task} of S2-Bench is not here")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


@pytest.mark.parametrize("task", ["AtomNum", "BondNum"])
@pytest.mark.exhaustive
def test_rows_of_s2_bench(automaton: SmilesAutomaton, spelling: dict[int, str], task: str) -> None:
    """The plan of many rows, and random walks of a few, have exactly what is asked; the impossible is refused."""
    for number, row in enumerate(list(rows(task))[::250]):
        if task == "AtomNum":
            named = {symbol: (int(row[name]),) * 2 for name, symbol in ELEMENTS.items() if int(row[name])}
            counts = MoleculeCounts(named, others=False)  # type: ignore[arg-type]
        else:
            counts = MoleculeCounts(bonds={name: (int(row[name]),) * 2 for name in BONDS if int(row[name])})  # type: ignore[misc]
        if int(row.get("rotatable", 0)) > int(row.get("single", 0)) > 0:
            continue
        smiles = walk(automaton, spelling, counts, number, free=0 if number % 7 else 6)
        assert is_met(counts, smiles), smiles


FORMULAS = """
C O=C=O C#N C#C O=S=O O [Na]Cl c1ccccc1 c1ccc2ccccc2c1 N [C-]#[O+] [NH4+] CC(=O)[O-] FS(F)(F)(F)(F)F [H][H] N#N B.B
ClP(Cl)(Cl)(Cl)Cl [C-]#N [N-]=[N+]=[N-] C[N+](C)(C)C F[B-](F)(F)F O=[N+]([O-])c1ccccc1 [Na+].[Cl-] C.C [Na+] Cl[Fe]Cl
Cn1cnc2c1c(=O)n(C)c(=O)n2C CC(=O)Oc1ccccc1C(=O)O [Ca+2].[Cl-].[Cl-] F[Si](F)(F)F OP(=O)(O)O CCCCCCCC [SiH4] Cl CC.[Fe]
[NH4+].[Na+]
"""


@pytest.mark.parametrize("seeds", [(1,), pytest.param((0, 2), marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("known", FORMULAS.split())
def test_the_formula_of_any_molecule_can_be_written(
    automaton: SmilesAutomaton, spelling: dict[int, str], known: str, seeds: tuple[int, ...]
) -> None:
    counts = Formula.parse(Molecule.from_smiles(known).formula).limits
    assert impossibility(counts) is None
    for seed in seeds:
        smiles = walk(automaton, spelling, counts, seed, free=(0, 6, 30)[seed])
        assert is_met(counts, smiles), smiles


@pytest.mark.parametrize("formula", ["CH5", "CH4-", "CH9", "C2H8", "C6H5", "NO", "CH6", "C3H9N"])
def test_a_formula_is_refused_only_where_nothing_has_it(automaton: SmilesAutomaton, formula: str) -> None:
    """Two molecules beside one another have ``C2H8``."""
    counts = Formula.parse(formula).limits
    assert (impossibility(counts) is None) is (formula in ("C2H8", "C3H9N"))


def test_radicals_are_written_where_they_are_asked_for(automaton: SmilesAutomaton, spelling: dict[int, str]) -> None:
    for formula in ("NO", "CH3", "NO2"):
        counts = replace(Formula.parse(formula).counts, radicals=True)
        mol = Chem.MolFromSmiles(walk(automaton, spelling, counts, 0, 3))
        assert sum(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms()) == 1
        assert counts.fault(mol) is None


def test_no_molecule_that_rdkit_reads_is_called_impossible() -> None:
    """All chains of up to three of these atoms that RDKit reads without radicals."""
    atoms = (
        "C",
        "N",
        "O",
        "S",
        "F",
        "P",
        "B",
        "[O-]",
        "[NH4+]",
        "[N+]",
        "[Na+]",
        "[C-]",
        "[Si]",
        "[SiH4]",
        "[Fe]",
        "[Al]",
    )
    read = 0
    with BlockLogs():
        for number in (1, 2, 3):
            for row in product(atoms, repeat=number):
                for bonds in product(("", "=", "."), repeat=number - 1):
                    mol = Chem.MolFromSmiles(row[0] + "".join(b + a for b, a in zip(bonds, row[1:], strict=True)))
                    if mol is None or any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms()):
                        continue
                    read += 1
                    counts = Formula.parse(CalcMolFormula(mol)).limits
                    assert impossibility(counts) is None, Chem.MolToSmiles(mol)
    assert read > 5_000


@pytest.mark.parametrize("formula", ["C60", "C200", "C500", "C300H602", "C200N50O50"])
def test_formulas_of_any_size_are_planned_at_once(
    automaton: SmilesAutomaton, spelling: dict[int, str], formula: str
) -> None:
    """The plan of the whole string: what is searched is counted, so this is as quick on every machine."""
    counts = Formula.parse(formula).limits
    row = automaton.counting(counts).start(Bounds(1000))[0]
    assert counts.fault(Chem.MolFromSmiles(row.rest)) is None


@pytest.mark.slow
def test_a_long_formula_is_written_under_its_guide(automaton: SmilesAutomaton, spelling: dict[int, str]) -> None:
    counts = Formula.parse("C200").limits
    began = time.process_time()
    assert is_met(counts, walk(automaton, spelling, counts, 0, free=8, budget=1000))
    assert time.process_time() - began < 90  # of a busy core; without a limit on searches over 180 of a free one


@pytest.mark.slow
def test_a_search_that_takes_too_much_is_refused(automaton: SmilesAutomaton) -> None:
    """The refusal does not depend on the machine; a check of the stop signal ends the search before it."""
    named = {"C": (900, 900), "S": (50, 50), "Fe": (9, 9), "N": (60, 60)}
    counts = MoleculeCounts(named, False, hydrogens=(100, 100), charge=-9, bonds={"double": (3, 3)})  # type: ignore[arg-type]
    counting = automaton.counting(counts)
    looked: list[None] = []
    refused = pytest.raises(ConfigurationError, match="takes more than 250,000 steps")
    with stopped_by(lambda: looked.append(None)), refused:
        counting.start(Bounds(2000))
    assert len(looked) >= 10

    def stop() -> None:
        raise TimeoutError

    with stopped_by(stop), pytest.raises(TimeoutError):
        counting.start(Bounds(2000))
