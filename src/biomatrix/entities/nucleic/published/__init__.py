"""Other people's tokens of nucleic acids, bit for bit, and what their rules lose, said beside the ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

if TYPE_CHECKING:
    from biomatrix.entities.nucleic.published.byte_pairs import DnaBert2Tokenizer
    from biomatrix.entities.nucleic.published.codons import codonbert_tokens, mrna_gpt_tokens
    from biomatrix.entities.nucleic.published.evo_bytes import evo_text, evo_tokens
    from biomatrix.entities.nucleic.published.six_mers import six_mer_tokens, six_mer_vocabulary
    from biomatrix.entities.nucleic.published.tokens import PublishedTokens

_ROOM = "biomatrix.entities.nucleic.published"

__getattr__ = lazy_names(
    __name__,
    {
        "DnaBert2Tokenizer": f"{_ROOM}.byte_pairs",
        "PublishedTokens": f"{_ROOM}.tokens",
        "codonbert_tokens": f"{_ROOM}.codons",
        "evo_text": f"{_ROOM}.evo_bytes",
        "evo_tokens": f"{_ROOM}.evo_bytes",
        "mrna_gpt_tokens": f"{_ROOM}.codons",
        "six_mer_tokens": f"{_ROOM}.six_mers",
        "six_mer_vocabulary": f"{_ROOM}.six_mers",
    },
)

__all__ = [
    "DnaBert2Tokenizer",
    "PublishedTokens",
    "codonbert_tokens",
    "evo_text",
    "evo_tokens",
    "mrna_gpt_tokens",
    "six_mer_tokens",
    "six_mer_vocabulary",
]
