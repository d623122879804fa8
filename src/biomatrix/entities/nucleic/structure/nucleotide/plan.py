"""How to fit a codebook of the geometric codec of nucleic acids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from biomatrix.entities.nucleic.structure.nucleotide.points import Points
from biomatrix.errors import ConfigurationError


@dataclass(frozen=True)
class NucleotideFit:
    """How to fit a codebook.

    Parameters
    ----------
    num_codes : int
        All codes, jumps among them.
    num_break : int
        How many of them are jumps over breaks.
    open_rounds : int
        Rounds of k-means on open-loop steps.
    closed_rounds : int
        Rounds in which strands are encoded and every code moves to the mean of what it was chosen for.
    per_group : int
        Strands of a group of relatives that are learned from at most, in k-means and in each draw of a round: a few
        families fill such tables, and a codebook for them is worse for others.
    restarts : int
        Draws of strands that are encoded in each of those rounds, each from first frames turned and moved at random: so
        a step is seen from several rebuilt frames.
    start_turn, start_shift : float
        How far, in radians and Angstrom: the standard deviation about and along each axis.
    fit_beams, num_beams : int
        Hypotheses kept while encoding, in the fit and in the tokenizer it is for.
    num_candidates : int
        Codes compared for each of them.
    synthetic_breaks : int
        Jumps made by leaving out stretches of strands, beside the real ones.
    mean_gap : float
        Mean length of those stretches, in nucleotides.
    seed : int
        Seed of every draw.
    atoms : sequence of (int, float)
    levers : sequence of 3 float
        See `Points`.
    shift_base, shift_stages : int
        How many shifts make a jump finer, and over how many nucleotides.
    neighbours : int
        Whole nucleotides that the shape of a code is the mean of, where too few were coded by it.
    """

    num_codes: int = 256
    num_break: int = 16
    open_rounds: int = 12
    closed_rounds: int = 8
    per_group: int = 8
    restarts: int = 2
    start_turn: float = 0.03
    start_shift: float = 0.2
    fit_beams: int = 16
    num_beams: int = 32
    num_candidates: int = 256
    synthetic_breaks: int = 20_000
    mean_gap: float = 8.0
    seed: int = 0
    atoms: Sequence[Sequence[float]] = ((0, 1.0), (5, 1.0), (12, 1.0))
    levers: Sequence[float] = (1.4, 1.4, 1.4)
    shift_base: int = 4
    shift_stages: int = 8
    neighbours: int = 12

    def __post_init__(self) -> None:
        if not 1 <= self.num_break < self.num_codes:
            raise ConfigurationError(f"{self.num_codes} codes cannot hold {self.num_break} jumps and a step")
        if (self.num_codes - self.num_break) % self.shift_base:
            raise ConfigurationError(
                f"{self.num_codes - self.num_break} steps are no multiple of {self.shift_base}, the shifts of a stage"
            )

    @property
    def points(self) -> Points:
        """What the search compares."""
        x, y, z = self.levers
        return Points(tuple((int(place), float(weight)) for place, weight in self.atoms), (x, y, z))
