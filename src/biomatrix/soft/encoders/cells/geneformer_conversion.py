"""From the published dictionaries of Geneformer, which are pickles, to one Parquet file.

They hold texts and numbers. They are read by an unpickler that can make nothing else: the two names of NumPy that a
stored number refers to are stood in for by functions of this module, and any other name is refused.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.errors import ConfigurationError, LimitError, WeightsError
from biomatrix.soft.encoders.cells.gene_dictionary import SPECIAL, GeneDictionary

MOST_BYTES: Final = 64 << 20
_NUMBER_TYPES: Final = frozenset({"f4", "f8", "i4", "i8", "u4", "u8"})


@dataclass(frozen=True)
class GeneformerConversion:
    """The result of a conversion.

    Parameters
    ----------
    file : str
        The Parquet file that was written.
    ids, genes : int
        Ids of the dictionary, and genes that have a median too.
    special : tuple of str
        Its special tokens.
    """

    file: str
    ids: int
    genes: int
    special: tuple[str, ...]

    def as_text(self) -> str:
        """Return what was converted in one line."""
        return f"{self.file}: {self.ids:,} ids, {self.genes:,} genes with medians, {' '.join(self.special)}"


def convert_geneformer(tokens: str | Path, medians: str | Path, output: str | Path) -> GeneformerConversion:
    """Turn a published token dictionary and its medians into the Parquet file that stands beside the weights.

    Parameters
    ----------
    tokens : str or Path
        Such as ``token_dictionary_gc104M.pkl``: ids by Ensembl id and special token.
    medians : str or Path
        Such as ``gene_median_dictionary_gc104M.pkl``: medians by Ensembl id.
    output : str or Path
        The file to write: ``genes.parquet`` in the folder of the weights.

    Raises
    ------
    ConfigurationError
        A file is not there, the output is, or ids and medians make no dictionary.
    WeightsError
        A file holds anything but numbers by name.
    LimitError
        A file is larger than 64 MiB.
    """
    output = Path(output)
    if output.exists():
        raise ConfigurationError("is there already; name another file or remove it", file=str(output))
    ids, scales = read_numbers(Path(tokens)), read_numbers(Path(medians))
    wrong = next((name for name, number in ids.items() if number != int(number)), None)
    if wrong is not None:
        raise WeightsError(f"gives {wrong} an id that is no whole number", file=str(tokens))
    special = {name: int(ids[name]) for name in SPECIAL if name in ids}
    genes = [name for name in ids if name not in special]
    unknown = next((name for name in genes if name.startswith("<")), None)
    if unknown is not None:
        raise WeightsError(f"holds the special token {unknown}, which no encoder here reads", file=str(tokens))
    try:
        made = GeneDictionary.of(
            np.array(genes, dtype=object),
            np.array([int(ids[gene]) for gene in genes], dtype=np.int64),
            np.array([scales.get(gene, np.nan) for gene in genes], dtype=np.float64),
            special,
        )
    except ConfigurationError as error:
        raise error.at(file=str(tokens)) from None
    made.save(output)
    return GeneformerConversion(str(output), len(ids), len(made.genes), tuple(special))


def read_numbers(path: Path) -> Mapping[str, float]:
    """Return the numbers by name of a pickled dictionary; nothing else can come out of it."""
    if not path.is_file():
        raise ConfigurationError("is not there", file=str(path))
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise LimitError(f"{size:,} bytes, the limit is {MOST_BYTES:,}", file=str(path))
    try:
        loaded = _NumbersOnly(io.BytesIO(path.read_bytes())).load()
    except Exception as error:  # broken streams fail with any exception
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise WeightsError(f"not opened, as no table of plain numbers: {reason}", file=str(path)) from error
    if not isinstance(loaded, dict) or not loaded:
        raise WeightsError(f"holds a {type(loaded).__name__}, not numbers by name", file=str(path))
    for name, number in loaded.items():
        plain = isinstance(number, int | float | np.integer | np.floating) and not isinstance(number, bool)
        if not isinstance(name, str) or not plain or not np.isfinite(number):
            raise WeightsError("holds something else than numbers by name", file=str(path), position=str(name)[:40])
    return {name: number.item() if isinstance(number, np.generic) else number for name, number in loaded.items()}


class _NumberType:
    """Stands for ``numpy.dtype`` of one number."""

    def __init__(self, name: str, *_: Any) -> None:
        if name not in _NUMBER_TYPES:
            raise pickle.UnpicklingError(f"the type {name!r} is none of a plain number")
        self.kind = np.dtype(f"<{name}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if not isinstance(state, tuple) or len(state) < 2 or state[1] != "<":
            raise pickle.UnpicklingError("a number is stored in another order of bytes than little-endian")


def _number(kind: _NumberType, data: bytes) -> Any:
    """Return one number of a NumPy scalar's bytes."""
    if not isinstance(kind, _NumberType) or not isinstance(data, bytes) or len(data) != kind.kind.itemsize:
        raise pickle.UnpicklingError("a number is stored in another way than NumPy stores it")
    return np.frombuffer(data, kind.kind)[0].item()


_STAND_INS: Final[Mapping[tuple[str, str], Any]] = {
    ("numpy", "dtype"): _NumberType,
    ("numpy.core.multiarray", "scalar"): _number,
    ("numpy._core.multiarray", "scalar"): _number,
}


class _NumbersOnly(pickle.Unpickler):
    """Makes texts, numbers, lists and dictionaries; every name of code is refused but the two of a NumPy scalar."""

    def find_class(self, module: str, name: str) -> Any:
        found = _STAND_INS.get((module, name))
        if found is None:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is never run")
        return found

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to objects outside the file")
