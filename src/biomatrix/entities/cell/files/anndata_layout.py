"""The layout of AnnData, in HDF5 (h5ad) and in Zarr, its encodings before 0.7 included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from biomatrix.entities.cell.files.contents import Contents, Place, Rest
from biomatrix.entities.cell.files.damage import REWRITE, cells_library
from biomatrix.entities.cell.files.matrix_rows import CompressedColumns, CompressedRows, DenseRows, MatrixRows
from biomatrix.entities.cell.files.table_rows import TableRows, array_reader, stored_table
from biomatrix.errors import BioMatrixError, ParseError

_UNS: Final = "uns"
_REST: Final = ("obsm", "varm", "obsp", "varp", _UNS)
_OLD_RAW: Final = ("raw.X", "raw.var")
OLD_NOTE: Final = "the file is of an AnnData before 0.7; it was read, and writing it again would bring it up to date"


def is_anndata(root: Mapping[str, Any]) -> bool:
    """Return whether a group is laid out as AnnData lays out its files."""
    return "obs" in root and "var" in root


def anndata_contents(root: Any, stored_bytes: int, unknown: tuple[str, ...] = ()) -> Contents:
    """Return what a file of AnnData holds.

    Parameters
    ----------
    root : h5py.Group or zarr.Group
    stored_bytes : int
        Of the file.
    unknown : tuple of str
        Arrays of types that no library here reads.

    Raises
    ------
    ParseError
        Its parts do not fit each other.
    """
    old = root["uns"] if "uns" in root and hasattr(root["uns"], "keys") else {}
    obs = stored_table("obs", root["obs"], stored_bytes, old)
    var = stored_table("var", root["var"], stored_bytes, old)
    places = []
    if "X" in root and _is_matrix(root["X"]):
        places.append(Place("X", _fitting("X", root["X"], obs, var), var))
    raw = _raw(root, stored_bytes, old)
    if raw is not None:
        matrix, genes = raw
        places.append(Place("raw", _fitting("raw", matrix, obs, genes), genes))
    if "layers" in root and hasattr(root["layers"], "keys"):
        layers = root["layers"]
        names = [name for name in layers if _is_matrix(layers[name])]
        places += [Place(f"layers/{one}", _fitting(f"layers/{one}", layers[one], obs, var), var) for one in names]
    if not places:
        raise ParseError("holds no matrix: neither X, raw nor layers; give a file with values of genes")
    is_old = not hasattr(root["obs"], "keys") or _OLD_RAW[0] in root
    return Contents(
        "AnnData",
        obs,
        tuple(places),
        lambda: _rest(root, unknown, stored_bytes),
        (OLD_NOTE,) if is_old else (),
        lambda: _rest(root, unknown, stored_bytes, (_UNS,)).parts.get(_UNS, {}),
    )


def _raw(root: Any, stored_bytes: int, old: Mapping[str, Any]) -> tuple[Any, TableRows] | None:
    if "raw" in root and hasattr(root["raw"], "keys") and {"X", "var"} <= set(root["raw"]):
        return root["raw"]["X"], stored_table("raw/var", root["raw"]["var"], stored_bytes, old)
    if set(_OLD_RAW) <= set(root):
        return root["raw.X"], stored_table("raw.var", root["raw.var"], stored_bytes, old)
    return None


def _is_matrix(part: Any) -> bool:
    return hasattr(part, "keys") or len(getattr(part, "shape", None) or ()) == 2


def _fitting(name: str, part: Any, obs: TableRows, var: TableRows) -> MatrixRows:
    """Return a matrix that has the shape of its tables; one that has not is refused before its values are read."""
    shape = _shape_of(name, part)
    if shape != (len(obs), len(var)):
        turned = shape == (len(var), len(obs))
        raise ParseError(
            f"{name} is {shape[0]:,} by {shape[1]:,}, and there are {len(obs):,} cells and {len(var):,} genes; "
            + ("it is transposed: genes should be its columns (adata.T)" if turned else REWRITE)
        )
    return stored_matrix(name, part)


def _shape_of(name: str, part: Any) -> tuple[int, int]:
    given = part.attrs.get("shape", part.attrs.get("h5sparse_shape")) if hasattr(part, "keys") else part.shape
    try:
        first, second = (int(one) for one in given)
    except (TypeError, ValueError, OverflowError) as error:
        raise ParseError(f"{name} has no shape of two numbers, but {str(given)[:60]}; {REWRITE}") from error
    if first < 0 or second < 0:
        raise ParseError(f"{name} has the shape {first} by {second}; {REWRITE}")
    return first, second


def stored_matrix(name: str, part: Any) -> MatrixRows:
    """Return a matrix of a file, by the encoding that its attributes say; ParseError for one that is none."""
    if not hasattr(part, "keys"):
        return DenseRows(name, part)
    encoding = part.attrs.get("encoding-type", part.attrs.get("h5sparse_format", ""))
    encoding = encoding.decode("utf-8", "replace") if isinstance(encoding, bytes) else str(encoding)
    shape = _shape_of(name, part)
    if encoding in ("csr_matrix", "csr"):
        return CompressedRows(name, shape, part)
    if encoding in ("csc_matrix", "csc"):
        return CompressedColumns(name, shape, part)
    raise ParseError(
        f"{name} is encoded as {encoding[:40]!r}; matrices are csr_matrix, csc_matrix or arrays: {REWRITE}"
    )


def _rest(root: Any, unknown: tuple[str, ...], stored_bytes: int, wanted: tuple[str, ...] = _REST) -> Rest:
    """Read what is neither a matrix of genes nor a table; matrices inside it are checked before AnnData makes them.

    What no library here can read, such as types of numbers that are newer than it, is left out by name.
    """
    read_elem = cells_library("anndata.io").read_elem
    found: dict[str, Any] = {}
    notes = []
    for name in wanted:
        part = root.get(name)
        if part is None or not hasattr(part, "keys"):
            continue
        kept = {}
        for one in part:
            place = f"{name}/{one}"
            strange = next((array for array in unknown if f"{array}/".startswith(f"{place}/")), None)
            if strange is not None:
                notes.append(f"{place} was left out: {strange} is of a type that is not known here")
                continue
            try:
                check_parts(part[one], place, stored_bytes)
                kept[one] = read_elem(part[one])
            except BioMatrixError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever libraries raise for what they do not know
                reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
                notes.append(f"{place} was left out, as it cannot be read: {reason}")
        found[name] = kept
    return Rest(found, tuple(notes))


def check_parts(part: Any, name: str, stored_bytes: int) -> None:
    """Check every compressed matrix and list of texts inside a group, as neither AnnData nor SciPy does."""
    if not hasattr(part, "keys"):
        if part.dtype.kind in "OT" and part.shape:
            if len(part.shape) > 1:
                raise ValueError("texts in several dimensions")
            read, length = array_reader(part, name, stored_bytes)
            read(0, length)  # a file may name one long text many times
        return
    if {"indptr", "indices"} <= set(part):
        matrix = stored_matrix(name, part)
        for first in range(0, matrix.shape[0], 4096):
            matrix.read(first, min(first + 4096, matrix.shape[0]))
        return
    for one in part:
        check_parts(part[one], f"{name}/{one}", stored_bytes)
