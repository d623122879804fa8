"""What chemists write is admitted, in RDKit's spelling and in others, whatever the pieces are."""

from __future__ import annotations

import random

import numpy as np
import pytest
from rdkit import Chem

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.molecule.smiles_automaton.automaton import SmilesAutomaton
from biomatrix.entities.molecule.smiles_automaton.machine import Machine

END = 1001

MOLECULES = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "CC(C)Cc1ccc(C(C)C(=O)O)cc1",
    "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "CN1[C@H]2CC[C@@H]1[C@@H](C(=O)OC)[C@@H](OC(=O)c1ccccc1)C2",
    "CC(=O)Nc1ccc(O)cc1",
    "C[C@H](N)C(=O)O",
    "N[C@@H](Cc1c[nH]c2ccccc12)C(=O)O",
    "CN(C)C(=N)NC(N)=N",
    "O=C(O)c1cn(C2CC2)c2cc(N3CCNCC3)c(F)cc2c1=O",
    "Clc1ccc2c(c1)C(c1ccccc1)=NCC(=O)N2",
    "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O",
    "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O",
    "C[C@]12CC[C@H]3[C@@H](CCc4cc(O)ccc43)[C@@H]1CC[C@@H]2O",
    "[Na+].[Cl-]",
    "[K+].[K+].O=C([O-])[O-]",
    "CC(=O)[O-].[NH4+]",
    "[Ca+2].[Cl-].[Cl-]",
    "C[N+](C)(C)CCO",
    "[O-][n+]1ccccc1",
    "C[n+]1ccccc1.[I-]",
    "O=[N+]([O-])c1ccccc1",
    "[N-]=[N+]=NCc1ccccc1",
    "[C-]#[N+]C1CCCCC1",
    "[C-]#[O+]",
    "N[Pt](N)(Cl)Cl",
    "C[Mg]Br",
    "C[Sn](C)(C)C",
    "C[Hg]C",
    "[Li]CCCC",
    "C[Si](C)(C)O[Si](C)(C)C",
    "OB(O)c1ccccc1",
    "F[B-](F)(F)F.[K+]",
    "F[P-](F)(F)(F)(F)F",
    "C[Se]C[C@H](N)C(=O)O",
    "c1cc[se]c1",
    "O=[As](O)(O)O",
    "[2H]C([2H])([2H])O",
    "[13CH4]",
    "[14C]",
    "C[11C](=O)O",
    "[18F]CCO",
    "c1ccoc1",
    "c1ccsc1",
    "c1cc[nH]c1",
    "c1cnc[nH]1",
    "c1nnn[nH]1",
    "c1ccncc1",
    "c1cnccn1",
    "c1ccc2ncccc2c1",
    "c1ccc2[nH]c3ccccc3c2c1",
    "c1ccc2c(c1)-c1ccccc1-2",
    "c1cc2ccc3cccc4ccc(c1)c2c34",
    "O=c1cc[nH]c(=O)[nH]1",
    "Nc1ncnc2c1ncn2[C@@H]1O[C@H](COP(=O)(O)OP(=O)(O)O)[C@@H](O)[C@H]1O",
    "CS(=O)(=O)c1ccccc1",
    "C[S@](=O)c1ccccc1",
    "NS(=O)(=O)c1ccc(N)cc1",
    "CP(=O)(O)OC",
    "F/C=C/F",
    r"F/C=C\F",
    r"C/C(=N\O)c1ccccc1",
    "C1CC2CCC1C2",
    "C12C3C4C1C5C2C3C45",
    "C1CC11CC1",
    "S(F)(F)(F)(F)(F)F",
    "C#CC#C",
    "*c1ccccc1",
    "[CH3:1][OH:2]",
    "C[C@@]1(O)CC[C@@H]2[C@H]3CC=C4C[C@@H](O)CC[C@]4(C)[C@H]3CC[C@@]21C",
]
"""Drugs, salts, organometallics, charges, isotopes, hetero rings, stereo marks, as RDKit writes them or nearly so."""

OTHERWISE = [
    ("rings whose numbers are not used again", "Cc1ccccc1C2CCCCC2c3ccccc3"),
    ("numbers in any order", "C9CC8CC9C8"),
    ("the number nought", "C0CCCCC0"),
    ("two digits for any ring", "C%42CCCCC%42"),
    ("a number over nine after the smaller", "C1CC1C2CC2C3CC3C4CC4C5CC5C6CC6C7CC7C8CC8C9CC9C%10CC%10"),
    ("the bond where a ring opens", "C=1CCCCC1"),
    ("the bond at either end", "C=1CCCCC=1"),
    ("a single bond where a ring opens", "C1=CC-2=C(C=C1)C=CC=C2"),
    ("a direction where a ring opens", "C/C=C\\1/CCCCC1=O"),
    ("an aromatic ring opened by a single bond", "c1ccc-2c(c1)-c1ccccc1-2"),
    ("biphenyl without its bond", "c1ccccc1c2ccccc2"),
    ("a biaryl through nitrogen", "c1ccccc1n2cccc2"),
    ("phenothiazine from its side", "c1ccc2Sc3ccccc3Nc2c1"),
    ("benzodioxole from its side", "CCc6cc7OCOc7cc6C"),
    ("a system closed round a chain", "CCN(CC)CCNc1ccc2c3c(nn2CC)-c2ccccc2C(=O)c13"),
    ("a quinolone from its side", "CN1C=C(C(=O)O)C(=O)c2ccccc12"),
    ("coumarin from its side", "O=c1ccc2ccccc2o1"),
]
"""What RDKit reads and never writes."""

REFUSED = [
    "C=1CCCCC#1",
    "C=1CC-1",
    "c=1ccccc1",
    "c1cccc1c2cccc2",
    "C=1(=O)(C)CCCCC1",
    "C1C-1",
    "CC=1",
    "C%1CC%1",
]


@pytest.mark.parametrize("smiles", [*MOLECULES, *(smiles for _, smiles in OTHERWISE)])
def test_molecules_are_admitted_however_they_are_cut(
    automaton: SmilesAutomaton, spelling: dict[int, str], smiles: str
) -> None:
    assert Chem.MolFromSmiles(smiles) is not None
    rng = random.Random(len(smiles))
    for _ in range(3):
        assert accepts(automaton, spelling, smiles, rng)


def test_random_spellings_are_admitted() -> None:
    """RDKit begins at any atom; what is refused are aromatic rings written in two parts with a chain between them."""
    machine, refused = Machine(), []
    for smiles in MOLECULES:
        for written in Chem.MolToRandomSmilesVect(Chem.MolFromSmiles(smiles), 10, randomSeed=7):
            core = machine.read(machine.start, written)
            if core is None or not machine.ends(core):
                refused.append(written)
    assert len(refused) <= 0.02 * 10 * len(MOLECULES), refused


@pytest.mark.parametrize("smiles", REFUSED)
def test_what_is_wrong_with_them_is_seen(smiles: str) -> None:
    machine = Machine()
    core = machine.read(machine.start, smiles)
    assert core is None or not machine.ends(core)


def test_a_piece_may_open_a_branch_whatever_other_pieces_close() -> None:
    """Of pieces that begin alike some leave more branches than are open: the others come all the same."""
    letters = [*"abcdefghiklmnoprstuvyBCDFGHIKLMNOPRSTUVWYZ0123456789()[]=#-+@%.:*/\\"]
    spelling = dict(enumerate([*letters, "(C", "(C)))", "(=O", "(=O)", "-])"]))
    automaton = SmilesAutomaton(1000, END, spelling)
    by_text = {text: id_ for id_, text in spelling.items()}
    for pieces in (["C", "(C", ")", "C"], ["C", "1", "(=O)", "C", "C", "1"], ["C", "(=O", ")", "[", "O", "-", "]"]):
        assert admits(automaton, [by_text[piece] for piece in pieces]), pieces
    assert admits(automaton, [by_text[piece] for piece in ("C", "(C", "(=O)", "[", "O", "-])", "C")])


def accepts(automaton: SmilesAutomaton, spelling: dict[int, str], smiles: str, rng: random.Random) -> bool:
    """Return whether a string is admitted, cut at random into pieces."""
    by_text, ids, place = {text: id_ for id_, text in spelling.items()}, [], 0
    while place < len(smiles):
        cuts = [end for end in range(place + 1, place + 9) if smiles[place:end] in by_text and end <= len(smiles)]
        ids.append(by_text[smiles[place : rng.choice(cuts)]])
        place += len(spelling[ids[-1]])
    return admits(automaton, ids)


def admits(automaton: SmilesAutomaton, ids: list[int]) -> bool:
    states = automaton.start(Bounds(1000))[None]
    for id_ in [*ids, END]:
        ranges = automaton.allowed(states)[0]
        if not ((ranges[:, 0] <= id_) & (id_ < ranges[:, 1])).any():
            return False
        if id_ != END:
            states = automaton.advance(states, np.array([id_]))
    return True
