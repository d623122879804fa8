"""Molecules of an SD file or of corpus sources, and their symbols and codes as arrays kept between runs."""

from __future__ import annotations

import hashlib
import logging
import random
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from biomatrix.corpus.holdout import is_held_out
from biomatrix.entities import Molecule, MoleculeCodes, MoleculeStructureTokenizer
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.progress import Progress
from code_language.sentences import Sentences

LOG = logging.getLogger(__name__)
_ENCODED_AT_ONCE = 1024


@dataclass(frozen=True)
class Language:
    """Everything one tokenizer writes about the molecules of a file.

    Parameters
    ----------
    alphabet : tuple of str
        The SELFIES symbol of each id; the first is the boundary. The same for every tokenizer.
    train, held_out : Sentences
    refused : dict of str to int
        Why molecules were left out, and how many.
    """

    alphabet: tuple[str, ...]
    train: Sentences
    held_out: Sentences
    refused: dict[str, int]


def molecule_file(data: Path | None, sources: Path, work: Path, seed: int) -> Path:
    """Return the SD file to learn from, gathered once from corpus sources where ``data`` is no such file.

    Parameters
    ----------
    data : Path, optional
        An SD file; a recipe whose ``[[data]]`` tables name corpus sources; None for the molecules of the Chemical
        Component Dictionary that comes with Biotite.
    sources : Path
        The folder of the corpus sources.
    work : Path
        Where gathered molecules are kept.
    seed : int
        Of the order in which the rows of a source are drawn.
    """
    if data is not None and data.suffix != ".toml":
        return data
    entries = tomllib.loads(data.read_text())["data"] if data else [{"source": "ccd", "molecules": 9000}]
    digest = hashlib.sha256(f"{entries} {seed}".encode()).hexdigest()[:12]
    path = work / f"molecules-{digest}.sdf"
    if path.exists():
        return path
    unfinished = path.with_suffix(".tmp")
    writer = Chem.SDWriter(str(unfinished))
    generator = random.Random(seed)
    for entry in entries:
        for molecule in _drawn(entry, sources, generator):
            writer.write(molecule.mol)
    writer.close()
    unfinished.rename(path)
    return path


class MoleculeFile:
    """The molecules of an SD file, read when they are asked for.

    Parameters
    ----------
    path : Path
    limit : int, optional
        Take only so many records.
    """

    def __init__(self, path: Path, limit: int | None = None) -> None:
        self.path = path
        self._supplier = Chem.SDMolSupplier(str(path), removeHs=False)
        self._count = len(self._supplier) if limit is None else min(limit, len(self._supplier))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Molecule | None:
        """Return a molecule, None where RDKit cannot read the record."""
        with rdBase.BlockLogs():
            mol = self._supplier[index]
        return None if mol is None else Molecule(mol)

    @property
    def identity(self) -> str:
        """What tells this file from others, and from itself after a change."""
        facts = self.path.stat()
        return f"{self.path.resolve()} {facts.st_size} {facts.st_mtime_ns} {self._count}"


def language(tokenizer: MoleculeStructureTokenizer, molecules: MoleculeFile, work: Path, longest: int) -> Language:
    """Return what a tokenizer writes about molecules, from the work folder where it was written before.

    The split is the package's rule of held-out molecules. Symbols that no training molecule has are not in the
    alphabet, and held-out molecules with one are left out, as are molecules of more than ``longest`` symbols.
    """
    described = f"{molecules.identity} {tokenizer.fingerprint}"
    stored = work / f"codes-{hashlib.sha256(described.encode()).hexdigest()[:16]}.npz"
    if not stored.exists():
        _write_codes(tokenizer, molecules, stored)
    with np.load(stored, allow_pickle=False) as arrays:
        held = {name: arrays[name] for name in arrays.files}
    refused = Counter(dict(zip(held["reasons"].tolist(), held["reason_counts"].tolist(), strict=True)))
    names = held["names"].tolist()
    ends = np.cumsum(held["lengths"])[:-1]
    symbols, codes = np.split(held["symbols"], ends), np.split(held["codes"].astype(np.int64), ends)
    short = held["lengths"] <= longest
    refused["too long"] += int((~short).sum())
    train = np.flatnonzero(short & ~held["held_out"])
    known = sorted({int(index) for row in train for index in np.unique(symbols[row])}, key=lambda index: names[index])
    new_id = np.zeros(len(names), dtype=np.int64)
    new_id[known] = np.arange(1, len(known) + 1)
    spelt = np.array([bool(new_id[row].all()) for row in symbols])
    refused["held out with a symbol unseen in training"] += int((short & held["held_out"] & ~spelt).sum())

    def part(rows: NDArray[np.int64]) -> Sentences:
        chosen = rows.tolist()
        return Sentences([new_id[symbols[k]] for k in chosen], [codes[k] for k in chosen], held["sources"][rows])

    alphabet = ("", *(names[index] for index in known))
    return Language(alphabet, part(train), part(np.flatnonzero(short & held["held_out"] & spelt)), dict(+refused))


def _drawn(entry: dict[str, object], root: Path, generator: random.Random) -> Iterator[Molecule]:
    """Yield molecules in 3D of one source."""
    from biomatrix.corpus.sources.components import COMPONENT_SOURCES
    from biomatrix.corpus.sources.conformers import CONFORMER_SOURCES
    from biomatrix.corpus.sources.molecules import MOLECULE_SOURCES

    known = {**COMPONENT_SOURCES, **CONFORMER_SOURCES, **MOLECULE_SOURCES}
    if entry["source"] not in known:
        raise ConfigurationError(f"no source {entry['source']!r}; there are {', '.join(sorted(known))}")
    source = known[str(entry["source"])](root)
    rows = list(source.rows())
    generator.shuffle(rows)
    limit = int(str(entry.get("molecules", len(rows))))
    conformers = int(str(entry.get("conformers", sys.maxsize)))
    progress = Progress(f"gathering {source.name}", min(limit, len(rows)), "molecules")
    seen: Counter[str] = Counter()
    taken = 0
    for identifier, row in rows:
        name = identifier.split("/")[0]
        seen[name] += 1
        if taken == limit or seen[name] > conformers:
            continue
        try:
            entity = source.record(identifier, row).entity
            if not isinstance(entity, Molecule):
                continue
            made = entity.embed(seed=0) if entry.get("embed") else entity
        except BioMatrixError:
            continue
        taken += 1
        progress.advance()
        yield made


def _write_codes(tokenizer: MoleculeStructureTokenizer, molecules: MoleculeFile, path: Path) -> None:
    progress = Progress(f"encoding with {tokenizer.name}", len(molecules), "molecules")
    encoded: list[MoleculeCodes] = []
    sources: list[int] = []
    held_out: list[bool] = []
    refused: Counter[str] = Counter()
    for start in range(0, len(molecules), _ENCODED_AT_ONCE):
        numbered = [(k, molecules[k]) for k in range(start, min(start + _ENCODED_AT_ONCE, len(molecules)))]
        part = [(index, molecule) for index, molecule in numbered if molecule is not None]
        refused["not readable"] += len(numbered) - len(part)
        results = tokenizer.encode_each([molecule for _, molecule in part])
        for (index, molecule), result in zip(part, results, strict=True):
            if isinstance(result, MoleculeCodes):
                encoded.append(result)
                sources.append(index)
                held_out.append(is_held_out(molecule))
            else:
                refused["no SELFIES" if "no SELFIES" in result.message else result.message[:60]] += 1
        progress.advance(len(numbered))
    names = sorted({symbol for item in encoded for symbol in item.symbols})
    number = {name: index for index, name in enumerate(names)}
    unfinished = path.with_suffix(".tmp.npz")
    np.savez(
        unfinished,
        names=np.array(names),
        symbols=np.array([number[symbol] for item in encoded for symbol in item.symbols], dtype=np.int64),
        codes=np.concatenate([item.codes for item in encoded]),
        lengths=np.array([len(item) for item in encoded]),
        sources=np.array(sources, dtype=np.int64),
        held_out=np.array(held_out, dtype=bool),
        reasons=np.array(list(refused), dtype=str),
        reason_counts=np.array(list(refused.values()), dtype=np.int64),
    )
    unfinished.rename(path)
