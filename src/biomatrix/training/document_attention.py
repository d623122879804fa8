"""Attention that is told where documents begin, so that no mask is made and nothing masked is computed.

On a GPU it is torch's attention over rows of any length (``torch.nn.attention.varlen``, flash attention); the list of
borders is as long as there are documents, because the kernel starts blocks for every border that it is given. On a CPU,
for which torch has no such kernel, documents are taken one after another: the same sums, for tests.

Legend of shapes: B rows, T tokens of a row, N = B T tokens, S documents, H heads, K key-value heads, E head width.
"""

from __future__ import annotations

import inspect
from itertools import pairwise
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from biomatrix.errors import ConfigurationError


def _kernel() -> Any:
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:  # before torch 2.10
        return None
    return varlen_attn


_ATTEND: Final = _kernel()
_KNOWN: Final = frozenset(inspect.signature(_ATTEND).parameters) if _ATTEND else frozenset[str]()
# What asks for causal attention, and for fewer key-value heads, changed from version to version.
_CAUSAL: Final[dict[str, Any]] = {"window_size": (-1, 0)} if "window_size" in _KNOWN else {"is_causal": True}
_GROUPED: Final[dict[str, Any]] = {"enable_gqa": True} if "enable_gqa" in _KNOWN else {}

VARLEN: Final = "varlen"
"""The name under which Transformers finds this attention."""


def document_borders(position_ids: NDArray[np.int64]) -> tuple[NDArray[np.int32], int]:
    """Return where documents begin in rows laid end to end, and the longest document, rounded up.

    Parameters
    ----------
    position_ids : ndarray, shape=(B, T), dtype=int64
        Positions that start again at 0 with each document.

    Returns
    -------
    borders : ndarray, shape=(S + 1,), dtype=int32
        The first token of each document, then N.
    longest : int
        The smallest power of two that no document exceeds, so that a compiled step sees few of them.

    Examples
    --------
    >>> document_borders(np.array([[0, 1, 2, 0, 1], [0, 1, 2, 3, 4]]))
    (array([ 0,  3,  5, 10], dtype=int32), 8)
    """
    flat = position_ids.reshape(-1)
    borders = np.append(np.flatnonzero(flat == 0), flat.size).astype(np.int32)
    return borders, 1 << (int(np.diff(borders).max()) - 1).bit_length()


def use_document_attention(gpu: bool, bf16: bool) -> None:
    """Make ``varlen`` known to Transformers.

    Parameters
    ----------
    gpu : bool
        Whether it will compute on one.
    bf16 : bool
        Whether in bfloat16, as the kernel does.

    Raises
    ------
    ConfigurationError
        There is a GPU, and this torch has no attention over rows of any length, or the run is in float32.
    """
    from transformers import AttentionInterface

    if gpu and not bf16:
        raise ConfigurationError('run.attention = "varlen" computes in bfloat16: set run.precision to "bf16"')
    if gpu and not _KNOWN:
        raise ConfigurationError(
            f'run.attention = "varlen" needs torch.nn.attention.varlen, which torch {torch.__version__} lacks; update '
            'torch, or set run.attention to "sdpa"'
        )
    registry: Any = AttentionInterface
    registry.register(VARLEN, document_attention)


def document_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    cu_seq_lens_q: Tensor | None = None,
    max_length_q: int | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Return causal attention within documents, in the form in which Transformers asks for it.

    Parameters
    ----------
    module : Module
        The layer that asks.
    query : Tensor, shape=(B, H, T, E)
    key, value : Tensor, shape=(B, K, T, E)
    attention_mask : None
        There is none.
    scaling : float, optional
        What products are multiplied with.
    cu_seq_lens_q : Tensor, shape=(S + 1,), dtype=int32
        See :func:`document_borders`.
    max_length_q : int
        The longest document, or more.

    Returns
    -------
    Tensor, shape=(B, T, H, E)
        And no weights.

    Raises
    ------
    ValueError
        Rows come without borders.
    """
    if cu_seq_lens_q is None or max_length_q is None:
        raise ValueError("varlen attention was given no borders of documents")
    rows = query.shape[0]
    # Rotary positions leave float32, and the kernel takes half precision alone.
    kind = torch.bfloat16 if query.is_cuda else value.dtype
    q_NHE, k_NKE, v_NKE = (part.transpose(1, 2).flatten(0, 1).to(kind) for part in (query, key, value))
    attend = _on_gpu if query.is_cuda else _one_by_one
    out_NHE = attend(q_NHE, k_NKE, v_NKE, cu_seq_lens_q, max_length_q, scaling)
    return out_NHE.unflatten(0, (rows, -1)), None


def _on_gpu(q: Tensor, k: Tensor, v: Tensor, borders: Tensor, longest: int, scaling: float | None) -> Tensor:
    scale = {"scale": scaling} if "scale" in _KNOWN else {}
    out: Tensor = _ATTEND(q, k, v, borders, borders, longest, longest, **_CAUSAL, **_GROUPED, **scale)
    return out


@torch.compiler.disable  # type: ignore[untyped-decorator]
def _one_by_one(q: Tensor, k: Tensor, v: Tensor, borders: Tensor, longest: int, scaling: float | None) -> Tensor:
    parts = []
    for start, stop in pairwise(borders.tolist()):
        query, key, value = (part[start:stop].transpose(0, 1)[None] for part in (q, k, v))
        out = F.scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling, enable_gqa=True)
        parts.append(out[0].transpose(0, 1))
    return torch.cat(parts)
