"""Comparison of the tokenizer with a table of molecules recorded with the published code.

Every column of the recording that concerns the tokenizer is compared. The order of the atoms depends on the version of
RDKit: a molecule whose order differs from the recorded one is counted as a difference and compared no further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray
from rdkit import Chem, rdBase

from biomatrix.entities.molecule.entity import Molecule
from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.molecule.structure.molstructok.closed_loop import batch_references
from biomatrix.entities.molecule.structure.molstructok.descriptors import normalise
from biomatrix.entities.molecule.structure.molstructok.network import CodeNetwork
from biomatrix.entities.molecule.structure.molstructok.reference import PublishedMolStrucTok, token_text
from biomatrix.entities.molecule.structure.molstructok.tokenizer import MolStrucTok
from biomatrix.entities.molecule.structure.tokenizer import MoleculeCodes, MoleculeStructureTokenizer
from biomatrix.entities.options import option
from biomatrix.entities.parity import Comparison
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError
from biomatrix.metrics.superposition import rmsd

TOLERANCES: Mapping[str, float] = {
    "outcome": 0.0,
    "atom_order": 0.0,
    "refs": 0.0,
    "g": 1e-9,
    "x": 1e-6,
    "codes": 0.0,
    "struct_sfi": 0.0,
    "mu": 1e-5,
    "sign_logits": 1e-4,
    "g_dec": 1e-5,
    "coords": 1e-4,
    "rmsd_all": 1e-4,
    "rmsd_all_trunk": 1e-4,
    "rmsd_noquant": 1e-6,
}
"""Largest absolute difference by column; 0 means equal. Lengths in Angstrom, angles in radian."""

CODE_MARGIN = 1e-5
"""Where the recorded squared distances to the two nearest codes differ by less, either code is right."""

PUBLISHED_WEIGHTS = "molstructok_vqvae.safetensors"
"""The file name of the published weights beside the recordings made with them."""

_REQUIRED = ("id", "mol_block", "status", "atom_order", "g", "codes", "coords")
_SHOWN = 5


@dataclass(frozen=True)
class ColumnParity:
    """The comparison of one column.

    Parameters
    ----------
    column : str
    compared : int
        Number of molecules compared.
    failed : int
        Number of molecules past the tolerance.
    largest : float
        The largest absolute difference; for columns that must be equal, the largest number of places that differ.
    tolerance : float
        The largest difference allowed.
    first_failing : tuple of str
        The first few molecules that failed.
    """

    column: str
    compared: int
    failed: int
    largest: float
    tolerance: float
    first_failing: tuple[str, ...]


@dataclass(frozen=True)
class MoleculeParity:
    """The comparison of a recording.

    Parameters
    ----------
    file, tokenizer : str
        The table, and the name of the weights.
    molecules : int
        Rows of the recording.
    left_out : tuple of str
        Rows where the published code stops or gives no finite numbers; none are left out with ``reference=True``.
    columns : tuple of ColumnParity
    """

    file: str
    tokenizer: str
    molecules: int
    left_out: tuple[str, ...]
    columns: tuple[ColumnParity, ...]

    @property
    def reached(self) -> bool:
        """Whether something was compared and every column is within its tolerance."""
        return bool(self.columns) and not any(column.failed for column in self.columns)

    def as_text(self) -> str:
        """Return one line per column and a verdict."""
        lines = [f"{self.molecules} molecules of {self.file}, tokenizer {self.tokenizer}"]
        if self.left_out:
            lines.append(f"{len(self.left_out)} left out, undefined in the published code: {_list(self.left_out)}")
        for column in self.columns:
            failing = f"; FAILED: {_list(column.first_failing)}" if column.failed else ""
            lines.append(
                f"{column.column:16}{column.compared - column.failed:6} of {column.compared:6}"
                f"   largest difference {column.largest:.2e} (tolerance {column.tolerance:g}){failing}"
            )
        lines.append("parity reached" if self.reached else "parity NOT reached")
        return "\n".join(lines)


def molecule_parity(path: Path, tokenizer: MoleculeStructureTokenizer) -> MoleculeParity:
    """Compare a tokenizer with a table of molecules recorded with the published code.

    Parameters
    ----------
    path : Path
        A Parquet file with one molecule per row: ``id``, ``mol_block``, ``status``, ``error``, ``atom_order``,
        ``refs``, ``g``, ``x``, ``codes``, ``code_margin``, ``struct_sfi``, ``mu``, ``sign_logits``, ``g_dec``,
        ``coords``, ``rmsd_all``, ``rmsd_all_trunk``, ``rmsd_noquant``; lists flattened row by row. Columns that are
        missing are not compared.
    tokenizer : MoleculeStructureTokenizer
        Of the published architecture, open loop. Opened with ``reference=True`` it must also stop where the published
        code stops.

    Raises
    ------
    ParseError
        Not a Parquet table, a required column missing, or a molecule that RDKit cannot read.
    UnsupportedError
        A tokenizer of another architecture, or a closed-loop one.
    """
    if not isinstance(tokenizer, MolStrucTok) or tokenizer.closed_loop:
        raise UnsupportedError(
            "recordings of the published code compare with the published architecture in an open loop alone",
            file=str(path),
        )
    rows = _rows_of(path)
    exact = isinstance(tokenizer, PublishedMolStrucTok)
    defined = [exact or (row["status"] == "ok" and bool(np.isfinite(row["g"]).all())) for row in rows]
    chosen = [row for row, kept in zip(rows, defined, strict=True) if kept]
    book = _Book()
    molecules = [_molecule(row) for row in chosen]
    encoded = tokenizer.encode_each(molecules)
    decoded = tokenizer.decode_each([c for c in encoded if isinstance(c, MoleculeCodes)])
    answers = iter(decoded)
    for row, molecule, codes in zip(chosen, molecules, encoded, strict=True):
        back = next(answers) if isinstance(codes, MoleculeCodes) else codes
        book.add("outcome", row["id"], float(not _same_outcome(row, codes, back)))
        if isinstance(codes, MoleculeCodes):
            for column, difference in _differences(row, tokenizer, tokenizer.prepare(molecule), codes, back):
                book.add(column, row["id"], difference)
    left_out = tuple(str(row["id"]) for row, kept in zip(rows, defined, strict=True) if not kept)
    return MoleculeParity(str(path), tokenizer.name, len(rows), left_out, book.columns())


@dataclass(frozen=True)
class ParityOptions:
    """The options of a comparison.

    Parameters
    ----------
    tokenizer : str, optional
        The published weights; `PUBLISHED_WEIGHTS` beside the table by default.
    reference : bool
        Also stop where the published code stops.
    """

    tokenizer: str | None = option(None, f"the published weights; {PUBLISHED_WEIGHTS} beside the table by default.")
    reference: bool = option(False, "also stop where the published code stops.", flags="--reference")


def compare_recordings(path: Path, options: ParityOptions, _: Callable[[str], None]) -> MoleculeParity:
    """Compare the published weights with a table of recorded molecules; see :func:`molecule_parity`.

    ConfigurationError where no weights are named and none lie beside the table.
    """
    beside = path.parent / PUBLISHED_WEIGHTS
    if options.tokenizer is None and not beside.is_file():
        raise ConfigurationError(
            f"no {PUBLISHED_WEIGHTS} beside the recordings: give the weights they were made with as --tokenizer",
            file=str(path),
        )
    opened = MoleculeStructureTokenizer.from_pretrained(options.tokenizer or beside, reference=options.reference)
    return molecule_parity(path, opened)


COMPARISON = Comparison("tables of molecules", lambda path: not path.is_dir(), compare_recordings, ParityOptions)
"""A table of recorded molecules, beside the published weights."""


class _Book:
    """Differences by column, in the order of TOLERANCES."""

    def __init__(self) -> None:
        self._entries: dict[str, list[tuple[str, float]]] = {column: [] for column in TOLERANCES}

    def add(self, column: str, subject: str, difference: float) -> None:
        self._entries[column].append((subject, difference))

    def columns(self) -> tuple[ColumnParity, ...]:
        return tuple(_summary(column, entries) for column, entries in self._entries.items() if entries)


def _summary(column: str, entries: Sequence[tuple[str, float]]) -> ColumnParity:
    tolerance = TOLERANCES[column]
    failing = [subject for subject, difference in entries if not difference <= tolerance]
    largest = max(np.inf if np.isnan(difference) else difference for _, difference in entries)
    return ColumnParity(column, len(entries), len(failing), float(largest), tolerance, tuple(failing[:_SHOWN]))


def _differences(
    row: Mapping[str, Any],
    tokenizer: MolStrucTok,
    item: PreparedMolecule,
    codes: MoleculeCodes,
    back: Molecule | BioMatrixError,
) -> Iterator[tuple[str, float]]:
    """Yield the columns and differences of a molecule that was encoded."""
    moved = _unequal(item.graph.order, row["atom_order"])
    yield "atom_order", moved
    if moved:
        return
    if row.get("refs") is not None:
        references = batch_references([item])[1]
        yield "refs", _unequal(references[3:], np.reshape(row["refs"], (-1, 3))[3:])
    values = tokenizer.describe([item])
    yield "g", _largest(values, row["g"])
    if row.get("x") is not None:
        yield "x", _largest(normalise(values), row["x"])
    clear = np.array(row.get("code_margin") or np.inf) >= CODE_MARGIN
    recorded = np.array(row["codes"])
    yield "codes", float(((codes.atom_codes != recorded) & clear).sum())
    if row.get("struct_sfi") is not None and clear.all():
        yield "struct_sfi", float(token_text(codes) != row["struct_sfi"])
    yield from _table_differences(row, tokenizer.network, recorded)
    if isinstance(back, Molecule) and row["coords"] is not None:
        yield from _placed_differences(row, tokenizer, item, codes, back)


def _table_differences(
    row: Mapping[str, Any], network: CodeNetwork, codes: NDArray[Any]
) -> Iterator[tuple[str, float]]:
    table = network.tables["branch"]
    for column, outputs in (("mu", table.scaled), ("sign_logits", table.sign_logits), ("g_dec", table.values)):
        if row.get(column) is not None:
            yield column, _largest(outputs[codes], row[column])


def _placed_differences(
    row: Mapping[str, Any], tokenizer: MolStrucTok, item: PreparedMolecule, codes: MoleculeCodes, back: Molecule
) -> Iterator[tuple[str, float]]:
    placed = back.mol.GetConformer().GetPositions()
    if tokenizer.network.decoder == "branch":
        yield "coords", _largest(placed, row["coords"])
        if row.get("rmsd_all") is not None:
            yield "rmsd_all", _gap(placed, item.positions, row["rmsd_all"])
    graph = tokenizer.prepare_codes(codes)
    if row.get("rmsd_all_trunk") is not None and "trunk" in tokenizer.network.tables:
        trunk = tokenizer.place([graph], tokenizer.network.tables["trunk"].values)[0]
        yield "rmsd_all_trunk", _gap(trunk, item.positions, row["rmsd_all_trunk"])
    if row.get("rmsd_noquant") is not None:
        each_its_own = replace(graph, codes=np.arange(item.size))
        exact = tokenizer.place([each_its_own], tokenizer.describe([item]))[0]
        yield "rmsd_noquant", _gap(exact, item.positions, row["rmsd_noquant"])


def _same_outcome(
    row: Mapping[str, Any], codes: MoleculeCodes | BioMatrixError, back: Molecule | BioMatrixError
) -> bool:
    """Whether the molecule went as far as recorded, and ended with the recorded error where it ended."""
    ended = codes if isinstance(codes, BioMatrixError) else back
    stage = "encode_fail" if ended is codes else "decode_fail"
    if not isinstance(ended, BioMatrixError):
        return bool(row["status"] in ("ok", "nonfinite"))
    return bool(row["status"] == stage) and " ".join(str(row.get("error") or "").split()) in str(ended)


def _molecule(row: Mapping[str, Any]) -> Molecule:
    with rdBase.BlockLogs():
        if row["mol_block"]:
            mol = Chem.MolFromMolBlock(row["mol_block"], removeHs=False)
        else:
            mol = Chem.MolFromSmiles(row.get("source_smiles") or "")
    if mol is None:
        raise ParseError("RDKit cannot read the recorded molecule", record=str(row["id"]))
    return Molecule(mol, str(row["id"]))


def _rows_of(path: Path) -> list[dict[str, Any]]:
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise ParseError(f"not a Parquet table: {error}", file=str(path)) from error
    missing = [column for column in _REQUIRED if column not in table.column_names]
    if missing:
        raise ParseError(f"not a recording of molecules: no column {', '.join(missing)}", file=str(path))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _largest(computed: ArrayLike, recorded: ArrayLike) -> float:
    """Return the largest absolute difference; NaN agrees with NaN, and with nothing else."""
    a, b = np.asarray(computed, dtype=np.float64).ravel(), np.asarray(recorded, dtype=np.float64).ravel()
    if a.shape != b.shape or (np.isnan(a) != np.isnan(b)).any():
        return float(np.inf)
    return float(np.abs(a - b)[~np.isnan(a)].max(initial=0.0))


def _unequal(computed: ArrayLike, recorded: ArrayLike) -> float:
    a, b = np.asarray(computed), np.asarray(recorded)
    return float((a != b).sum()) if a.shape == b.shape else float(np.inf)


def _gap(computed: Array, true: Array, recorded: float) -> float:
    return abs(float(rmsd(computed, true)) - recorded)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
