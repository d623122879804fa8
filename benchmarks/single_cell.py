"""The floors of tasks on single cells, beside the figures that are known, and what small decoders reach.

    python benchmarks/single_cell.py --shared ../shared                          # every table of floors
    python benchmarks/single_cell.py --shared ../shared --tables annotation      # one of them
    python benchmarks/single_cell.py --shared ../shared --tables annotation --decoder --tasks pbmc_annotation
    python benchmarks/single_cell.py --shared ../shared --tables random          # what random splits flatter

Each row says its split. A known figure stands below with ours, and "differs" where ours is not within 0.01 of it.
Integration needs the igraph package. With --decoder the small Qwen3 of ``benchmarks/cells`` is trained on the training
cells of each task and asked the others; its weights are never kept.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from cells.known import KNOWN, Known
from numpy.typing import NDArray

from biomatrix.evaluation.baselines.cells.alignment import text_vectors
from biomatrix.evaluation.baselines.cells.base_rates import base_rates
from biomatrix.evaluation.baselines.cells.imputation import components
from biomatrix.evaluation.cells.annotation import annotation_result
from biomatrix.evaluation.cells.cell_ontology import read_ancestors
from biomatrix.evaluation.cells.description import description_result
from biomatrix.evaluation.cells.filling import SHARE, filling_result
from biomatrix.evaluation.cells.integration import integration_result
from biomatrix.evaluation.cells.response import response_result
from biomatrix.evaluation.cells.results import CellResult
from biomatrix.evaluation.cells.split import random_split
from biomatrix.evaluation.cells.task_list import CellTask, cell_task, cell_tasks
from biomatrix.metrics.cells.clustering import Graph
from biomatrix.metrics.cells.imputation import hidden_entries
from biomatrix.metrics.cells.integration import batch_silhouette, ilisi
from biomatrix.metrics.cells.pair_ranking import auroc, within_gene_auroc

CLOSE = 0.01
CELL_LISTS = "markers/panglaodb_human_in_wikidata.parquet"
PAIRS = ("k562-de", "k562-dir", "rpe1-dir", "hepg2-dir", "jurkat-dir")


def show(result: CellResult, known: Mapping[str, Known] = KNOWN) -> None:
    """Print a table, then each known figure with ours."""
    print(result.table())
    for method, figures in known.get(result.task, {}).items():
        row = next((each for each in result.rows if each.method == method), None)
        for metric, figure in figures.items():
            ours = float("nan") if row is None else row.scores.get(metric, float("nan"))
            verdict = "" if abs(ours - figure) <= CLOSE + 5e-4 else "  differs"
            print(f"    {method}, {metric}: {ours:.3f}, known {figure:.3f}{verdict}")
    print(flush=True)


def marker_lists(task: CellTask, folder: Path) -> dict[str, list[str]]:
    """Return the symbols of each type's lists."""
    table = pq.read_table(folder / CELL_LISTS, columns=["symbol", "cell_type"]).to_pydict()
    return {
        name: sorted({s for s, of in zip(table["symbol"], table["cell_type"], strict=True) if of in lists})
        for name, lists in task.markers.items()
    }


def of_question(question: str, chosen: list[str]) -> list[CellTask]:
    """Return the tasks of a question, or those of them that are named."""
    return [each for each in cell_tasks().values() if each.question == question and (not chosen or each.name in chosen)]


def annotation(folder: Path, chosen: list[str], decoder: bool) -> None:
    """Print the tables of annotation."""
    for task in of_question("annotation", chosen):
        cells = task.cells(folder)
        models = {}
        if decoder:
            from cells.annotator import decoder_method

            models = {"decoder": decoder_method(task)}
        lists, above = marker_lists(task, folder) or None, read_ancestors(folder)
        show(annotation_result(task, cells, task.sides(cells), lists, models, above))


def random_splits(folder: Path, chosen: list[str], decoder: bool) -> None:
    """Print what the same tasks are when cells are drawn at random: for comparison, never as a result."""
    for name in ("atac_annotation", "kang_annotation"):
        task = cell_task(name)
        cells = task.cells(folder)
        share = float(task.sides(cells).test.mean())
        show(annotation_result(replace_name(task), cells, random_split(len(cells), share, asked_for=True)))


def replace_name(task: CellTask) -> CellTask:
    """Return the task under a name that says how it is split."""
    return task.model_copy(update={"name": f"{task.name} (random)"})


def integration(folder: Path, chosen: list[str], decoder: bool) -> None:
    """Print scIB's parts as scIB computes them, then by the settings that the known figures rest on."""
    for task in of_question("integration", chosen):
        cells = task.cells(folder)
        graphs: tuple[Graph, ...] = ("umap", "shared")
        for graph in graphs:
            result = integration_result(task, cells, graph=graph)
            show(replace(result, task=f"{task.name} ({graph} graph)"))
        from biomatrix.evaluation.cells.integration import floor_vectors

        batches = cells.columns[task.split]
        for name, vectors in floor_vectors(cells, batches, 0).items():
            mixed = batch_silhouette(vectors, cells.labels, batches, each_cell=False)
            near = ilisi(vectors, batches, 30, weighted=False)
            print(f"    {name}: ASW batch of type means {mixed:.3f}, iLISI of 30 unweighted neighbours {near:.2f}")
        print()


def response(folder: Path, chosen: list[str], decoder: bool) -> None:
    """Print the response of unseen types, then the base rates of gene pairs."""
    for task in of_question("perturbation", chosen):
        cells = task.cells(folder)
        models = {}
        if decoder:
            from cells.responder import decoder_response

            models = {"decoder": decoder_response(cells, task.sides(cells))}
        show(response_result(task, cells, task.sides(cells), models))
    for name in PAIRS:
        table = pq.read_table(folder / f"perturbation_qa/{name}.parquet").to_pandas()
        train, test = table[table.split == "train"], table[table.split == "test"]
        told = base_rates(train.gene, train.label, test.gene)
        within, count = within_gene_auroc(test.gene, test.label, told)
        print(
            f"| {name} | perturbation ({len(train)}/{len(test)}) | base rate of the gene | AUROC "
            f"{auroc(test.label, told):.3f} | within {count} genes {within:.3f} |"
        )
    print()


def generation(folder: Path, chosen: list[str], decoder: bool) -> None:
    """Print what generated cells are worth, beside cells drawn gene by gene and real cells of the other donor."""
    for task in of_question("generation", chosen):
        from cells.generator import generation_result

        cells = task.cells(folder)
        show(generation_result(task, cells, task.sides(cells), decoder=decoder))


def imputation(folder: Path, chosen: list[str], decoder: bool) -> None:
    """Print how hidden values are filled."""
    for task in of_question("imputation", chosen):
        cells = task.cells(folder)
        show(filling_result(task, cells, task.sides(cells), {"PCA30, training cells hidden too": fitted_on_hidden}))


def fitted_on_hidden(train: NDArray[np.float64], asked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cells as components rebuild them that were fitted where a fifth of the values is hidden as well."""
    hidden = train.copy()
    hidden[hidden_entries(train, SHARE, 1)] = 0.0
    return components(hidden, asked)


def description(folder: Path, chosen: list[str], decoder: bool) -> None:
    """Print cells against the texts of their types."""
    ontology = pq.read_table(folder / "cell_ontology/cell_types.parquet").to_pandas()
    ontology = ontology[~ontology.deprecated]
    texts = [
        " ".join(filter(None, (row.label, row.definition, *row.synonyms))) for row in ontology.itertuples(index=False)
    ]
    vectors = dict(zip(ontology.id, text_vectors(texts), strict=True))
    for task in of_question("description", chosen):
        cells = task.cells(folder)
        ids = dict(zip(cells.labels.tolist(), cells.columns["cell_ontology_id"].tolist(), strict=True))
        table = {name: vectors[id_] for name, id_ in ids.items()}
        show(description_result(task, cells, task.sides(cells), table))


TABLES: Mapping[str, Callable[[Path, list[str], bool], None]] = {
    "annotation": annotation,
    "random": random_splits,
    "integration": integration,
    "perturbation": response,
    "imputation": imputation,
    "description": description,
    "generation": generation,
}


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("BIOMATRIX_SHARED", "../shared")))
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--tasks", nargs="+", default=[], help="only these")
    parser.add_argument("--decoder", action="store_true", help="train the small decoders too")
    given = parser.parse_args()
    np.set_printoptions(precision=3)
    for name in given.tables:
        TABLES[name](given.shared / "data" / "single_cell", given.tasks, given.decoder)


if __name__ == "__main__":
    main()
