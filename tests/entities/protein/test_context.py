"""A chain keeps what it was read from, where it is asked to."""

from __future__ import annotations

import numpy as np
import pytest

from biomatrix.entities import Protein, modality
from biomatrix.entities.bundled import complex_folder
from biomatrix.errors import ConfigurationError

FILE = complex_folder("1ia1") / "1ia1_protein_one_lig_removed.pdb"


@pytest.fixture(scope="module")
def chain() -> Protein:
    return Protein.from_file(FILE, chain="A", context=True)


def test_every_atom_is_the_chains_or_beside_it(chain: Protein) -> None:
    assert chain.context is not None
    own, beside = chain.context.atoms, chain.context.surroundings
    assert len(own) + len(beside) == len(chain.context.table)
    assert set(own.chain.tolist()) == {"A"}
    assert len(chain.context.offsets) == len(chain) + 1
    assert {"CB", "O"} <= set(own.atom.tolist())


def test_residues_hold_the_backbone_that_the_chain_has(chain: Protein) -> None:
    assert chain.context is not None
    assert chain.backbone is not None
    for index in (0, len(chain) // 2, len(chain) - 1):
        atoms = chain.context.residue(index)
        alpha = atoms.coordinates[atoms.atom == "CA"]
        assert any(np.array_equal(place, chain.backbone[index, 1]) for place in alpha)


def test_tokens_are_the_same_with_and_without(chain: Protein) -> None:
    plain = Protein.from_file(FILE, chain="A")
    assert plain.context is None
    for name in ("protein_sequence", "protein_structure"):
        assert modality(name).encode(chain) == modality(name).encode(plain)


def test_a_format_without_atoms_refuses_to_keep_any(tmp_path: object) -> None:
    path = f"{tmp_path}/x.fasta"
    Protein.from_sequence("MKT", "x").to_file(path)
    with pytest.raises(ConfigurationError, match="context"):
        Protein.from_file(path, context=True)
