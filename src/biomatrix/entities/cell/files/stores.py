"""Opening a file of cells, in whatever container: looked through first, then laid out."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.cell.files.anndata_layout import anndata_contents, is_anndata
from biomatrix.entities.cell.files.contents import Contents
from biomatrix.entities.cell.files.damage import cells_library, reading
from biomatrix.entities.cell.files.foreign_formats import FOREIGN_FORMATS
from biomatrix.entities.cell.files.hdf5_inspection import inspect_hdf5
from biomatrix.entities.cell.files.hdf5_texts import inspect_heaps
from biomatrix.entities.cell.files.matrix_layouts import is_loom, loom_contents, ten_x_contents, ten_x_genomes
from biomatrix.entities.cell.files.matrix_market import is_matrix_folder, matrix_market_contents
from biomatrix.entities.cell.files.zarr_inspection import inspect_zarr
from biomatrix.entities.limits import DEFAULT_LIMITS, Limits
from biomatrix.errors import ParseError, UnsupportedError

_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_ZIP: Final = b"PK\x03\x04"
_MARKET: Final = (".mtx", ".mtx.gz")


@contextmanager
def open_cells(path: str | Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[Contents]:
    """Open a file of cells.

    Parameters
    ----------
    path : str or Path
        ``.h5ad``, ``.h5`` of Cell Ranger, ``.loom``, a Zarr store (a folder, or one in a zip archive), a folder of
        Cell Ranger or its ``matrix.mtx``.
    limits : Limits
        How much a file may hold.

    Raises
    ------
    ParseError
        It is none of these, or is damaged, or points to other files.
    LimitError
        It declares more than it can hold.
    """
    place = Path(path)
    with ExitStack() as stack:
        with reading(path):
            contents = stack.enter_context(_opened(place, limits))
        yield contents


def _opened(path: Path, limits: Limits) -> AbstractContextManager[Contents]:
    if path.is_dir():
        return nullcontext(matrix_market_contents(path, limits)) if is_matrix_folder(path) else _zarr(path, limits)
    head = _head(path)
    if (advice := FOREIGN_FORMATS.get(path.suffix.lower())) is not None:
        raise ParseError(f"is {advice}")
    if path.name.lower().endswith(_MARKET):
        return nullcontext(matrix_market_contents(path, limits))
    if head.startswith(_HDF5):
        return _hdf5(path, limits)
    if head.startswith(_ZIP):
        return _zarr(path, limits)
    raise ParseError(_what_else(head))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(16)
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror or error}") from error


def _what_else(head: bytes) -> str:
    if not head:
        return "is empty; fetch it again"
    if head.startswith((b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd")):
        return "is packed as a whole; unpack it first, as HDF5 is read from its middle"
    if head.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        return "is a pickle, which can run any program and is never read; write it with adata.write_h5ad"
    return "is neither HDF5, a Zarr store nor a matrix of Cell Ranger; give .h5ad, .zarr, .h5, .loom or a matrix folder"


@contextmanager
def _hdf5(path: Path, limits: Limits) -> Iterator[Contents]:
    h5py = cells_library("h5py")
    longest = inspect_heaps(path)
    with h5py.File(path, "r", locking=False) as file:
        inspect_hdf5(file, limits, longest)
        yield _contents(file, os.path.getsize(path))


@contextmanager
def _zarr(path: Path, limits: Limits) -> Iterator[Contents]:
    zarr = cells_library("zarr")
    if not path.is_dir() and not zipfile.is_zipfile(path):
        raise ParseError("is a zip archive that was cut; fetch it again")
    seen = inspect_zarr(path, limits)
    kind = zarr.storage.LocalStore if path.is_dir() else zarr.storage.ZipStore
    store = kind(path, read_only=True) if path.is_dir() else kind(path, mode="r")
    stored = os.path.getsize(path) if path.is_file() else _bytes_below(path)
    try:
        yield _contents(zarr.open_group(store, path=seen.root, mode="r", use_consolidated=False), stored, seen.unknown)
    finally:
        store.close()


def _bytes_below(path: Path) -> int:
    return sum(os.path.getsize(Path(folder, name)) for folder, _, names in os.walk(path) for name in names)


def _contents(root: Any, stored_bytes: int, unknown: tuple[str, ...] = ()) -> Contents:
    if is_anndata(root):
        return anndata_contents(root, stored_bytes, unknown)
    if is_loom(root):
        return loom_contents(root, stored_bytes)
    if ten_x_genomes(root):
        return ten_x_contents(root, stored_bytes)
    held = ", ".join(sorted(str(name) for name in root)[:8]) or "nothing"
    raise UnsupportedError(
        f"holds {held}: neither AnnData (obs and var), nor loom, nor a matrix of Cell Ranger; write it with "
        "adata.write_h5ad"
    )
