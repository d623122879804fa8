"""A small run for the test of several processes: ``torchrun distributed_run.py FOLDER STOP_AFTER``."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from biomatrix.entities.protein.structure.gcp_vqvae.batches import ChainSource
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour
from biomatrix.entities.protein.structure.gcp_vqvae.losses import LossWeights
from biomatrix.entities.protein.structure.gcp_vqvae.plan import AdaptiveWeights, Masking, TrainingPlan
from biomatrix.entities.protein.structure.gcp_vqvae.quantizer import CodebookTraining
from biomatrix.entities.protein.structure.gcp_vqvae.training import Trainer
from conftest import SIZES, make_backbone

PLAN = TrainingPlan(
    steps=8,
    crop=(24, 32),
    decoded_span=28,
    residues_a_batch=160,
    accumulate=2,
    learning_rate=3e-4,
    warm_up=2,
    unquantised=3,
    save_every=4,
    autocast=False,
    masking=Masking(probability=0.5, most_residues=6, most_chunks=2),
    adaptive=AdaptiveWeights(every=2),
    weights=LossWeights(trace=1.0, frame=1.0, peptide=0.1, next_token=0.001),
    codebook=CodebookTraining(dead_below=0.5),
)


def main(folder: Path, stop_after: int) -> None:
    """Train so many steps, going on from a checkpoint; add each step's terms to ``FOLDER/terms.jsonl``."""
    source = ChainSource([make_backbone(40 + i, i) for i in range(6)], [0, 0, 0, 1, 2, 3])
    trainer = Trainer(replace(SIZES, next_token_head=True), Behaviour(), PLAN, source)
    trainer.restore(folder)
    for _ in range(stop_after):
        told = trainer.train_step()
        if trainer.is_first:
            folder.mkdir(exist_ok=True)
            with (folder / "terms.jsonl").open("a") as file:
                file.write(json.dumps(told) + "\n")
    trainer.save(folder)
    trainer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
