"""The options of the round trip of molecules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from biomatrix.entities.options import option


@dataclass(frozen=True)
class MoleculeRoundTripOptions:
    """Options of :func:`biomatrix.entities.molecule.round_trip.measure.round_trip`.

    Parameters
    ----------
    embed : bool
        Embed files of SMILES or SELFIES; otherwise they are refused.
    embed_attempts : int, optional
        The starting positions tried for each molecule that is embedded; by its size when not given.
    closed_loop : bool, optional
        Overrides what the weights were made for.
    decoder : {"branch", "trunk"}, optional
        Which decoder of the published checkpoint.
    reference : bool
        Behave exactly as the published code.
    refine : {"mmff", "uff", "xtb"}, optional
        Also refine what was decoded, and report before and after.
    """

    embed: bool = option(True, "embed SMILES by ETKDGv3 and MMFF94, seed 0.", flags="--embed/--no-embed")
    embed_attempts: int | None = option(
        None, "starting positions tried for each molecule that is embedded; by its size when not given.", least=1
    )
    closed_loop: bool | None = option(None, "override what the weights say.", flags="--closed-loop/--open-loop")
    decoder: Literal["branch", "trunk"] | None = option(None, "which decoder of the published checkpoint.")
    reference: bool = option(False, "behave exactly as the published code.", flags="--reference")
    refine: Literal["mmff", "uff", "xtb"] | None = option(
        None, "also refine what was decoded; reports before and after."
    )
