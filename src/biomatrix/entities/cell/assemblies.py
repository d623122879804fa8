"""Genome assemblies: what they are called, how long their chromosomes are, and what may not be mixed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.regions import CHROMOSOMES
from biomatrix.errors import ConfigurationError, ParseError, UnsupportedError

_LENGTHS: Final = {
    "hg38": (
        248_956_422, 242_193_529, 198_295_559, 190_214_555, 181_538_259, 170_805_979, 159_345_973, 145_138_636,
        138_394_717, 133_797_422, 135_086_622, 133_275_309, 114_364_328, 107_043_718, 101_991_189, 90_338_345,
        83_257_441, 80_373_285, 58_617_616, 64_444_167, 46_709_983, 50_818_468, 156_040_895, 57_227_415, 16_569,
    ),
    "hg19": (
        249_250_621, 243_199_373, 198_022_430, 191_154_276, 180_915_260, 171_115_067, 159_138_663, 146_364_022,
        141_213_431, 135_534_747, 135_006_516, 133_851_895, 115_169_878, 107_349_540, 102_531_392, 90_354_753,
        81_195_210, 78_077_248, 59_128_983, 63_025_520, 48_129_895, 51_304_566, 155_270_560, 59_373_566, 16_571,
    ),
    "hs1": (
        248_387_328, 242_696_752, 201_105_948, 193_574_945, 182_045_439, 172_126_628, 160_567_428, 146_259_331,
        150_617_247, 134_758_134, 135_127_769, 133_324_548, 113_566_686, 101_161_492, 99_753_195, 96_330_374,
        84_276_897, 80_542_538, 61_707_364, 66_210_255, 45_090_682, 51_324_926, 154_259_566, 62_460_029, 16_569,
    ),
}  # fmt: skip
"""Bases of the chromosomes of each assembly, in the order of :data:`CHROMOSOMES`."""
ASSEMBLIES: Final[tuple[str, ...]] = tuple(_LENGTHS)
_ALIASES: Final = MappingProxyType({
    "grch38": "hg38", "b38": "hg38", "hg38": "hg38",
    "grch37": "hg19", "b37": "hg19", "hs37d5": "hg19", "hg19": "hg19",
    "hs1": "hs1", "chm13": "hs1", "t2t": "hs1", "t2t-chm13v2.0": "hs1", "chm13v2.0": "hs1",
})  # fmt: skip
_RELEASES: Final = (("grch38", "hg38"), ("grch37", "hg19"), ("grcm38", "mm10"), ("grcm39", "mm39"))
"""How names of the Genome Reference Consortium begin, patches and sets of sequences behind them, and UCSC's names."""
_CHAINS: Final = "{first}To{second}.over.chain.gz"


def assembly_named(name: str, *, human: bool = True) -> str:
    """Return the name of an assembly as UCSC has it.

    Parameters
    ----------
    name : str
    human : bool
        Whether it must be a human one, whose chromosomes are known; any other name is else taken as it is.

    Raises
    ------
    ConfigurationError
        It is none of the human assemblies that are known.

    Examples
    --------
    >>> assembly_named("GRCh38.p14"), assembly_named("GRCm38", human=False)
    ('hg38', 'mm10')
    """
    plain = name.strip().lower()
    found = _ALIASES.get(plain) or _ALIASES.get(plain.partition(".p")[0])
    found = found or next((meant for start, meant in _RELEASES if plain.startswith(start)), None)
    if not human:
        return found or plain
    if found not in _LENGTHS:
        raise ConfigurationError(
            f"no assembly {name!r}; human genomes here are hg38 (GRCh38), hg19 (GRCh37) and hs1 (T2T-CHM13v2.0)"
        )
    return found


@cache
def chromosome_lengths(assembly: str) -> NDArray[np.int64]:
    """Return the bases of each chromosome, ``int64 [25]``, in the order of :data:`CHROMOSOMES`."""
    lengths = np.array(_LENGTHS[assembly_named(assembly)], dtype=np.int64)
    lengths.flags.writeable = False
    return lengths


def chromosome_index(name: str) -> int:
    """Return the place of a chromosome in :data:`CHROMOSOMES`, -1 for scaffolds and what is none.

    Examples
    --------
    >>> [chromosome_index(name) for name in ("chr2", "2", "X", "chrMT", "KI270728.1")]
    [1, 1, 22, 24, -1]
    """
    plain = name.strip()
    plain = plain[3:] if plain[:3].lower() == "chr" else plain
    return _PLACES.get(plain.upper(), -1)


_PLACES: Final = {**{name[3:]: place for place, name in enumerate(CHROMOSOMES)}, "MT": len(CHROMOSOMES) - 1}


def chromosome_indices(names: Sequence[str] | NDArray[np.object_]) -> NDArray[np.int16]:
    """Return the place of each chromosome in :data:`CHROMOSOMES`, ``int16 [n]``; -1 for what is none."""
    known: dict[str, int] = {}
    return np.array(
        [known[name] if name in known else known.setdefault(name, chromosome_index(str(name))) for name in names],
        dtype=np.int16,
    )


def require_assembly(found: str, wanted: str, what: str = "the regions") -> None:
    """Refuse what lies on another assembly than the one that is wanted.

    Parameters
    ----------
    found, wanted : str
        Names of assemblies.
    what : str
        What lies on ``found``, in the plural.

    Raises
    ------
    UnsupportedError
        The two differ; positions of one mean other places on the other.
    """
    first, second = assembly_named(found), assembly_named(wanted)
    if first != second:
        chain = _CHAINS.format(first=first, second=second[0].upper() + second[1:])
        raise UnsupportedError(
            f"{what} lie on {first} and {second} is wanted, where the same numbers are other places; write them as BED "
            f"and map them (liftOver FILE.bed {chain} OUT.bed LOST.bed, or CrossMap bed), or ask for assembly={first!r}"
        )


def check_intervals(
    chromosome: NDArray[np.int16],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    numbers: NDArray[np.int64] | None = None,
) -> None:
    """Check that intervals begin at 0 or more and end after their start; see :func:`check_inside`."""
    wrong = np.flatnonzero((start < 0) | (end <= start))
    if len(wrong):
        at = int(wrong[0])
        raise ParseError(
            f"{CHROMOSOMES[chromosome[at]]} from {start[at]} to {end[at]} is no interval: it starts below 0, or does "
            "not end after its start; positions are 0-based, the end is not included",
            position=at + 1 if numbers is None else int(numbers[at]),
        )


def check_inside(
    assembly: str,
    chromosome: NDArray[np.int16],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    numbers: NDArray[np.int64] | None = None,
) -> None:
    """Check that intervals lie on their chromosomes.

    Parameters
    ----------
    assembly : str
    chromosome : ndarray, shape=(n,), dtype=int16
        Places in :data:`CHROMOSOMES`, none below 0.
    start, end : ndarray, shape=(n,), dtype=int64
        0-based, half open.
    numbers : ndarray, shape=(n,), dtype=int64, optional
        The number of each in its file, for messages; counted from 1 when not given.

    Raises
    ------
    ParseError
        One does not end after its start, starts below 0, or ends past its chromosome, which suggests another assembly.
    """
    check_intervals(chromosome, start, end, numbers)
    lengths = chromosome_lengths(assembly)[chromosome]
    over = np.flatnonzero(end > lengths)
    if len(over):
        at = int(over[0])
        others = [one for one in ASSEMBLIES if (end <= chromosome_lengths(one)[chromosome]).all()]
        hint = f"all lie within {' and '.join(others)}" if others else "they lie within no assembly that is known"
        raise ParseError(
            f"{CHROMOSOMES[chromosome[at]]} from {start[at]} to {end[at]} ends past that chromosome of {assembly}, "
            f"{lengths[at]:,} bases; {hint}: is the assembly right?",
            position=at + 1 if numbers is None else int(numbers[at]),
        )
