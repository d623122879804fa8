"""Diversity of sequences by MMseqs2: one less the mean identity of all ordered pairs.

``PDFBench/PDFBench`` ``src/metrics/others/diversity.py`` searches all against all at an e-value of a million, and
counts a pair that is not found as quite unlike. Its code adds up similarities where it says dissimilarities;
``seq_diversity`` is what its text means, ``seq_diversity_as_coded`` what the code returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

from biomatrix.errors import ParseError
from biomatrix.metrics.learned.programs import program, run, write_fasta
from biomatrix.metrics.scores import Score, Scores

E_VALUE: Final = "1000000"


class MMseqs:
    """The program, found.

    Parameters
    ----------
    command : str
        Its path.
    threads : int
    """

    def __init__(self, command: str, threads: int = 1) -> None:
        self._command = command
        self._threads = threads

    @classmethod
    def load(cls, source: str | Path, device: str = "cpu") -> Self:
        """Return it by its path or its name."""
        return cls(program(source, "sequence diversity", "https://github.com/soedinglab/MMseqs2"))

    def identities(self, sequences: Sequence[str]) -> dict[tuple[int, int], float]:
        """Return the identity, from 0 to 1, of the ordered pairs of different sequences that are found."""
        with TemporaryDirectory() as name:
            folder = Path(name)
            write_fasta(folder / "sequences.fasta", sequences)
            places = [str(folder / part) for part in ("sequences.fasta", "sequences.fasta", "hits.m8", "work")]
            limits = ["-v", "1", "-e", E_VALUE, "--threads", str(self._threads)]
            run([self._command, "easy-search", *places, *limits], "MMseqs2")
            return read_hits((folder / "hits.m8").read_text(encoding="utf-8", errors="replace"))


def read_hits(text: str) -> dict[tuple[int, int], float]:
    """Return the best identity of each ordered pair from lines of query, target, identity and more.

    Examples
    --------
    >>> read_hits("0\\t0\\t1.0\\t9\\n0\\t1\\t0.5\\t9\\n0\\t1\\t0.25\\t9\\n")
    {(0, 1): 0.5}
    """
    found: dict[tuple[int, int], float] = {}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            query, target, identity = line.split("\t")[:3]
            pair, value = (int(query), int(target)), float(identity)
        except ValueError:
            raise ParseError("no hit of MMseqs2: query, target, identity are wanted", position=number) from None
        if pair[0] != pair[1]:
            found[pair] = max(found.get(pair, 0.0), value)
    return found


def sequence_diversity(identities: dict[tuple[int, int], float], n: int) -> Scores:
    """Return the diversity of ``n`` sequences; NaN where there are fewer than two.

    Parameters
    ----------
    identities : mapping of (int, int) to float
        Of the ordered pairs that were found.
    n : int

    Examples
    --------
    >>> sequence_diversity({(0, 1): 0.5, (1, 0): 0.5}, 2)["seq_diversity"].value
    0.5
    """
    pairs = n * (n - 1)
    alike = sum(identities.values())
    values = {"seq_diversity": pairs - alike, "seq_diversity_as_coded": pairs - len(identities) + alike}
    return {
        name: Score(total / pairs if pairs else float("nan"), n, denominator=pairs) for name, total in values.items()
    }
