"""Texts with the protein that answers them, as ProDVa publishes CAMEO and Molinst-SwissProtCLAP.

JSON lists of ``{"instruction", "sequence"}``, or of ``{"instruction", "reference"}`` as PDFBench writes them. Settings:
``files``, the file of each split; ``style``, ``keywords`` or ``description``, what an instruction has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities import Protein
from biomatrix.entities.rejects import Reject
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.json_rows import json_rows
from biomatrix.tasks.benchmarks.rows.pair_examples import text
from biomatrix.tasks.benchmarks.rows.split_files import of_split
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples

_END: Final = "The designed protein sequence is"


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the rows of a split."""
    path = official_file(folder, of_split(settings["files"], split))
    return row_examples(json_rows(path), path, lambda number, row: [_example(number, row, settings)])


def _example(number: int, row: Mapping[str, Any], settings: Mapping[str, Any]) -> Example:
    instruction = text(row, "instruction")
    designed = Protein.from_sequence(text(row, "sequence" if "sequence" in row else "reference"))
    wanted = function_of(instruction, settings.get("style", "keywords"))
    domains = [str(each.get("InterPro-ID", "")) for each in row.get("InterPro", ()) if isinstance(each, dict)]
    facts = {"function": wanted, "instruction": instruction, "interpro": domains, "residues": len(designed)}
    return Example(str(number), {"function": wanted}, (designed.sequence,), designed, facts)


def function_of(instruction: str, style: str) -> str:
    """Return the part of an instruction that says what the protein shall do, as PDFBench cuts it.

    Parameters
    ----------
    instruction : str
    style : str
        ``keywords``, which follow the first colon, or ``description``, which begins with ``1.``.

    Examples
    --------
    >>> function_of("Design a protein with keywords: Kinase, Membrane. The designed protein sequence is", "keywords")
    'Kinase, Membrane'
    """
    plain = instruction.strip().removesuffix(_END).strip()
    if style == "keywords":
        _, colon, behind = plain.partition(":")
        return (behind if colon else plain).removesuffix(".").strip()
    found = re.search(r"1\.", plain)
    return (plain[found.start() :] if found else plain).strip()
