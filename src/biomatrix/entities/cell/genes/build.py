"""Builds the tables of genes that ship: ``python -m biomatrix.entities.cell.genes.build --from FOLDER``.

The folder holds ``human_genes.parquet`` (ensembl_id, symbol, biotype, chrom, start, end, strand, length),
``hgnc_aliases.parquet`` (symbol, approved), ``geneformer_v1.parquet`` (token, id, median) and
``geneformer_v1_names.parquet`` (symbol, ensembl_id). The same folder gives the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.cell.genes.table import ALIASES, GENEFORMER, GENES

_SPECIAL: Final = ("<pad>", "<mask>")
_STRANDS: Final = {"+": 1, "-": -1}


def build(source: Path, target: Path) -> None:
    """Write the tables of genes, aliases and Geneformer's vocabulary.

    Parameters
    ----------
    source : Path
        The folder with the tables they are made from.
    target : Path
        Where the three Parquet files go.
    """
    from pyarrow import array, int8, int32, table
    from pyarrow.parquet import read_table

    human = read_table(source / "human_genes.parquet").to_pydict()
    ids, symbols = human["ensembl_id"], human["symbol"]
    genes = table({
        "gene": array([_number(gene) for gene in ids], int32()),
        "symbol": ["" if symbol == gene else symbol for gene, symbol in zip(ids, symbols, strict=True)],
        "biotype": array(human["biotype"]).dictionary_encode(),
        "chromosome": array(human["chrom"]).dictionary_encode(),
        "start": array(human["start"], int32()),
        "end": array(human["end"], int32()),
        "strand": array([_STRANDS[strand] for strand in human["strand"]], int8()),
        "length": array(human["length"], int32()),
    })  # fmt: skip
    known = read_table(source / "geneformer_v1.parquet").to_pydict()
    tokens = [row for row in zip(known["token"], known["id"], known["median"], strict=True) if row[0] not in _SPECIAL]
    geneformer = table({
        "gene": [gene for gene, _, _ in tokens],
        "token": array([token for _, token, _ in tokens], int32()),
        "median": [median for _, _, median in tokens],
    })  # fmt: skip
    rows = _aliases(
        read_table(source / "hgnc_aliases.parquet").to_pylist(),
        read_table(source / "geneformer_v1_names.parquet").to_pylist(),
        set(ids),
        set(symbols),
    )
    aliases = table({
        "name": [name for name, _, _ in rows],
        "target": [target for _, target, _ in rows],
        "source": array([source for _, _, source in rows]).dictionary_encode(),
    })  # fmt: skip
    target.mkdir(parents=True, exist_ok=True)
    for name, made in ((GENES, genes), (ALIASES, aliases), (GENEFORMER, geneformer)):
        _write(made, target / name)


def _aliases(
    hgnc: list[dict[str, str]], named: list[dict[str, str]], ids: set[str], symbols: set[str]
) -> list[tuple[str, str, str]]:
    """Return (name, current symbol or Ensembl id, source): HGNC's, then what Geneformer's names add to them.

    HGNC's rows are kept whole, also those whose symbol is not in the table: a name of two genes stays ambiguous.
    """
    rows = [(row["symbol"], row["approved"], "hgnc") for row in hgnc if row["symbol"] != row["approved"]]
    known = symbols | {name for name, _, _ in rows}
    for row in named:
        symbol, gene = row["symbol"], row["ensembl_id"]
        if gene in ids and symbol not in known:
            rows.append((symbol, gene, "geneformer_v1"))  # its symbol has changed since
        elif gene not in ids and symbol in symbols:
            rows.append((gene, symbol, "geneformer_v1"))  # its id has been retired since
    return sorted(set(rows))


def _number(gene: str) -> int:
    return int(gene.removeprefix("ENSG"))


def _write(table: Any, path: Path) -> None:
    from pyarrow.parquet import write_table

    write_table(table, path, compression="zstd", compression_level=19, write_statistics=False, store_schema=False)


def main() -> None:
    """Build from the folder named on the command line, into the package."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="the folder of tables to build from")
    parser.add_argument("--to", dest="target", type=Path, default=Path(__file__).parent, help="where the files go")
    given = parser.parse_args()
    build(given.source, given.target)


if __name__ == "__main__":
    main()
