"""Mutants of small files of cells: bytes changed anywhere, or parts of the file changed as a careless program would."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any, Final

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy.sparse import csc_matrix, csr_matrix

from biomatrix.entities.cell.genes.table import gene_table

CELLS: Final = 20
GENES: Final = 30
_EXTREME: Final = (-1, 0, 1, 99, 2**31 - 1, -(2**31), 2**63 - 1, float("nan"), float("inf"), -1e300, 0.5)
_WORDS: Final = (
    "csr_matrix",
    "csc_matrix",
    "array",
    "categorical",
    "dataframe",
    "",
    "pickle",
    "0.1.0",
    "\u0000x",
    "é" * 50,
)


def seeds() -> dict[str, bytes]:
    """Return small files of cells, by name."""
    matrix = csr_matrix(np.random.default_rng(0).poisson(0.7, (CELLS, GENES)).astype(np.float32))
    made = _cells(matrix)
    made.obsm["X_pca"] = np.random.default_rng(1).normal(size=(CELLS, 2))
    made.obsp["near"] = csr_matrix(np.eye(CELLS, dtype=np.float32))
    made.layers["counts"], made.uns["about"] = matrix.copy(), {"words": "a file", "numbers": np.arange(3)}
    made.raw = made
    return {
        "csr": _written(made),
        "gzip": _written(made, compression="gzip"),
        "csc": _written(_cells(csc_matrix(matrix))),
        "dense": _written(_cells(matrix.toarray())),
        "10x": _ten_x(matrix),
        "peaks": _written(_with_peaks(matrix, 0)),
        "multiome": _written(_with_peaks(matrix, GENES // 2)),
    }


def _cells(matrix: Any) -> anndata.AnnData:
    obs = pd.DataFrame(
        {
            "type": pd.Categorical(["T", "B"] * (CELLS // 2)),
            "age": np.arange(CELLS),
            "flag": [True, False] * (CELLS // 2),
        },
        index=[f"cell{row}" for row in range(CELLS)],
    )
    return anndata.AnnData(X=matrix, obs=obs, var=pd.DataFrame(index=gene_table().ensembl_id[:GENES].astype(str)))


def _with_peaks(matrix: csr_matrix, genes: int) -> anndata.AnnData:
    """Return cells of which the columns after the first ``genes`` are peaks."""
    made = _cells(matrix)
    peaks = [f"chr{1 + row % 3}:{1000 * row}-{1000 * row + 500}" for row in range(GENES - genes)]
    made.var_names = [*made.var_names[:genes], *peaks]
    made.uns["assembly"] = "hg38"
    return made


def _written(made: anndata.AnnData, **settings: Any) -> bytes:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed.h5ad"
        made.write_h5ad(path, **settings)
        return path.read_bytes()


def _ten_x(matrix: csr_matrix) -> bytes:
    whole = io.BytesIO()
    with h5py.File(whole, "w") as file:
        group = file.create_group("matrix")
        group["data"], group["indices"], group["indptr"] = matrix.data.astype("i4"), matrix.indices, matrix.indptr
        group["shape"] = np.array([GENES, CELLS])
        group["barcodes"] = np.array([f"cell{row}".encode() for row in range(CELLS)])
        ids = np.array([one.encode() for one in gene_table().ensembl_id[:GENES]])
        group["features/id"], group["features/name"] = ids, ids
    return whole.getvalue()


def mutant(content: bytes, number: int) -> tuple[bytes, str]:
    """Return a mutant and what was done, the same for the same number."""
    draw = random.Random(number)
    if number % 2:
        try:
            return _parts_changed(content, draw)
        except (OSError, ValueError, TypeError, KeyError, RuntimeError):  # a change that HDF5 does not let through
            return _bytes_changed(content, draw)
    return _bytes_changed(content, draw)


_MOST_READ = 2**22
"""Numbers."""


def _bytes_changed(content: bytes, draw: random.Random) -> tuple[bytes, str]:
    made = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        way, at = draw.random(), draw.randrange(len(made))
        if way < 0.4:
            made[at] = draw.randrange(256)
        elif way < 0.6:
            made[at] ^= 1 << draw.randrange(8)
        elif way < 0.8:
            width = draw.choice((1, 4, 8, 32))
            made[at : at + width] = bytes([draw.choice((0, 255, 127))]) * width
        elif way < 0.95:
            start, width = draw.randrange(len(made)), draw.randrange(1, 64)
            made[at : at + width] = made[start : start + width]
        else:
            del made[at:]
            if not made:
                break
    return bytes(made), "bytes"


def _parts_changed(content: bytes, draw: random.Random) -> tuple[bytes, str]:
    whole = io.BytesIO(content)
    done = []
    with h5py.File(whole, "r+") as file:
        for _ in range(draw.choice((1, 1, 2, 3))):
            names: list[str] = []
            file.visit(names.append)
            if not names:
                break
            name, change = draw.choice(names), draw.choice(_CHANGES)
            done.append(f"{change.__name__[1:]} {name}")
            change(file, name, draw)
    return whole.getvalue(), ", ".join(done)


def _fits(part: h5py.Dataset | h5py.Group) -> bool:
    """Return whether a part is numbers that can be read whole: another change may have made it huge."""
    return isinstance(part, h5py.Dataset) and part.size is not None and part.size <= _MOST_READ


def _element(file: h5py.File, name: str, draw: random.Random) -> None:
    part = file[name]
    if isinstance(part, h5py.Dataset) and part.size and part.dtype.kind in "iuf":
        value = draw.choice(_EXTREME)
        if part.dtype.kind in "iu":
            limits = np.iinfo(part.dtype)
            value = int(np.clip(np.nan_to_num(value, nan=7, posinf=limits.max / 2), limits.min / 2, limits.max / 2))
        part[tuple(draw.randrange(length) for length in part.shape)] = value


def _removed(file: h5py.File, name: str, draw: random.Random) -> None:
    del file[name]


def _cut(file: h5py.File, name: str, draw: random.Random) -> None:
    part = file[name]
    if _fits(part) and part.shape:
        kept, attributes = part[: draw.randrange(part.shape[0] + 1)], dict(part.attrs)
        del file[name]
        file[name] = kept
        file[name].attrs.update(attributes)


def _other_type(file: h5py.File, name: str, draw: random.Random) -> None:
    part = file[name]
    if _fits(part) and part.dtype.kind in "iufb":
        kept, attributes = part[()], dict(part.attrs)
        del file[name]
        file[name] = np.asarray(kept).astype(draw.choice(("S4", "f8", "c8", "i1", "u8", "f2", "?")))
        file[name].attrs.update(attributes)


def _attribute(file: h5py.File, name: str, draw: random.Random) -> None:
    part = file[name]
    if len(part.attrs):
        key = draw.choice(sorted(part.attrs))
        part.attrs[key] = draw.choice((*_WORDS[:8], 3, -1, [2**40, 2**40], [CELLS, GENES], [GENES, CELLS], np.nan))


def _attribute_removed(file: h5py.File, name: str, draw: random.Random) -> None:
    part = file[name]
    if len(part.attrs):
        del part.attrs[draw.choice(sorted(part.attrs))]


def _linked(file: h5py.File, name: str, draw: random.Random) -> None:
    del file[name]
    where = draw.choice(("/", "/nowhere", "/obs", "/X"))
    file[name] = draw.choice((h5py.SoftLink(where), h5py.ExternalLink("/etc/passwd", where)))


def _ring(file: h5py.File, name: str, draw: random.Random) -> None:
    group = file[name].parent
    group[f"ring{draw.randrange(9)}"] = draw.choice((group, file["/"]))


def _huge(file: h5py.File, name: str, draw: random.Random) -> None:
    part = file[name]
    if isinstance(part, h5py.Dataset):
        attributes, kind = dict(part.attrs), part.dtype
        shape = tuple(draw.choice((2**20, 2**33, 2**45)) for _ in part.shape or (1,))
        del file[name]
        file.create_dataset(name, shape=shape, dtype=kind, chunks=tuple(min(1024, one) for one in shape))
        file[name].attrs.update(attributes)


def _swapped(file: h5py.File, name: str, draw: random.Random) -> None:
    names: list[str] = []
    file.visit(names.append)
    other = draw.choice(names)
    if name != other and not name.startswith(other) and not other.startswith(name):
        file.move(name, "held")
        file.move(other, name)
        file.move("held", other)


def _shuffled(file: h5py.File, name: str, draw: random.Random) -> None:
    part = file[name]
    if _fits(part) and part.shape and part.dtype.kind in "iuf":
        kept = part[()]
        np.random.default_rng(draw.randrange(1 << 30)).shuffle(kept)
        part[...] = kept


_CHANGES: Final[tuple[Callable[[h5py.File, str, random.Random], None], ...]] = (
    _element, _element, _removed, _cut, _cut, _other_type, _attribute, _attribute_removed, _linked, _ring, _huge,
    _swapped, _shuffled,
)  # fmt: skip
