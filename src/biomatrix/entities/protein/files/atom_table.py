"""The atoms of the first model of a structure file, as columns, whatever the file's format."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.limits import Limits
from biomatrix.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_MISSING: Final[frozenset[str]] = frozenset(("", ".", "?"))
_LINE: Final[re.Pattern[str]] = re.compile(r":(\d+)[:(]")
_HYBRID_36: Final[int] = 36
_RESIDUE_DIGITS: Final[int] = 4


@dataclass(frozen=True)
class AtomTable:
    """Columns over the N atoms of one model, in file order.

    Parameters
    ----------
    atom, alternate, residue, chain, label_chain, insertion : ndarray, shape=(N,), dtype=str
        Names; "" where the file gives none. ``chain`` is the author's, ``label_chain`` the archive's (mmCIF only).
    number : ndarray, shape=(N,), dtype=int32
        The author's residue number.
    hetero : ndarray, shape=(N,), dtype=bool
        Whether the record is HETATM.
    polymer : ndarray, shape=(N,), dtype=int8
        1 where the file says the atom is part of a polymer, 0 where it says it is not, -1 where it does not say.
    coordinates : ndarray, shape=(N, 3), dtype=float32
        Angstrom.
    occupancy : ndarray, shape=(N,), dtype=float32
        1 where the file gives none.
    num_models : int
        How many models the file holds.
    """

    atom: NDArray[np.str_]
    alternate: NDArray[np.str_]
    residue: NDArray[np.str_]
    chain: NDArray[np.str_]
    label_chain: NDArray[np.str_]
    insertion: NDArray[np.str_]
    number: NDArray[np.int32]
    hetero: NDArray[np.bool_]
    polymer: NDArray[np.int8]
    coordinates: NDArray[np.float32]
    occupancy: NDArray[np.float32]
    num_models: int

    def __len__(self) -> int:
        return len(self.atom)

    def take(self, rows: NDArray[np.integer[Any]]) -> AtomTable:
        """Return the table of some rows, in the order given."""
        columns = {column.name: getattr(self, column.name) for column in fields(self)}
        return AtomTable(
            **{name: values[rows] if isinstance(values, np.ndarray) else values for name, values in columns.items()}
        )


def read_atom_table(content: bytes, file_format: str, limits: Limits) -> AtomTable:
    """Return the atoms of the first model of a "pdb", "cif" or "bcif" file from its unpacked bytes.

    Raises
    ------
    ParseError
        Broken syntax, a field that is not a number, or no atoms; ``position`` is the line where it is known.
    LimitError
        More atoms than ``limits.atoms_per_structure``.
    """
    if file_format == "pdb":
        return _from_pdb(content.decode("utf-8", "replace"), limits)
    if file_format == "cif":
        return _from_columns(_mmcif_columns(content.decode("utf-8", "replace")), limits)
    return _from_columns(_binary_cif_columns(content, limits), limits)


def _from_pdb(text: str, limits: Limits) -> AtomTable:
    rows: list[tuple[str, str, str, str, str, int, bool]] = []
    numbers: list[tuple[float, float, float, float]] = []
    chain_ends: dict[str, int] = {}
    num_models, reading, fresh, total = 0, True, True, 0
    for line_number, line in enumerate(text.splitlines(), start=1):
        record = line[:6].upper()
        if record in ("ATOM  ", "HETATM"):
            total += 1
            # Atoms after an ENDMDL are another model even where the MODEL line is missing.
            num_models += fresh
            fresh = False
            if total > limits.atoms_per_structure:
                limits.check("atoms_per_structure", total, "number of atoms")
            if reading:
                fields, values = _pdb_atom(line, line_number)
                rows.append(fields)
                numbers.append(values)
        elif record.startswith("TER") and reading and rows:
            chain_ends[rows[-1][3]] = len(rows)
        elif record.rstrip() in ("MODEL", "ENDMDL"):
            fresh = True
            reading = reading and not rows
    if not rows:
        raise ParseError("the file holds no atoms")
    atom, alternate, residue, chain, insertion, number, hetero = zip(*rows, strict=True)
    values_array = np.asarray(numbers, dtype=np.float64)
    hetero_array = np.asarray(hetero, dtype=bool)
    return AtomTable(
        atom=np.asarray(atom),
        alternate=np.asarray(alternate),
        residue=np.asarray(residue),
        chain=np.asarray(chain),
        label_chain=np.full(len(rows), ""),
        insertion=np.asarray(insertion),
        number=np.asarray(number, dtype=np.int32),
        hetero=hetero_array,
        polymer=_pdb_polymer(chain, hetero_array, chain_ends),
        coordinates=_single(values_array[:, :3]),
        occupancy=_single(values_array[:, 3]),
        num_models=num_models,
    )


def _pdb_polymer(chain: tuple[str, ...], hetero: NDArray[np.bool_], ends: dict[str, int]) -> NDArray[np.int8]:
    """A HETATM belongs to its chain up to the chain's last TER and not after it; without a TER it is -1, unknown."""
    polymer = np.where(hetero, -1, 1).astype(np.int8)
    end = np.asarray([ends.get(name, -1) for name in chain])
    index = np.arange(len(chain))
    polymer[hetero & (end >= 0)] = (index < end)[hetero & (end >= 0)]
    return polymer


def _pdb_atom(
    line: str, line_number: int
) -> tuple[tuple[str, str, str, str, str, int, bool], tuple[float, float, float, float]]:
    residue, chain = line[17:20], line[21:22]
    extra = line[20:21]
    if extra.strip():
        # Column 21 is unused by the standard: some programs put a fourth letter of the residue there, others the
        # first of a two-letter chain.
        if chain.strip():
            chain = extra + chain
        else:
            residue += extra
    insertion = line[26:27].strip()
    digits = line[22:26]
    try:
        if insertion.isdecimal() and digits.strip().isdecimal():
            # A fifth digit of the residue number, as CHARMM writes it.
            number, insertion = int(digits + insertion), ""
        else:
            number = _residue_number(digits)
        values = (
            float(line[30:38]),
            float(line[38:46]),
            float(line[46:54]),
            float(line[54:60]) if line[54:60].strip() else 1.0,
        )
    except ValueError as error:
        raise ParseError(
            f"an atom record with a field that is not a number: {line[:80]!r}", position=line_number
        ) from error
    fields = (
        line[12:16].strip(),
        line[16:17].strip(),
        residue.strip().upper(),
        chain.strip(),
        insertion,
        number,
        line[:6].upper() == "HETATM",
    )
    return fields, values


def _residue_number(digits: str) -> int:
    """Read a residue number, decimal or (past 9999) hybrid-36: four characters that start with a letter."""
    text = digits.strip()
    if len(text) == _RESIDUE_DIGITS and text[0].isalpha() and (text.isupper() or text.islower()):
        base = 10**_RESIDUE_DIGITS - 10 * _HYBRID_36**3
        value: int = int(text, _HYBRID_36) + base
        return value if text.isupper() else value + 26 * _HYBRID_36**3
    return int(text)


def _mmcif_columns(text: str) -> Callable[[str], list[str] | None]:
    from gemmi import cif

    try:
        document = cif.read_string(text)
    except (ValueError, RuntimeError) as error:
        line = _LINE.search(str(error))
        reason = " ".join(str(error).split())[:200]
        raise ParseError(f"not valid CIF: {reason}", position=int(line.group(1)) if line else None) from error
    for block in document:
        if len(block.find_values("_atom_site.Cartn_x")):
            return lambda name: [cif.as_string(value) for value in block.find_values("_atom_site." + name)] or None
    raise ParseError("no block of the file has an _atom_site table with coordinates")


def _binary_cif_columns(content: bytes, limits: Limits) -> Callable[[str], list[str] | None]:
    import msgpack  # type: ignore[import-untyped]
    from biotite.structure.io.pdbx import BinaryCIFFile

    failures = (
        ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, MemoryError, RecursionError,
        ArithmeticError, RuntimeError, StopIteration, msgpack.UnpackException,
    )  # fmt: skip
    try:
        for size in _announced_sizes(msgpack.unpackb(content)):
            # Run lengths can announce billions of rows in a few bytes.
            limits.check("atoms_per_structure", size, "length of a column")
        document = BinaryCIFFile.read(io.BytesIO(content))
        category = next((document[name]["atom_site"] for name in document if "atom_site" in document[name]), None)
    except failures as error:
        raise ParseError(f"not valid BinaryCIF: {type(error).__name__} {error}"[:200]) from error
    if category is None:
        raise ParseError("no block of the file has an atom_site table")

    def column(name: str) -> list[str] | None:
        try:
            if name not in category:
                return None
            return [str(value) for value in category[name].as_array(str, masked_value="").tolist()]
        except failures as error:
            raise ParseError(f"the column {name} is broken: {type(error).__name__} {error}"[:200]) from error

    return column


def _announced_sizes(node: Any) -> Iterator[int]:
    """Yield the lengths that a BinaryCIF document states for its columns."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("rowCount", "srcSize") and isinstance(value, int):
                yield value
            elif isinstance(value, dict | list):
                yield from _announced_sizes(value)
    elif isinstance(node, list):
        for value in node:
            if isinstance(value, dict | list):
                yield from _announced_sizes(value)


def _from_columns(column: Callable[[str], list[str] | None], limits: Limits) -> AtomTable:
    x = column("Cartn_x")
    if not x:
        raise ParseError("the atom_site table has no coordinates")
    n = len(x)
    limits.check("atoms_per_structure", n, "number of atoms")

    def text(*names: str) -> NDArray[np.str_]:
        filled = np.full(n, "")
        for name in names:
            values = column(name)
            if values is None:
                continue
            if len(values) != n:
                raise ParseError(f"the column {name} has {len(values)} rows, Cartn_x has {n}")
            present = np.asarray(["" if value in _MISSING else value for value in values])
            if not present.any():
                continue
            filled = np.where(filled == "", present, filled) if filled.any() else present
        return filled

    models = text("pdbx_PDB_model_num")
    first = models == models[0]
    label_sequence = text("label_seq_id")
    has_label_sequence = bool((label_sequence != "").any())
    polymer = np.where(label_sequence != "", 1, 0 if has_label_sequence else -1).astype(np.int8)
    columns = {
        "atom": text("label_atom_id", "auth_atom_id"),
        "alternate": text("label_alt_id"),
        "residue": text("auth_comp_id", "label_comp_id"),
        "chain": text("auth_asym_id", "label_asym_id"),
        "label_chain": text("label_asym_id"),
        "insertion": text("pdbx_PDB_ins_code"),
    }
    hetero = text("group_PDB") == "HETATM"
    if not has_label_sequence:
        polymer[~hetero] = 1
    xyz = np.stack([_numbers(text(f"Cartn_{axis}")[first], f"Cartn_{axis}") for axis in "xyz"], axis=1)
    number = _numbers(text("auth_seq_id", "label_seq_id")[first], "auth_seq_id", missing=0.0)
    if number.size and np.abs(number).max() > np.iinfo(np.int32).max:
        raise ParseError("a residue number does not fit 32 bits")
    return AtomTable(
        **{name: values[first] for name, values in columns.items()},
        number=number.astype(np.int32),
        hetero=hetero[first],
        polymer=polymer[first],
        coordinates=_single(xyz),
        occupancy=_single(_numbers(text("occupancy")[first], "occupancy", missing=1.0)),
        num_models=len(np.unique(models)),
    )


def _single(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round to single precision; what is past its range becomes infinite, which counts as unresolved."""
    with np.errstate(over="ignore"):
        return np.asarray(values.astype(np.float32))


def _numbers(values: NDArray[np.str_], name: str, missing: float | None = None) -> NDArray[np.float64]:
    """Read a column of numbers; a CIF number may carry its uncertainty in brackets."""
    if missing is not None:
        values = np.where(values == "", str(missing), values)
    try:
        return values.astype(np.float64)
    except ValueError:
        pass
    numbers = np.empty(len(values))
    for row, value in enumerate(values.tolist()):
        try:
            numbers[row] = float(value.partition("(")[0])
        except ValueError as error:
            raise ParseError(f"{name} is {value!r}, not a number", position=f"atom {row + 1}") from error
    return numbers
