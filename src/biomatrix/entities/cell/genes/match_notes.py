"""What is said of the names of genes that matched, and of those that did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.cell.genes.names import is_number, parts_of, without_genome
from biomatrix.entities.cell.genes.table import gene_table
from biomatrix.entities.cell.regions import region_of_name

WARNED_BELOW: Final = 0.50
"""The share below which the result warns."""
EXAMPLES: Final = 10
"""How many names that match nothing are shown."""
MATCHES: Final[tuple[str, ...]] = (
    "id", "versioned id", "id in the name", "symbol", "retired id", "alias", "renamed", "spreadsheet date", "case",
    "id on chrY",
)  # fmt: skip
"""How a name may have matched, the surest first: of two columns of one gene, the surer keeps it."""
MISSES: Final[tuple[str, ...]] = ("unknown", "ambiguous", "other species", "second column")
"""Why a name has no gene."""

_MOUSE: Final = 0.5
"""From this share of names in title case on, a file is taken to hold genes of a mouse or rat."""


def notes_on(names: list[str], genes: NDArray[np.object_], how: NDArray[np.object_], folds: bool) -> tuple[str, ...]:
    """Return what was found and decided, one sentence each."""
    matched, counts = int((genes != "").sum()), Counter(how.tolist())
    share = matched / len(names)
    ways = ", ".join(f"{counts[way]:,} {way}" for way in (*MATCHES, *MISSES) if counts[way])
    notes = [f"{matched:,} of {len(names):,} genes matched, {share:.1%} ({ways})"]
    if share < WARNED_BELOW:
        missing = ", ".join(repr(name) for name, gene in zip(names, genes, strict=True) if not gene)
        notes.append(
            f"warning: fewer than half of the genes are known, {share:.1%}; unknown are {_cut(missing)}; "
            "is the right column taken for their names?"
        )
    if counts["retired id"]:
        notes.append(f"followed by the symbol, since the Ensembl id is retired: {counts['retired id']:,}")
    rows = gene_table().rows_of_symbol
    several = [name for name, way in zip(names, how, strict=True) if way == "symbol" and len(rows[_bare(name)]) > 1]
    if several:
        notes.append(
            f"symbols that stand for two genes: {len(several):,} ({', '.join(several[:3])}); the protein-coding, else "
            "the one on a chromosome other than chrY, else the older was taken; give Ensembl ids to settle it"
        )
    if counts["ambiguous"]:
        notes.append(f"left out, since they name several genes: {counts['ambiguous']:,}")
    if counts["second column"]:
        notes.append(f"left out, since a surer column has the gene: {counts['second column']:,}")
    if counts["other species"]:
        why = "" if folds else "; where many names are written like Cd3d, they count as those of a mouse"
        notes.append(f"left out, since they are genes of another species: {counts['other species']:,}{why}")
    return tuple(notes)


def _bare(name: str) -> str:
    """Return the symbol in a name that matched by its symbol."""
    plain = without_genome(name)
    return (parts_of(plain) or (plain, ""))[0]


def _cut(text: str, most: int = 120) -> str:
    return text if len(text) <= most else f"{text[:most].rpartition(',')[0]}, ..."


def refusal(share: float, counts: Mapping[str, int], missing: list[str], title: float) -> str:
    """Return why names were refused, with ten of them and what to do."""
    total = sum(counts.values())
    shown = ", ".join(repr(name) for name in missing[:EXAMPLES])
    other = counts.get("other species", 0) / total
    if other >= _MOUSE or title >= _MOUSE:
        return (
            f"these are genes of another species, such as a mouse: {shown}; map them to human orthologues first, "
            "by a table of one-to-one orthologues"
        )
    if sum(region_of_name(name) is not None for name in missing) > len(missing) / 2:
        return (
            f"the columns are regions, not genes: {shown}; read as open chromatin they need their assembly, such as "
            "assembly='hg38'"
        )
    hint = "name the column that holds symbols or Ensembl ids"
    if sum(map(is_number, missing)) > len(missing) / 2:
        hint = f"they are numbers; {hint}"
    return f"only {share:.1%} of {total:,} names are human genes; unknown are {shown}; {hint}"
