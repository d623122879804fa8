"""Whatever tokens, codes and files come in, the answer is a molecule with finite coordinates or a named error."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
import selfies

from biomatrix.entities import Molecule, MoleculeCodes, MoleculeStructureTokenizer, Reject, read_molecules
from biomatrix.entities.molecule.examples import bundled_component, bundled_ligand
from biomatrix.entities.molecule.modalities.structure import MoleculeStructure
from biomatrix.entities.tokenizer_folder import shipped_names
from biomatrix.errors import BioMatrixError

from ....conftest import shared_folder

TimeLimit = Callable[[float, str], AbstractContextManager[None]]

BATCH = 200
SECONDS_A_BATCH = 60.0
QUICK_STRINGS, FULL_STRINGS = 600, 100_000
QUICK_BLOCKS, FULL_BLOCKS = 200, 20_000

COMPONENTS = ("CFF", "AIN", "TRP", "ATP", "GLC", "BEN", "ACE")
SMILES = ("C/C=C/C", "C#CC#N", "O", "C1CC2(C1)CCC2", "[NH3+]CC(=O)[O-]", "FS(F)(F)(F)(F)F", "C[S@](=O)CC", "ClC=C=CCl")

_ODD_TOKENS = (
    "[C 132", "C 132]", "[C]", "[C 132 7]", "[C 512]", "[C 99999999999999999999]", "[C -2]", "[C -0]", "[C 007]",
    "[C 1.5]", "[C 1e3]", "[C ١]", "[C\u00a01]", "[[C 1] 2]", "[ 1]", "[]", "[C  3]", "", " ", "\x00", ".", "[. 1]",
    "[nop -1]", "[nop 3]", "[epsilon 1]", "[2H 3]", "[13C 7]", "[CH10 3]", "[CH0 3]", "[C+999 3]", "[C-9 3]",
    "[Uuo 5]", "[Xx 5]", "[* 5]", "[Branch9 -1]", "[Branch0 -1]", "[Ring4 -1]", "[=Ring1 40]", "[Branch1 40]",
    "[-/Ring2 -1]", "[\\/Ring1 -1]", "[/C 8]", "[\\C@H1 8]", "[C@@H1 8]", "[=13C@@H1+2 9]", "[蛋 4]", "[\ud800 4]",
    "<S 4>", "<|mol_3d_start|>", "[$C 3]", "[#Fe 3]", "[Fe+9 3]", "[H 3]", "[=H 3]", "[#O 11]", "[=F 8]",
)  # fmt: skip


def published() -> Path | None:
    """The published checkpoint, where reference data is at hand."""
    folder = shared_folder()
    path = folder / "parity" / "molstructok" / "molstructok_vqvae.safetensors" if folder else None
    return path if path is not None and path.is_file() else None


TOKENIZERS = [*shipped_names("molecule"), *([str(published())] if published() else [])]


@pytest.fixture(scope="module", params=TOKENIZERS, ids=lambda name: Path(name).stem)
def tokenizer(request: pytest.FixtureRequest) -> MoleculeStructureTokenizer:
    return MoleculeStructureTokenizer.from_pretrained(request.param)


@pytest.fixture(scope="module")
def molecules() -> list[Molecule]:
    found = [bundled_component(code) for code in COMPONENTS]
    found += [Molecule.from_smiles(smiles).embed(seed=1) for smiles in SMILES]
    return [*found, bundled_ligand()]


def joint_tokens(rng: random.Random, num_codes: int, alphabet: Sequence[str]) -> list[str]:
    """Random symbols with random codes, most of them of the right kind, some from the odd list."""
    words: list[str] = []
    size = rng.choice([1, 3, 8, 20, 40]) if rng.random() < 0.995 else 1500
    for _ in range(rng.randint(0, size)):
        symbol = rng.choice(alphabet)[1:-1]
        if "Branch" in symbol or "Ring" in symbol:
            owed = int(symbol[-1])
            words += [f"[{symbol} -1]", *(f"[{rng.choice(alphabet)[1:-1]} -1]" for _ in range(owed))]
        else:
            words.append(f"[{symbol} {rng.randrange(num_codes)}]")
    if rng.random() < 0.6:
        return words
    return damaged(words, rng)


def damaged(words: list[str], rng: random.Random) -> list[str]:
    """The tokens with a few put in, taken out, repeated or exchanged."""
    words = list(words)
    for _ in range(rng.randint(1, 4)):
        place = rng.randint(0, len(words))
        change = rng.randrange(5)
        if change == 0:
            words.insert(place, rng.choice(_ODD_TOKENS))
        elif change == 1:
            del words[place : place + rng.randint(1, 3)]
        elif change == 2:
            words[place:place] = words[place : place + 5]
        elif change == 3:
            rng.shuffle(words)
        elif words:
            other = rng.randrange(len(words))
            words[min(place, len(words) - 1)] = words[other]
    return words


def recoded(words: Sequence[str], rng: random.Random, num_codes: int) -> list[str]:
    """Real tokens, each atom's code drawn anew with some probability."""
    share = rng.random()
    return [
        f"{word.rsplit(' ', 1)[0]} {rng.randrange(num_codes)}]" if not word.endswith(" -1]") and rng.random() < share
        else word
        for word in words
    ]  # fmt: skip


def check_molecule(result: Molecule | BioMatrixError, given: object) -> bool:
    """Return whether it is a molecule, which must then be sound."""
    if isinstance(result, BioMatrixError):
        assert result.message
        return False
    assert isinstance(result, Molecule), given
    xyz = result.mol.GetConformer().GetPositions()
    assert xyz.shape == (result.num_atoms, 3), given
    assert np.isfinite(xyz).all(), given
    assert result.has_conformer, given
    return True


def check_strings(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule], count: int, seed: int, time_limit: TimeLimit
) -> None:
    rng = random.Random(seed)
    structure = MoleculeStructure(tokenizer)
    alphabet = sorted(selfies.get_semantic_robust_alphabet())
    real = [words for words in structure.encode_each(molecules) if isinstance(words, list)]
    assert len(real) > 10
    decoded = 0
    for start in range(0, count, BATCH):
        lists = []
        for index in range(min(BATCH, count - start)):
            words = joint_tokens(rng, tokenizer.num_codes, alphabet)
            if index % 4 == 0:
                words = recoded(rng.choice(real), rng, tokenizer.num_codes)
            elif index % 4 == 1:
                words = damaged(rng.choice(real), rng)
            lists.append(words)
        with time_limit(SECONDS_A_BATCH, f"strings from {start}, seed {seed}"):
            results = structure.decode_each(lists)
        assert len(results) == len(lists)
        decoded += sum(check_molecule(result, words) for result, words in zip(results, lists, strict=True))
    assert decoded > 0.2 * count


def check_codes(tokenizer: MoleculeStructureTokenizer, count: int, seed: int, time_limit: TimeLimit) -> None:
    rng = random.Random(seed)
    alphabet = [*sorted(selfies.get_semantic_robust_alphabet()), "[nop]", ".", "[C", "C", "", "[蛋]", "[=13CH2+1]"]
    types = (np.int16, np.int64, np.int32)
    for start in range(0, count, BATCH):
        batch = []
        for _ in range(min(BATCH, count - start)):
            size = rng.randint(0, 20)
            symbols = tuple(rng.choice(alphabet[:-6] if rng.random() < 0.9 else alphabet) for _ in range(size))
            codes = np.array([rng.randint(-1, tokenizer.num_codes - 1) for _ in symbols], dtype=rng.choice(types))
            if size and rng.random() < 0.1:
                codes[rng.randrange(size)] = rng.choice([-2, tokenizer.num_codes, 32767, -32768])
            if rng.random() < 0.05:
                codes = codes[: rng.randint(0, size)]
            batch.append(MoleculeCodes(symbols, codes))
        with time_limit(SECONDS_A_BATCH, f"codes from {start}, seed {seed}"):
            results = tokenizer.decode_each(batch)
        assert len(results) == len(batch)
        for result, codes in zip(results, batch, strict=True):
            check_molecule(result, codes)


def blocks_of(molecules: Sequence[Molecule], folder: Path) -> list[str]:
    """The molecules as SD records."""
    texts = []
    for molecule in molecules:
        path = folder / "seed.sdf"
        molecule.to_file(path)
        texts.append(path.read_text())
    return texts


_CHANGES = (0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 8, 8, 8, 9, 9, 10, 10, 11, 12, 13)
"""Broken text, broken coordinates (4 to 9: most often those that can still be read), broken chemistry."""


def mutated_block(text: str, rng: random.Random) -> str:
    """An SD record, damaged in a few ways."""
    lines = text.split("\n")
    atoms, bonds = int(lines[3][:3]), int(lines[3][3:6])
    for _ in range(rng.randint(1, 2)):
        change = rng.choice(_CHANGES)
        atom = 4 + rng.randrange(atoms) if len(lines) > 4 + atoms else 4
        bond = 4 + atoms + rng.randrange(max(bonds, 1))
        if change == 0:
            raw = bytearray("\n".join(lines).encode("latin-1", "replace"))
            for _ in range(rng.randint(1, 6)):
                raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
            lines = raw.decode("latin-1").split("\n")
        elif change == 1:
            del lines[max(rng.randrange(len(lines)), 4) :]
        elif change == 2 and len(lines) > 5:
            del lines[rng.randrange(len(lines))]
        elif change == 3 and len(lines) > 3:
            counts = [rng.choice([atoms, atoms - 1, atoms + 1, 0, 999]), rng.choice([bonds, bonds - 1, bonds + 1, 0])]
            lines[3] = f"{counts[0]:3d}{counts[1]:3d}" + lines[3][6:]
        elif change in (4, 5) and atom < len(lines):
            values = ["nan", "inf", "-inf", "1e30", "99999.9999", "0.0000", "-9999.9999", "1e-300", "1e308", "abc"]
            place = 10 * rng.randrange(3)
            lines[atom] = lines[atom][:place] + rng.choice(values).rjust(10)[:10] + lines[atom][place + 10 :]
        elif change == 6 and len(lines) > 5 + atoms:
            value = rng.choice(["    0.0000", "  500.0000"])
            lines[4 : 4 + atoms] = [value * 3 + line[30:] for line in lines[4 : 4 + atoms]]
        elif change == 7 and len(lines) > 5 + atoms:
            other = 4 + rng.randrange(atoms)
            lines[atom] = lines[other][:30] + lines[atom][30:]
        elif change == 8 and len(lines) > 5 + atoms:
            axis = 10 * rng.randrange(3)
            flat = "    0.0000"
            lines[4 : 4 + atoms] = [line[:axis] + flat + line[axis + 10 :] for line in lines[4 : 4 + atoms]]
        elif change == 9 and len(lines) > 5 + atoms:
            zeros = "    0.0000" * 2
            lines[4 : 4 + atoms] = [line[:10] + zeros + line[30:] for line in lines[4 : 4 + atoms]]
        elif change == 10 and atom < len(lines):
            symbol = rng.choice(["C", "H", "N", "O", "S", "P", "I", "Xe", "Pt", "D", "R#", "*", "A", "Q", "??", "Fe"])
            lines[atom] = lines[atom][:31] + symbol.ljust(3) + lines[atom][34:]
        elif change == 11 and bond < len(lines):
            lines[bond] = lines[bond][:6] + rng.choice(["  1", "  2", "  3", "  4", "  5", "  8", "  9", "  0"]) + "  0"
        elif change == 12 and bond < len(lines):
            lines[bond] = f"{rng.randint(0, atoms + 1):3d}{rng.randint(0, atoms + 1):3d}  1  0"
        else:
            extra = rng.choice(["M  CHG  1   1  15", "M  CHG  1   1   1", "M  RAD  1   1   2", "M  ISO  1   1  14",
                                "M  CHG  1 999   1", "M  END", "$$$$", "M  V30 BEGIN CTAB", "> <x>"])  # fmt: skip
            lines.insert(rng.randrange(len(lines) + 1), extra)
    return "\n".join(lines)


def check_blocks(
    tokenizer: MoleculeStructureTokenizer,
    molecules: list[Molecule],
    folder: Path,
    count: int,
    seed: int,
    time_limit: TimeLimit,
) -> None:
    rng = random.Random(seed)
    texts = blocks_of(molecules, folder)
    path = folder / "mutated.sdf"
    answered = 0
    for start in range(0, count, BATCH):
        given: list[Molecule] = []
        with time_limit(SECONDS_A_BATCH, f"blocks from {start}, seed {seed}"):
            for _ in range(min(BATCH, count - start)):
                path.write_text(mutated_block(rng.choice(texts), rng), encoding="utf-8")
                items = list(read_molecules(path))
                assert items
                assert all(isinstance(item, Molecule | Reject) for item in items)
                given += [item for item in items if isinstance(item, Molecule)]
            codes = tokenizer.encode_each(given)
            kept = [code for code in codes if isinstance(code, MoleculeCodes)]
            decoded = tokenizer.decode_each(kept)
        assert len(codes) == len(given)
        for code, back in zip(kept, decoded, strict=True):
            assert isinstance(back, Molecule), (code, back)
            answered += check_molecule(back, code)
    assert answered > 0.2 * count


def test_random_token_strings(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule], time_limit: TimeLimit
) -> None:
    check_strings(tokenizer, molecules, QUICK_STRINGS, 0, time_limit)


def test_random_codes(tokenizer: MoleculeStructureTokenizer, time_limit: TimeLimit) -> None:
    check_codes(tokenizer, QUICK_STRINGS, 0, time_limit)


def test_mutated_sd_records(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule], tmp_path: Path, time_limit: TimeLimit
) -> None:
    check_blocks(tokenizer, molecules, tmp_path, QUICK_BLOCKS, 0, time_limit)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_many_random_token_strings(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule], time_limit: TimeLimit
) -> None:
    check_strings(tokenizer, molecules, FULL_STRINGS, 1, time_limit)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_many_random_codes(tokenizer: MoleculeStructureTokenizer, time_limit: TimeLimit) -> None:
    check_codes(tokenizer, FULL_STRINGS, 1, time_limit)


@pytest.mark.slow
@pytest.mark.exhaustive
def test_many_mutated_sd_records(
    tokenizer: MoleculeStructureTokenizer, molecules: list[Molecule], tmp_path: Path, time_limit: TimeLimit
) -> None:
    check_blocks(tokenizer, molecules, tmp_path, FULL_BLOCKS, 1, time_limit)
