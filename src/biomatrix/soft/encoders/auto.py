"""Any network that stock ``AutoModel`` opens as an encoder: ESM, RoBERTa, BERT and their kin, from a local folder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.encoder import encoder_hash
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kind_names
from biomatrix.errors import ConfigurationError, LimitError, UnsupportedError
from biomatrix.generation.devices import torch_device
from biomatrix.processors import threads_for
from biomatrix.soft.encoders.auto_folder import (
    check_encoder_folder,
    encoder_folder_hash,
    open_encoder_network,
    open_tokenizer,
    position_limit,
)
from biomatrix.soft.encoders.batching import NetworkEncoder
from biomatrix.soft.encoders.pooling import FIRST, MEAN, Pooling
from biomatrix.soft.encoders.queries import read_queries

KINDS: Final = {"esm": "protein"}
"""Architectures that read one kind of entity."""
_MOST_UNKNOWN: Final = 0.5
"""The share of unknown tokens from which a tokenizer is taken to be of something else."""


class AutoEncoder(NetworkEncoder):
    """Hidden states of a network that stock AutoModel opens from a local folder, pooled over the entity's own tokens.

    It reads the text of an entity as its kind spells it: SMILES, a sequence, a cell sentence. Nothing else of the
    entity counts. Tokens that the tokenizer puts round the text are read by the network and left out of the pooling.

    Parameters
    ----------
    path : str or Path
        The folder: ``config.json``, safetensors, the files of a tokenizer.
    kind : str, optional
        The kind of entity; needed where the architecture does not tell it.
    pooling : {"mean", "first", "attention"}
        See :class:`~biomatrix.soft.encoders.pooling.Pooling`.
    k : int, optional
        Vectors of an entity; 1, or as many as there are queries, when not given.
    queries : str or Path, optional
        The folder of learned queries, for ``attention``; see :mod:`biomatrix.soft.encoders.queries`.
    windows : bool
        Whether what is too long is read in windows of about one length, whose vectors are averaged; refused if not.
    letters_apart : bool
        Whether letters are separated by spaces before the tokenizer reads them, as protein models of BERT need it.
    device : str, optional
        A GPU where there is one, else the CPU, when not given.

    Raises
    ------
    WeightsError, UnsupportedError
        See :mod:`biomatrix.soft.encoders.auto_folder`.
    ConfigurationError
        The kind is missing, or settings contradict each other.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        kind: str | None = None,
        pooling: str = MEAN,
        k: int | None = None,
        queries: str | Path | None = None,
        windows: bool = False,
        letters_apart: bool = False,
        device: str | None = None,
    ) -> None:
        self.folder = Path(path)
        self._config = check_encoder_folder(self.folder)
        self.kind = _kind(kind, str(self._config.get("model_type", "")))
        found = None if queries is None else read_queries(queries)
        self._pooling = Pooling(pooling, k or (1 if found is None else len(found)), found)
        self.k, self.pooling = self._pooling.k, str(self._pooling)
        self.windows, self.letters_apart = windows, letters_apart
        if windows and (pooling == FIRST or (pooling == MEAN and self.k > 1)):
            raise ConfigurationError(f"windows are averaged, which makes no sense of {self.pooling}; use mean with k=1")
        self._device = torch_device(device)
        self.tokenizer = open_tokenizer(self.folder)
        self.network = open_encoder_network(self.folder, self._device)
        self.d = int(self.network.config.hidden_size)
        if found is not None and found.shape[1] != self.d:
            raise ConfigurationError(f"queries of {found.shape[1]} numbers do not fit states of {self.d}")
        self._before, self._after = _framing(self.tokenizer, self.folder)
        limit = position_limit(self.network, self.tokenizer)
        self.max_length = None if limit is None else limit - len(self._before) - len(self._after)
        self._parameters = sum(parameter.numel() for parameter in self.network.parameters())

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of the weights, configuration, tokenizer, settings, queries and version of the code."""
        folder = encoder_folder_hash(self.folder, self._config)
        settings = {"folder": folder, "windows": self.windows, "letters_apart": self.letters_apart}
        queries = self._pooling.queries
        return encoder_hash(self, settings, None if queries is None else {"queries": queries.cpu().numpy()})

    def content(self, entity: Any) -> bytes:
        """Return the text that the tokenizer reads."""
        return self._text(entity).encode()

    def pieces(self, entity: Any) -> list[Sequence[int]]:
        """Return the ids of the entity's text without those round it, whole or in windows.

        Raises
        ------
        UnsupportedError
            There is nothing to read, fewer positions than k, special tokens inside the text, or a text that the
            tokenizer hardly knows.
        LimitError
            More than :attr:`max_length` tokens, and no windows asked for.
        """
        ids: list[int] = self.tokenizer(self._text(entity), add_special_tokens=False, verbose=False)["input_ids"]
        self._check_ids(ids)
        limit = self.max_length
        if limit is None or len(ids) <= limit:
            return [ids]
        if not self.windows:
            raise LimitError(
                f"{len(ids):,} tokens, but the encoder reads at most {limit:,}; ask for windows (windows=true)",
                limit="max_length",
                actual=len(ids),
                allowed=limit,
            )
        return [part.tolist() for part in np.array_split(np.array(ids), -(-len(ids) // limit))]

    def run(self, batch: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the pooled states of each piece, ``float32 [b, k, d]``."""
        import torch

        with torch.inference_mode():
            states, mask = self.states(batch)
            found: NDArray[np.float32] = self._pooling(states, mask).float().cpu().numpy()
        return found

    def states(self, batch: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Return the hidden states of some pieces, ``[b, T, d]``, and where the entity's own are, ``bool [b, T]``."""
        import torch

        rows = [[*self._before, *ids, *self._after] for ids in batch]
        longest = max(map(len, rows))
        padding = _padding(self.tokenizer, self.network.config)
        ids = torch.tensor([row + [padding] * (longest - len(row)) for row in rows], device=self._device)
        places = torch.arange(longest, device=self._device)[None]
        lengths = torch.tensor([len(row) for row in rows], device=self._device)[:, None]
        own = (places >= len(self._before)) & (places < lengths - len(self._after))
        work = 2.0 * self._parameters * ids.numel() if self._device.type == "cpu" else 0.0
        with threads_for(work):
            answer = self.network(input_ids=ids, attention_mask=(places < lengths).long())
        return answer.last_hidden_state, own

    def _text(self, entity: Any) -> str:
        text = kind_named(self.kind).text(entity)
        return " ".join(text) if self.letters_apart else text

    def _check_ids(self, ids: Sequence[int]) -> None:
        self._pooling.check_positions(len(ids))
        unknown = self.tokenizer.unk_token_id
        if unknown is not None and ids.count(unknown) > _MOST_UNKNOWN * len(ids):
            raise UnsupportedError(
                f"{ids.count(unknown):,} of {len(ids):,} tokens are unknown to this tokenizer: it was made for another "
                "kind of text" + ("" if self.letters_apart else ", or for letters apart (letters_apart=true)")
            )
        special = set(self.tokenizer.all_special_ids) - {unknown}
        found = next((one for one in ids if one in special), None)
        if found is not None:
            shown = self.tokenizer.convert_ids_to_tokens(found)
            raise UnsupportedError(f"the text spells the tokenizer's own token {shown!r}, which says nothing of it")


def _kind(asked: str | None, architecture: str) -> str:
    """Return the kind that is asked for, or the one that the architecture reads."""
    if asked is not None:
        return kind_named(asked).name
    if architecture not in KINDS:
        raise ConfigurationError(
            f"an encoder of the architecture {architecture!r} may read anything; say what with kind= "
            f"({', '.join(kind_names())})"
        )
    return KINDS[architecture]


def _framing(tokenizer: Any, folder: Path) -> tuple[list[int], list[int]]:
    """Return the ids that a tokenizer puts before and behind a text."""
    text = "C"
    inner = tokenizer(text, add_special_tokens=False)["input_ids"]
    framed = tokenizer(text)["input_ids"]
    for start in range(len(framed) - len(inner) + 1):
        if framed[start : start + len(inner)] == inner:
            return framed[:start], framed[start + len(inner) :]
    raise UnsupportedError("the tokenizer changes a text when it puts its own tokens round it", file=str(folder))


def _padding(tokenizer: Any, config: Any) -> int:
    """Return the id of padding, which networks of the RoBERTa family look for; masked, so that any id serves others."""
    found = getattr(config, "pad_token_id", None)
    found = tokenizer.pad_token_id if found is None else found
    return 0 if found is None else int(found)
