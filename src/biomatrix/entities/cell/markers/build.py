"""Builds the table of markers that ships: ``python -m biomatrix.entities.cell.markers.build --from FILE``.

The file is a Parquet table with ``symbol`` and ``cell_type``, one row a pair. Symbols of any age are brought to Ensembl
ids by the package's resolver; what stands for no gene is left out and counted. The same file gives the same bytes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from biomatrix.entities.cell.genes.resolver import resolve
from biomatrix.entities.cell.markers.table import MARKERS


def build(source: Path, target: Path) -> tuple[int, int]:
    """Write the table of pairs of type and gene; return how many pairs it has, and how many were left out."""
    from pyarrow import array, int32, table
    from pyarrow.parquet import read_table, write_table

    given = read_table(source, columns=["symbol", "cell_type"]).to_pydict()
    pairs = set(zip(given["cell_type"], given["symbol"], strict=True))
    symbols = sorted({symbol for _, symbol in pairs})
    gene_of = dict(zip(symbols, resolve(symbols).ensembl_ids.tolist(), strict=True))
    found = sorted({(name, gene_of[symbol]) for name, symbol in pairs if gene_of[symbol]})
    lost = len(pairs) - sum(bool(gene_of[symbol]) for _, symbol in pairs)
    made = table({
        "type": array([name for name, _ in found]).dictionary_encode(),
        "gene": array([int(gene.removeprefix("ENSG")) for _, gene in found], int32()),
    })  # fmt: skip
    target.mkdir(parents=True, exist_ok=True)
    write_table(
        made, target / MARKERS, compression="zstd", compression_level=19, write_statistics=False, store_schema=False
    )
    return len(found), lost


def main() -> None:
    """Build from the file named on the command line, into the package."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="the table to build from")
    parser.add_argument("--to", dest="target", type=Path, default=Path(__file__).parent, help="where the file goes")
    given = parser.parse_args()
    kept, lost = build(given.source, given.target)
    sys.stdout.write(f"{kept:,} pairs, {lost:,} left out\n")


if __name__ == "__main__":
    main()
