"""What batches by length are worth to encoders of cells, and by how much vectors depend on the batch.

    python benchmarks/cell_encoders.py [--shared FOLDER] [--cells N] [--layers N] [--width N]

Networks have the published shape and random weights. Shallow cells (Kang, 10x) and deep ones (five cell lines, CEL-seq2
and Drop-seq) are mixed at random, as a table of several studies would be. All ways run in turn; the machine may be
shared, so that ratios count, and the least time of each is taken.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import anndata
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertConfig, BertModel

from biomatrix import Cell, CellSet
from biomatrix.entities.cell.published import scgpt_bins
from biomatrix.soft.encoders.cells import GeneDictionary, GeneRankEncoder, ScGptEncoder
from biomatrix.soft.encoders.cells.cell_network import CellNetworkEncoder
from biomatrix.soft.encoders.cells.scgpt_folder import ScGptDescription
from biomatrix.soft.encoders.cells.scgpt_network import ScGptNetwork, ScGptSizes

BATCH, ROUNDS, HEADS = 8, 2, 4
SETS = ("kang_ifnb", "cell_lines_protocols")


def mixed_cells(shared: Path, count: int) -> list[Cell]:
    """Return cells of both sets, half each, in random order."""
    draw = np.random.default_rng(0)
    cells: list[Cell] = []
    for name in SETS:
        table = anndata.read_h5ad(shared / "data/single_cell" / name / f"{name}.h5ad")
        if "ensembl_id" in table.var:
            ids = table.var["ensembl_id"]
            table.var["ensembl_id"] = ids.astype(str).where(ids.notna(), "")
        known = CellSet.from_anndata(table, values="counts", totals="n_counts" if "n_counts" in table.obs else None)
        cells += [known.cell(int(row)) for row in draw.choice(len(known), count // len(SETS), replace=False)]
    return [cells[place] for place in draw.permutation(len(cells))]


def encoders(cells: list[Cell], layers: int, width: int) -> dict[str, CellNetworkEncoder]:
    """Return networks of random weights in the published shapes."""
    torch.manual_seed(0)
    ranked = GeneDictionary.geneformer_v1()
    config = BertConfig(
        vocab_size=ranked.size, hidden_size=width, num_hidden_layers=layers, num_attention_heads=HEADS,
        intermediate_size=2 * width, max_position_embeddings=2048, hidden_act="relu", pad_token_id=0,
    )  # fmt: skip
    genes = sorted({gene for cell in cells for gene in cell.genes})
    sizes = ScGptSizes(len(genes) + 2, width, HEADS, width, layers)
    ids = {gene: place for place, gene in enumerate(genes)}
    return {
        "gene_rank": GeneRankEncoder(BertModel(config, add_pooling_layer=False), ranked, device="cpu"),
        "scgpt": ScGptEncoder(
            ScGptNetwork(sizes), ids, ScGptDescription(sizes, len(genes), len(genes) + 1), device="cpu"
        ),
    }


def in_order(encoder: CellNetworkEncoder, cells: list[Cell], batch: int) -> NDArray[np.float32]:
    """Return vectors of batches as the cells come."""
    written = [encoder.write(cell) for cell in cells]
    return np.concatenate([encoder.run(written[at : at + batch]) for at in range(0, len(written), batch)])


def padding(lengths: NDArray[np.int64]) -> float:
    """Return the share of positions that are padding where batches are cut from lengths in this order."""
    batches = [lengths[at : at + BATCH] for at in range(0, len(lengths), BATCH)]
    return 1 - lengths.sum() / sum(len(one) * one.max() for one in batches)


def main() -> None:
    """Measure both encoders and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--cells", type=int, default=48)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=128)
    asked = parser.parse_args()
    cells = mixed_cells(asked.shared, asked.cells)
    for name, encoder in encoders(cells, asked.layers, asked.width).items():
        lengths = np.array([len(encoder.write(cell)) for cell in cells])
        ways: dict[str, Callable[[], NDArray[np.float32]]] = {
            "by length": lambda encoder=encoder: encoder.encode(cells, BATCH),
            "as they come": lambda encoder=encoder: in_order(encoder, cells, BATCH),
            "one by one": lambda encoder=encoder: in_order(encoder, cells, 1),
        }
        seconds, vectors = dict.fromkeys(ways, np.inf), {}
        for _ in range(ROUNDS):
            for way, run in ways.items():
                start = time.perf_counter()
                vectors[way] = run()
                seconds[way] = min(seconds[way], time.perf_counter() - start)
        apart = max(float(np.abs(found - vectors["by length"]).max()) for found in vectors.values())
        print(f"{name}: {len(cells)} cells of {lengths.min()} to {lengths.max()} positions", flush=True)
        print(f"  padding: {padding(np.sort(lengths)[::-1]):.3f} by length, {padding(lengths):.3f} as they come")
        print("  " + "; ".join(f"{way} {seconds[way] / len(cells):.4f} s a cell" for way in ways))
        print(f"  by length against as they come: {seconds['as they come'] / seconds['by length']:.2f} times")
        print(f"  vectors differ by at most {apart:.1e}")
    whole = encoders(cells, 1, 8)["scgpt"]
    lowest = [np.bincount(scgpt_bins(cell.values)[0]).max() / len(cell) for cell in cells]
    spread = [
        np.bincount(whole.write(cell).values[1:].astype(int)).max() / (len(whole.write(cell)) - 1) for cell in cells
    ]
    print(
        f"share of genes in the fullest bin: {np.mean(lowest):.3f} where ties take the lowest, "
        f"{np.mean(spread):.3f} where they are spread"
    )


if __name__ == "__main__":
    main()
