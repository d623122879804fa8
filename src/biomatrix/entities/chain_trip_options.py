"""Options of the round trip of chains of any kind."""

from __future__ import annotations

from dataclasses import dataclass

from biomatrix.entities.options import option


@dataclass(frozen=True)
class ChainTripOptions:
    """What the round trips of proteins and of nucleic acids are told; see :mod:`biomatrix.entities.chain_trip`.

    Parameters
    ----------
    noise : float
        Also replace this share of the codes by samples of a bigram model.
    seed : int
        Seed of the replacement.
    """

    noise: float = option(0.0, "also draw this share of the codes from a bigram model.", least=0.0, most=1.0)
    seed: int = option(0, "seed of --noise.", least=0)
