"""The reader and writer give what the selfies package gives, on real molecules, random strings and hostile ones."""

from __future__ import annotations

import importlib.util
import itertools
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import selfies
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, RDConfig, rdBase

from biomatrix.entities.molecule.selfies import (
    atom_mask,
    index_owners,
    index_symbols_after,
    read_symbols,
    symbols_of_smiles,
)
from biomatrix.entities.molecule.selfies.rules import ATOMIC_NUMBERS, INDEX_SYMBOLS
from biomatrix.errors import DecodeError, UnsupportedError

BENCHMARK = Path(__file__).resolve().parents[4] / "benchmarks" / "selfies_speed.py"
NCI = Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi"


def _load_benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("selfies_speed", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


oracle = _load_benchmark()


def check_molecules(smiles: list[str]) -> None:
    with rdBase.BlockLogs():
        forms = [form for text in smiles for form in oracle.spellings(text)]
    assert len(forms) > len(smiles)
    for form in forms:
        expected = oracle.written_by_package(form)
        assert oracle.written_here(form) == expected, form
        assert expected is None or oracle.same_reading(list(expected)), form


def check_strings(count: int, seed: int) -> None:
    for symbols in oracle.random_strings(count, seed):
        assert oracle.same_reading(symbols), "".join(symbols)


def test_real_molecules() -> None:
    check_molecules([line.split()[0] for line in NCI.read_text().splitlines()[:4000:16]])


def test_random_strings() -> None:
    check_strings(3_000, seed=1)


@pytest.mark.slow
def test_many_random_strings(pytestconfig: pytest.Config) -> None:
    check_strings(10_000, seed=2)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_hundred_thousand_molecules_and_strings(shared: Path) -> None:
    sources = [shared / "data" / "molecule" / name for name in ("zinc250k.parquet", "chembl30_sample.parquet")]
    check_molecules([text for path in sources for text in itertools.islice(oracle.smiles_of_file(path), 12_500)])
    check_strings(100_000, seed=3)


SMILES = (
    "C",
    "[H]C([H])([H])[H]",
    "[Na+].[Cl-]",
    "[13CH3][C@H](N)C(=O)O",
    "F/C=C\\F",
    "F/C=C/1CCCC1",
    "C/1=C/CCCCCC1",
    "C%10CCCCC%10",
    "C1CC[C@]2(C)C1CC2",
    "N[C@@]12CC1CCC2",
    "[C@]12(F)CCC1OC2",
    "[NH4+].[OH-]",
    "[CH3:7]O",
    "[2H]O[2H]",
    "[Fe+++]",
    "[Cl+0]",
    "C-C-C",
    "C=1CCCCC1",
    "C=1CCCCC=1",
    "C1CCCCC=1",
    "C(C)",
    "C(C(C))C",
    "C(C)1CC1",
    "c1ccccc1",
    "c1cc[nH]c1",
    "Sc1ccccc1",
    "C..C",
    "C.",
    "O=S(=O)(O)O",
    "[O-][N+](=O)C",
    "C#C[CH2][Si]",
)
BROKEN = (
    "",
    "*",
    "C(",
    "C)",
    "C1CC",
    "C11",
    "C12CC12",
    "C=1CCC#1",
    "(C)C",
    "CN(C)(C)C",
    "CX",
    "[Xx]",
    "C[CH9]",
    "C$C",
    "%1",
)


@pytest.mark.parametrize("smiles", SMILES)
def test_every_form_of_smiles(smiles: str) -> None:
    expected = oracle.written_by_package(smiles)
    assert expected is not None
    assert symbols_of_smiles(smiles) == expected
    assert oracle.same_reading(list(expected))


@pytest.mark.parametrize("smiles", BROKEN)
def test_what_the_package_refuses_is_refused_with_a_reason(smiles: str) -> None:
    assert oracle.written_by_package(smiles) is None
    with pytest.raises(UnsupportedError, match=r"has no SELFIES: ."):
        symbols_of_smiles(smiles)


def test_a_valence_error_names_atom_and_limit() -> None:
    with pytest.raises(UnsupportedError, match=r"N with 4 bond\(s\) - a max. of 3"):
        symbols_of_smiles("CN(C)(C)C")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="CNO[]()=#/\\-+@H123%.cn", max_size=14))
def test_any_text_is_written_as_the_package_does(smiles: str) -> None:
    assert oracle.written_here(smiles) == oracle.written_by_package(smiles)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from((*INDEX_SYMBOLS, *oracle.ODD_SYMBOLS, "[F]", "[=O]", "[#N]", "[-\\Ring1]")), max_size=30)
)
def test_any_symbols_are_read_as_the_package_does(symbols: list[str]) -> None:
    assert oracle.same_reading(symbols), "".join(symbols)


@pytest.mark.parametrize(
    "smiles", ["CC(=O)Oc1ccccc1C(=O)O", "C1CC2CC1CC2", "OC(=O)[C@H](N)CC#N", "[O-][N+](=O)C1=CC=CS1"]
)
def test_the_graph_is_that_of_the_smiles(smiles: str) -> None:
    kekule = oracle.spellings(smiles)[2]
    graph = read_symbols(symbols_of_smiles(kekule))
    parameters = Chem.SmilesParserParams()
    parameters.removeHs = parameters.sanitize = False
    mol = Chem.MolFromSmiles(graph.smiles, parameters)
    bonds = sorted((*sorted((b.GetBeginAtomIdx(), b.GetEndAtomIdx())), int(b.GetBondType())) for b in mol.GetBonds())
    assert [(*pair, order) for pair, order in zip(graph.bonds.tolist(), graph.orders.tolist(), strict=True)] == bonds
    assert graph.elements.tolist() == [atom.GetAtomicNum() for atom in mol.GetAtoms()]
    assert graph.charges.tolist() == [atom.GetFormalCharge() for atom in mol.GetAtoms()]
    assert graph.bonds.dtype == graph.places.dtype == np.int64
    assert graph.orders.dtype == np.int8


@pytest.mark.parametrize(
    ("symbols", "position"),
    [
        (["[C]", "[Xx]"], 1),
        (["[C]", "[nop]", "[CH9]"], 2),
        (["[C]", ".", "[F]", "[F]", ".", "[nop]", "[Branch4]"], 6),
        (["[C]", "[Branch1]", "C", "[C]"], 2),
        (["[F]", "[F]", "[Xx]", "text"], 3),
        (["C"], 0),
    ],
)
def test_the_first_symbol_at_fault_is_named(symbols: list[str], position: int) -> None:
    for _ in range(2):
        with pytest.raises(DecodeError, match="not SELFIES") as caught:
            read_symbols(symbols)
        assert caught.value.position == position


def test_places_count_dots_and_padding() -> None:
    graph = read_symbols(["[nop]", "[C]", "[nop]", "[O]", ".", "[nop]", "[Na+1]"])
    assert graph.smiles == "CO.[Na+1]"
    assert graph.places.tolist() == [1, 3, 6]
    assert graph.atom_symbols == ("[C]", "[O]", "[Na+1]")


def test_nothing_spells_nothing() -> None:
    graph = read_symbols([])
    assert (graph.smiles, len(graph.places), graph.bonds.shape, len(graph.orders)) == ("", 0, (0, 2), 0)


def test_ring_numbers_past_99_can_be_read_by_others() -> None:
    symbols = ["[C]", "[C]", "[C]", "[Ring1]", "[Ring1]"] * 120
    graph = read_symbols(symbols)
    assert graph.smiles.replace("(", "").replace(")", "") == selfies.decoder("".join(symbols))
    mol = Chem.MolFromSmiles(graph.smiles)
    assert (mol.GetNumAtoms(), mol.GetNumBonds()) == (360, len(graph.bonds)) == (360, 479)


HOSTILE = {
    "nested": ["[P]", "[#Branch3]", "[P]", "[P]", "[P]"] * 2_000,
    "nested and empty": ["[S]"] + ["[Branch1]", "[P]"] * 5_000,
    "chain": ["[C]"] * 10_000,
    "rings": ["[C]", "[C]", "[Ring3]", "[P]", "[P]", "[P]"] * 1_666,
    "same ring": (["[S]"] * 3 + ["[Ring1]", "[Ring1]"]) * 2_000,
    "padding": (["[C]", "[nop]", "."] * 3_333),
    "skipped": ["[F]", "[F]"] * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_strings_take_linear_time(name: str) -> None:
    started = time.perf_counter()
    graph = read_symbols(HOSTILE[name])
    assert time.perf_counter() - started < 1.0
    assert len(graph.places) == len(graph.atom_symbols)


@pytest.mark.parametrize("depth", [10, 300])
def test_deep_branches(depth: int) -> None:
    smiles = "C" + "C(" * depth + "C" + "C)C" * depth
    symbols = symbols_of_smiles(smiles)
    assert int(atom_mask(symbols).sum()) == smiles.count("C")
    assert read_symbols(symbols).smiles == smiles


@pytest.mark.parametrize("smiles", ["C" + "C(" * 3_000 + "C" + "C)C" * 3_000, "C1" + "C" * 5_000 + "1"])
def test_what_no_symbol_can_count_is_refused(smiles: str) -> None:
    started = time.perf_counter()
    with pytest.raises(UnsupportedError, match="the limit is 4096"):
        symbols_of_smiles(smiles)
    assert time.perf_counter() - started < 1.0


def test_default_constraints_hold_in_reading_whatever_the_package_is_set_to() -> None:
    try:
        selfies.set_semantic_constraints("hypervalent")
        assert read_symbols(["[C]", "[Cl]", "[=O]"]).smiles == "CCl"
    finally:
        selfies.set_semantic_constraints("default")


def test_tables_are_those_of_the_package() -> None:
    from selfies.constants import ELEMENTS, INDEX_ALPHABET

    assert set(ATOMIC_NUMBERS) == ELEMENTS
    assert INDEX_SYMBOLS == INDEX_ALPHABET
    table = Chem.GetPeriodicTable()
    assert all(table.GetAtomicNumber(element) == number for element, number in ATOMIC_NUMBERS.items())


def test_index_symbols_are_told_from_atoms() -> None:
    symbols = ["[C]", "[=Branch2]", "[C]", "[Ring1]", "[O]", "[Ring1]", "[Branch1]", ".", "[nop]", "[N]"]
    assert [index_symbols_after(symbol) for symbol in symbols] == [0, 2, 0, 1, 0, 1, 1, 0, 0, 0]
    assert np.flatnonzero(atom_mask(symbols)).tolist() == [0, 4, 9]
    assert index_owners(symbols) == {2: 1, 3: 1, 6: 5}
