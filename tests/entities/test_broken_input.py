"""Mutated files give a result or one of our errors, never anything else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from biomatrix.entities import Molecule, Protein, Reject, read_molecules, read_proteins
from biomatrix.entities.bundled import complex_folder


def mutated(text: str, rng: random.Random) -> str:
    """Change, drop, repeat and cut a few pieces of a text."""
    for _ in range(rng.randint(1, 6)):
        place, length = rng.randrange(len(text) + 1), rng.randint(1, 40)
        piece = text[place : place + length]
        change = rng.randrange(6)
        if change == 0:
            piece = "".join(chr(rng.choice([0, 9, 10, 32, 45, 46, 57, 63, 65, 122, 39, 34, 233])) for _ in piece)
        elif change == 1:
            piece = ""
        elif change == 2:
            piece = piece * rng.randint(2, 5)
        elif change == 3:
            piece = rng.choice(
                ["nan", "1e999", "-99999999999999", "loop_\n", "M  END\n", "$$$$\n", "TER\n", "MODEL \n"]
            )
        elif change == 4:
            text, piece = text[: max(place, 1)], ""
        else:
            piece = piece[::-1]
        text = text[:place] + piece + text[place + length :]
    return text


def sources(folder: Path) -> dict[str, str]:
    """Small real texts of each format."""
    path = complex_folder("1s3v")
    lines = (path / "1s3v_protein_one_lig_removed.pdb").read_text().splitlines(keepends=True)
    pdb = "".join([line for line in lines if line.startswith("ATOM")][:80])
    (folder / "seed.pdb").write_text(pdb)
    protein = next(read_proteins(folder / "seed.pdb"))
    molecule = Molecule.from_file(path / "1s3v_ligand.sdf")
    assert isinstance(protein, Protein)
    protein.to_file(folder / "seed.cif")
    molecule.to_file(folder / "seed.sdf")
    molecule.to_file(folder / "v3000.sdf", v3000=True)
    return {
        "pdb": pdb,
        "cif": (folder / "seed.cif").read_text(),
        "sdf": (folder / "seed.sdf").read_text(),
        "mol": (folder / "v3000.sdf").read_text(),
    }


def check(count: int, seed: int, folder: Path) -> None:
    texts = sources(folder)
    rng = random.Random(seed)
    for index in range(count):
        extension = sorted(texts)[index % len(texts)]
        path = folder / f"x.{extension}"
        path.write_text(mutated(texts[extension], rng), encoding="utf-8")
        reader = read_proteins if extension in ("pdb", "cif") else read_molecules
        for item in reader(path):
            assert isinstance(item, Protein | Molecule | Reject)


def test_mutated_files(tmp_path: Path) -> None:
    check(200, 0, tmp_path)


@pytest.mark.slow
def test_many_mutated_files(tmp_path: Path) -> None:
    check(2000, 1, tmp_path)


def test_mutated_binary_cif(shared: Path, tmp_path: Path) -> None:
    import gzip

    content = gzip.decompress((shared / "data/protein/files/3jqh.bcif.gz").read_bytes())
    rng = random.Random(2)
    for _ in range(40):
        changed = bytearray(content)
        for _ in range(rng.randint(1, 30)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        path = tmp_path / "x.bcif"
        path.write_bytes(bytes(changed[: rng.choice([len(changed), rng.randrange(1, len(changed))])]))
        for item in read_proteins(path):
            assert isinstance(item, Protein | Reject)
