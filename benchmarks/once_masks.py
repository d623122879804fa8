"""What it costs that a token comes once: decoding beside the plain table, which may repeat.

    python benchmarks/once_masks.py
    python benchmarks/once_masks.py --genes 40000 --rows 64 --length 256 --repeats 5

The same untrained model, the same loop, the same number of tokens: once under the grammar of genes alone as it is, once
without its ``once``. The smaller the network, the larger the share of a guide: the default has two layers of width 64.
Target: at most 10% of decoding time. Processor time, the median of ratios of runs that take turns.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from timing import verdict

TARGET = 10.0


def model_of(genes: int, width: int) -> Any:
    """Return an untrained model whose vocabulary holds so many genes."""
    import torch
    from transformers import Qwen3ForCausalLM

    from biomatrix.entities.cell.genes.table import gene_table
    from biomatrix.entities.cell.modalities.expression import CellExpression
    from biomatrix.generation import Model, TransformersEngine
    from biomatrix.training.config import ModelSection
    from biomatrix.training.model import qwen3_config
    from biomatrix.vocabulary import Vocabulary, train_byte_bpe

    table = gene_table()
    chosen = tuple(table.ensembl_id[table.has_token][:genes].tolist())
    writer = CellExpression("genes", depth=False, genes=chosen)
    vocabulary = Vocabulary.build(train_byte_bpe(["Make a cell."], 300), modalities=[writer])
    section = ModelSection(
        vocabulary=Path("unused"), max_positions=4096, hidden_size=width, num_layers=2, intermediate_size=2 * width,
        num_heads=4, num_kv_heads=2, head_dim=16,
    )  # fmt: skip
    torch.manual_seed(0)
    config = qwen3_config(section, len(vocabulary), pad_id=0, end_ids=vocabulary.ending_ids)
    return Model(TransformersEngine(Qwen3ForCausalLM(config).eval(), vocabulary), "cells")


def plain_table(model: Any) -> Any:
    """Return the automaton of the same grammar, of which a token may come again."""
    from biomatrix.entities.table_automaton import TableAutomaton

    block = model.vocabulary.block("cell_expression")
    ids = model.vocabulary.segment_ids("cell_expression")
    grammar = replace(block.modality.grammar(), once=None)
    classes = [block.modality.token_class(token) for token in block.tokens]
    import numpy as np

    return TableAutomaton(block.name, ids.start_id, ids.end_id, block.ids, np.array(classes), grammar)


def written(model: Any, guide: Any, rows: int, length: int) -> tuple[float, list[Any]]:
    """Return the processor seconds of writing rows under a guide, and what was written."""
    from biomatrix.entities.automaton import Bounds
    from biomatrix.generation.jobs import Job
    from biomatrix.generation.sampling import Sampling

    budget = length + 1
    state = guide.start(Bounds(budget, length))
    prompt = (*model.vocabulary.encode_text("Make a cell."), guide.start_id)
    jobs = [Job(prompt, row, guide, state, budget, Sampling(seed=7)) for row in range(rows)]
    begun = time.process_time()
    found = model.engine.writer.write(jobs, rows)
    return time.process_time() - begun, found


def main() -> None:
    """Measure and print."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genes", type=int, default=40_000)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    model = model_of(given.genes, given.width)
    guides = {"plain": plain_table(model), "once": model.vocabulary.automaton("cell_expression")}
    times: dict[str, list[float]] = {name: [] for name in guides}
    for repeat in range(given.repeats + 1):
        for name, guide in guides.items():
            seconds, found = written(model, guide, given.rows, given.length)
            again = sum(len(one.ids) - len(set(one.ids)) for one in found)
            if not repeat:
                print(f"  {name:5} {again:,} tokens of {given.rows * given.length:,} had come before", flush=True)
                continue
            times[name].append(seconds)
            print(f"  {name:5} {1000 * seconds / given.length:.2f} ms a step of {given.rows} rows", flush=True)
    ratios = [once / plain for once, plain in zip(times["once"], times["plain"], strict=True)]
    more = 100 * (median(ratios) - 1)
    verdict(f"more time for {given.genes:,} tokens that come once", more, TARGET, "%", at_most=True)


if __name__ == "__main__":
    main()
