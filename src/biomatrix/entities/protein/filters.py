"""The filters of protein chains: length, unknown residues, low complexity, resolution, confidence, missing backbone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from biomatrix.entities.entity_filter import EntityFilter, above, number_in, outside
from biomatrix.entities.protein.entity import Protein

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
_UNKNOWN: Final = "XBZJ"
"""Letters for several residues, or any."""
_LETTERS: Final = 26


class ProteinLength(EntityFilter):
    """Residues, from ``least`` to ``most``."""

    least: Count = 30
    most: Count = 2048

    def reason(self, entity: Protein, fields: Mapping[str, str]) -> str | None:
        return outside("residues", len(entity), self.least, self.most)


class ProteinUnknown(EntityFilter):
    """The largest share of residues that are not one of the twenty-two amino acids: X, B, Z, J."""

    share: Share = 0.05

    def reason(self, entity: Protein, fields: Mapping[str, str]) -> str | None:
        unknown = sum(map(entity.sequence.count, _UNKNOWN)) / max(len(entity), 1)
        return above("share of unknown residues", unknown, self.share)


class ProteinComplexity(EntityFilter):
    """The largest share of residues in stretches of low complexity.

    A stretch is one of ``window`` residues whose Shannon entropy is at most ``bits``: the trigger of SEG (Wootton and
    Federhen, 1993), 12 residues and 2.2 bits.
    """

    share: Share = 0.5
    window: Annotated[int, Field(ge=4, le=64)] = 12
    bits: Annotated[float, Field(ge=0, le=4.4)] = 2.2

    def reason(self, entity: Protein, fields: Mapping[str, str]) -> str | None:
        return above("share of low complexity", low_complexity(entity.sequence, self.window, self.bits), self.share)


class ProteinResolution(EntityFilter):
    """The largest resolution in Angstrom that a field states; chains without one pass unless it is ``needed``."""

    field: str = "resolution"
    most: Annotated[float, Field(gt=0)] = 4.0
    needed: bool = False

    def reason(self, entity: Protein, fields: Mapping[str, str]) -> str | None:
        value = number_in(fields, self.field)
        if value is None:
            return f"no {self.field} is stated" if self.needed else None
        return f"{self.field} {value:g} Angstrom, above {self.most:g}" if value > self.most else None


class ProteinConfidence(EntityFilter):
    """The least mean pLDDT, from 0 to 100, that a field states; chains without one pass unless it is ``needed``."""

    field: str = "plddt"
    least: Annotated[float, Field(ge=0, le=100)] = 70.0
    needed: bool = False

    def reason(self, entity: Protein, fields: Mapping[str, str]) -> str | None:
        value = number_in(fields, self.field)
        if value is None:
            return f"no {self.field} is stated" if self.needed else None
        return f"{self.field} {value:g}, below {self.least:g}" if value < self.least else None


class ProteinBackbone(EntityFilter):
    """The largest share of residues whose N, CA or C is not resolved; sequences alone pass."""

    missing: Share = 0.2

    def reason(self, entity: Protein, fields: Mapping[str, str]) -> str | None:
        if entity.backbone is None:
            return None
        missing = float(np.isnan(entity.backbone).any(axis=(1, 2)).mean())
        return above("share of missing backbone", missing, self.missing)


def low_complexity(sequence: str, window: int, bits: float) -> float:
    """Return the share of residues in a stretch of ``window`` residues of at most ``bits`` of Shannon entropy.

    Examples
    --------
    >>> low_complexity("Q" * 30 + "ACDEFGHIKLMNPQRSTVWYACDEFGHIKL", 12, 2.2) > 0.4
    True
    """
    codes = np.frombuffer(sequence.encode("ascii", "replace"), dtype=np.uint8) % _LETTERS
    if len(codes) < window:
        return 0.0
    steps = np.zeros((len(codes) + 1, _LETTERS), dtype=np.int32)
    np.cumsum(codes[:, None] == np.arange(_LETTERS), axis=0, out=steps[1:])
    counts = steps[window:] - steps[:-window]
    low = np.flatnonzero(_terms(window)[counts].sum(axis=1) <= bits)
    edges = np.zeros(len(codes) + 1, dtype=np.int32)
    np.add.at(edges, low, 1)
    np.add.at(edges, low + window, -1)
    return float((np.cumsum(edges[:-1]) > 0).mean())


@cache
def _terms(window: int) -> NDArray[np.float64]:
    """Return -p log2 p, ``float64 [window + 1]``, of a letter by its number in a window."""
    share = np.arange(window + 1) / window
    return -share * np.log2(np.where(share > 0, share, 1.0))
