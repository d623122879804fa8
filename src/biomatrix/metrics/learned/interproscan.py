"""Recovery of InterPro entries: which of those of the reference InterProScan finds in the design.

``PDFBench/PDFBench`` ``src/metrics/alignment/ipr_score.py``. References without entries are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from biomatrix.errors import ParseError
from biomatrix.metrics.answer_counts import checked_pairs
from biomatrix.metrics.learned.programs import program, run, write_fasta
from biomatrix.metrics.scores import Scores, mean_score


class InterProScan:
    """The program, found.

    Parameters
    ----------
    command : str
        Its path.
    cpus : int
        How many it may use.
    """

    def __init__(self, command: str, cpus: int = 1) -> None:
        self._command = command
        self._cpus = cpus

    @classmethod
    def load(cls, source: str | Path, device: str = "cpu") -> Self:
        """Return it by its path or its name."""
        return cls(program(source, "keyword recovery", "https://www.ebi.ac.uk/interpro/download/InterProScan/"))

    def entries(self, sequences: Sequence[str]) -> list[frozenset[str]]:
        """Return the accessions found in each sequence; none in an empty one."""
        distinct = sorted({sequence for sequence in sequences if sequence})
        found = self._scan(distinct) if distinct else {}
        return [found.get(sequence, frozenset()) for sequence in sequences]

    def _scan(self, sequences: Sequence[str]) -> Mapping[str, frozenset[str]]:
        with TemporaryDirectory() as name:
            folder = Path(name)
            write_fasta(folder / "sequences.fasta", sequences)
            output = folder / "entries.json"
            places = ["-i", str(folder / "sequences.fasta"), "-o", str(output), "-T", str(folder / "work")]
            run([self._command, *places, "-f", "JSON", "-cpu", str(self._cpus)], "InterProScan")
            try:
                return read_entries(json.loads(output.read_text(encoding="utf-8")))
            except (OSError, ValueError) as error:
                raise ParseError(f"InterProScan wrote no output that can be read ({error})") from None


def read_entries(output: Any) -> dict[str, frozenset[str]]:
    """Return accessions by sequence from the JSON that InterProScan writes; matches without an entry are passed over.

    Examples
    --------
    >>> match = {"signature": {"entry": {"accession": "IPR000001"}}}
    >>> read_entries({"results": [{"sequence": "MK", "matches": [match, {"signature": {"entry": None}}]}]})
    {'MK': frozenset({'IPR000001'})}
    """
    results = output.get("results") if isinstance(output, dict) else None
    if not isinstance(results, list):
        raise ParseError("no results in the output of InterProScan")
    found = {}
    for result in results:
        entries = [(match.get("signature") or {}).get("entry") or {} for match in result.get("matches", [])]
        accessions = frozenset(entry["accession"] for entry in entries if "accession" in entry)
        found[str(result.get("sequence", ""))] = accessions
    return found


def keyword_recovery(designed: Sequence[frozenset[str]], reference: Sequence[frozenset[str]]) -> Scores:
    """Return ``keyword_recovery``, the mean share of the reference's entries that the design has, from 0 to 1.

    Raises
    ------
    ValueError
        The numbers differ.
    """
    checked_pairs(reference, designed)
    shares = [
        len(found & known) / len(known) if known else float("nan")
        for found, known in zip(designed, reference, strict=True)
    ]
    return {"keyword_recovery": mean_score(shares)}
