"""Texts as weighted words on their first singular vectors: a side of texts without a network.

Legend of shapes: n texts, V terms, T numbers of a vector.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import torch

from biomatrix.entities.files.folders import folder_written_aside
from biomatrix.entities.files.json_files import read_object
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.soft.alignment.text_side import TextSide

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIG_FILE: Final = "config.json"
WEIGHTS_FILE: Final = "text_side.safetensors"
CODE_VERSION: Final = 1
_WORD: Final = re.compile(r"\w+")
_EXTRA_DIRECTIONS: Final = 32
_POWER_ROUNDS: Final = 6
_NAME: Final = "tfidf"
_MOST_CONFIG: Final = 64_000_000


class WordCounts(TextSide):
    """TF-IDF of words and runs of words, on the singular vectors of the training texts.

    A term counts 1 + log of how often it stands in a text, times 1 + log((1 + n) / (1 + texts with it)); rows have
    length 1 before they are brought to T numbers.

    Parameters
    ----------
    width : int
        Numbers of a vector; fewer where the training texts span fewer.
    words : int
        The longest run of words that is a term.
    least_texts : int
        Texts that must hold a term.

    Raises
    ------
    ConfigurationError
        A number below 1.
    """

    def __init__(self, width: int = 256, words: int = 1, least_texts: int = 1) -> None:
        if min(width, words, least_texts) < 1:
            raise ConfigurationError(f"width={width}, words={words}, least_texts={least_texts}: 1 is the least of each")
        self.width, self.words, self.least_texts = width, words, least_texts
        self._terms: dict[str, int] = {}
        self._weights: NDArray[np.float32] = np.empty(0, dtype=np.float32)
        self._basis: NDArray[np.float32] = np.empty((0, width), dtype=np.float32)

    @property
    def name(self) -> str:  # type: ignore[override]
        """How it is written: ``tfidf`` and its settings."""
        return f"{_NAME},width={self.width},words={self.words},least_texts={self.least_texts}"

    def fit(self, texts: Sequence[str]) -> None:
        """Find terms, weights and singular vectors of the training texts; the same texts give the same.

        Raises
        ------
        ConfigurationError
            No text holds a term.
        """
        counts = Counter[str]()
        for text in texts:
            counts.update(set(self._terms_of(text)))
        kept = sorted(term for term, number in counts.items() if number >= self.least_texts)
        if not kept:
            raise ConfigurationError(f"no word stands in {self.least_texts} of the {len(texts):,} training texts")
        self._terms = {term: at for at, term in enumerate(kept)}
        rarity = np.log((1 + len(texts)) / (1 + np.array([counts[term] for term in kept], dtype=np.float64))) + 1
        self._weights = rarity.astype(np.float32)
        self.width = min(self.width, len(texts), len(kept))
        self._basis = _first_directions(self._weighted(texts), self.width)
        self.__dict__.pop("hash", None)

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of the terms, their weights and the singular vectors."""
        self._check_fitted()
        found = hashlib.sha256(f"{_NAME} {CODE_VERSION} {self.words}\n".encode())
        found.update("\n".join(self._terms).encode())
        found.update(self._weights.tobytes() + self._basis.tobytes())
        return found.hexdigest()

    def knows(self, text: str) -> bool:
        """Return whether a text holds a term of the training texts."""
        return any(term in self._terms for term in self._terms_of(text))

    def vectors_of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return texts on the singular vectors, ``float32 [n, T]``; zeros where no term is known."""
        self._check_fitted()
        found: NDArray[np.float32] = (self._weighted(texts) @ torch.from_numpy(self._basis)).numpy()
        return found

    def save_pretrained(self, folder: str | Path) -> None:
        """Write terms as JSON and numbers as safetensors."""
        from safetensors.numpy import save_file

        self._check_fitted()
        about = {"text_side": _NAME, "version": CODE_VERSION, "words": self.words, "least_texts": self.least_texts}
        with folder_written_aside(folder) as aside:
            (aside / CONFIG_FILE).write_text(json.dumps({**about, "terms": list(self._terms)}), encoding="utf-8")
            save_file({"weights": self._weights, "basis": self._basis}, aside / WEIGHTS_FILE)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Self:
        """Open a folder of :meth:`save_pretrained`; WeightsError where a file is missing, damaged or another's."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        place = Path(folder)
        about = read_object(place / CONFIG_FILE, WeightsError, _MOST_CONFIG)
        terms = about.get("terms")
        if (about.get("text_side"), about.get("version")) != (_NAME, CODE_VERSION) or not isinstance(terms, list):
            raise WeightsError(f"no {_NAME} of version {CODE_VERSION}; align again", file=str(place / CONFIG_FILE))
        try:
            tensors = load_file(place / WEIGHTS_FILE)
        except (OSError, SafetensorError) as error:
            raise WeightsError(f"cannot be read: {error}", file=str(place / WEIGHTS_FILE)) from None
        if set(tensors) != {"weights", "basis"} or {len(one) for one in tensors.values()} != {len(terms)}:
            raise WeightsError("its numbers are not those of its terms", file=str(place / WEIGHTS_FILE))
        made = cls(tensors["basis"].shape[1], int(about["words"]), int(about["least_texts"]))
        made._terms = {str(term): at for at, term in enumerate(terms)}
        made._weights, made._basis = tensors["weights"], tensors["basis"]
        return made

    def _check_fitted(self) -> None:
        if not self._terms:
            raise ConfigurationError("this side of texts learns its words from training texts first: call fit")

    def _terms_of(self, text: str) -> Iterator[str]:
        words = _WORD.findall(text.lower())
        for length in range(1, self.words + 1):
            for start in range(len(words) - length + 1):
                yield " ".join(words[start : start + length])

    def _weighted(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the weighted terms of texts, each row of length 1, sparse ``float32 [n, V]``."""
        rows, columns, values = [], [], []
        for number, text in enumerate(texts):
            held = Counter(at for term in self._terms_of(text) if (at := self._terms.get(term)) is not None)
            places = np.fromiter(held, dtype=np.int64, count=len(held))
            weighted = (1 + np.log(np.fromiter(held.values(), dtype=np.float64, count=len(held)))) * self._weights[
                places
            ]
            rows.append(np.full(len(held), number))
            columns.append(places)
            values.append(weighted / max(float(np.linalg.norm(weighted)), 1e-12))
        indices = torch.from_numpy(np.stack([np.concatenate(rows), np.concatenate(columns)]).astype(np.int64))
        numbers = torch.from_numpy(np.concatenate(values).astype(np.float32))
        return torch.sparse_coo_tensor(indices, numbers, (len(texts), len(self._terms)), check_invariants=True)


def _first_directions(matrix: torch.Tensor, count: int) -> NDArray[np.float32]:
    """Return the first right singular vectors of a sparse matrix, ``float32 [V, count]``, by power iteration.

    Halko, Martinsson and Tropp (2011), algorithm 4.4, with a fixed seed. The largest number of each vector is above 0,
    as its sign is otherwise the library's choice.
    """
    across = matrix.t().coalesce()
    matrix = matrix.coalesce()
    asked = min(count + _EXTRA_DIRECTIONS, *matrix.shape)
    start = torch.randn(matrix.shape[1], asked, generator=torch.Generator().manual_seed(0))
    basis = torch.linalg.qr(matrix @ start).Q
    for _ in range(_POWER_ROUNDS):
        basis = torch.linalg.qr(matrix @ torch.linalg.qr(across @ basis).Q).Q
    right = torch.linalg.svd((across @ basis).T, full_matrices=False).Vh[:count].T.numpy()
    signs = np.sign(right[np.abs(right).argmax(axis=0), np.arange(right.shape[1])])
    return np.ascontiguousarray(right * signs, dtype=np.float32)
