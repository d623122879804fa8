"""What every protein structure tokenizer is: backbones to one code a residue, and codes to backbones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from biomatrix.entities.tokenizer_folder import StoredWeights, load_weights
from biomatrix.errors import DecodeError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from biomatrix.entities.protein.entity import Protein

DEFAULT_NAME = "geometric-256"
ARCHITECTURES = ("geometric", "anchored", "gcp_vqvae")


class ProteinStructureTokenizer(ABC):
    """Turns backbones into codes, one a residue, and codes into backbones.

    A residue without all of N, CA and C has code -1 and comes back as NaN in its place. Codes do not depend
    on the batch a chain was encoded in, on the residue types, or on its position in space but for rounding.

    Parameters
    ----------
    name : str
        The shipped name, or the folder's own name.
    fingerprint : str
        Two tokenizers that share it give the same codes.
    """

    architecture: ClassVar[str]

    def __init__(self, name: str, fingerprint: str) -> None:
        self.name = name
        self.fingerprint = fingerprint

    @classmethod
    def from_pretrained(
        cls, name_or_path: str | Path = "default", *, hub: bool = False, revision: str | None = None
    ) -> ProteinStructureTokenizer:
        """Open a tokenizer; its class follows from the ``architecture`` of its config.

        Parameters
        ----------
        name_or_path : str or path
            A shipped name ("default" is what nano speaks), a folder, or with ``hub`` a repository of the
            hub.
        hub : bool
            Download from the Hugging Face hub; never done unless asked for.
        revision : str, optional
            The branch, tag or commit on the hub.

        Returns
        -------
        ProteinStructureTokenizer

        Raises
        ------
        WeightsError
            No such folder, damaged files, or an architecture this package does not know.
        """
        name = DEFAULT_NAME if str(name_or_path) == "default" else name_or_path
        stored = load_weights("protein", name, hub=hub, revision=revision)
        known = _tokenizer_class(stored)
        if not issubclass(known, cls):
            raise WeightsError(
                f"these weights are of architecture {stored.architecture!r}, opened as {cls.__name__}: "
                f"use {known.__name__} or ProteinStructureTokenizer",
                file=str(stored.folder),
            )
        return known.from_weights(stored)

    @classmethod
    @abstractmethod
    def from_weights(cls, stored: StoredWeights) -> ProteinStructureTokenizer:
        """Build the tokenizer from a folder that was read and checked."""

    @property
    @abstractmethod
    def num_codes(self) -> int:
        """Codes are 0 to ``num_codes - 1``."""

    @property
    @abstractmethod
    def code_features(self) -> NDArray[np.float64]:
        """What each code means as numbers, ``float64 [num_codes, F]``: near codes have near features."""

    @abstractmethod
    def encode(self, proteins: Sequence[Protein]) -> list[NDArray[np.int16]]:
        """Codes of each chain.

        Parameters
        ----------
        proteins : sequence of Protein
            Chains with a backbone.

        Returns
        -------
        list of ndarray, shape=(L,), dtype=int16
            -1 where the residue is unresolved.

        Raises
        ------
        UnsupportedError
            A protein has no backbone at all.
        """

    @abstractmethod
    def decode(self, codes: Sequence[ArrayLike]) -> list[NDArray[np.float32]]:
        """Backbones of code arrays.

        Parameters
        ----------
        codes : sequence of int array, shape=(L,)
            -1 or a code; any such array decodes.

        Returns
        -------
        list of ndarray, shape=(L, 3, 3), dtype=float32
            (N, CA, C) in Angstrom, NaN where the code is -1.

        Raises
        ------
        DecodeError
            A code out of range.
        """

    def checked(self, codes: Sequence[ArrayLike]) -> list[NDArray[np.int64]]:
        """Return code arrays as ``int64 [L]``, each -1 or a code.

        Raises
        ------
        DecodeError
            A code out of range, or an array that is not one-dimensional and whole-numbered, with record and position.
        """
        arrays = [_whole_numbers(array, index) for index, array in enumerate(codes)]
        for index, array in enumerate(arrays):
            wrong = np.flatnonzero((array < -1) | (array >= self.num_codes))
            if wrong.size:
                raise DecodeError(
                    f"code {array[wrong[0]]} is not -1 or in 0..{self.num_codes - 1}",
                    record=index + 1,
                    position=int(wrong[0]) + 1,
                )
        return [array.astype(np.int64) for array in arrays]


def _whole_numbers(codes: ArrayLike, index: int) -> NDArray[np.integer[Any]]:
    """Codes as a flat array of whole numbers, whatever their range."""
    try:
        array = np.asarray(codes)
    except ValueError as error:
        raise DecodeError(f"codes must be whole numbers in one row: {error}", record=index + 1) from error
    if array.ndim == 1 and not array.size:
        return array.astype(np.int64)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise DecodeError(
            f"codes must be whole numbers in one row, got {array.dtype} of shape {array.shape}", record=index + 1
        )
    return array


def _tokenizer_class(stored: StoredWeights) -> type[ProteinStructureTokenizer]:
    """The class of an architecture, imported only now: the geometric codec needs no PyTorch."""
    if stored.architecture == "geometric":
        from biomatrix.entities.protein.structure.geometric.tokenizer import GeometricTokenizer

        return GeometricTokenizer
    if stored.architecture == "anchored":
        from biomatrix.entities.protein.structure.anchored.tokenizer import AnchoredTokenizer

        return AnchoredTokenizer
    if stored.architecture == "gcp_vqvae":
        from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer

        return GCPVQVAETokenizer
    raise WeightsError(
        f"unknown architecture {stored.architecture!r}: this version reads {', '.join(ARCHITECTURES)}",
        file=str(stored.folder),
    )
