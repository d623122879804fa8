"""Random projectors of real encoders to the shipped model, as folders."""

from __future__ import annotations

from pathlib import Path

import torch

from biomatrix.generation import Model
from biomatrix.soft.encoders import open_encoder
from biomatrix.soft.projector import Projector, ProjectorSettings
from biomatrix.soft.projector_record import ProjectorRecord
from biomatrix.vocabulary.initialisation import typical_norm

MORGAN, KMERS = "morgan,bits=512,parts=2", "kmers,length=2"
"""Two vectors of a molecule, and one of a protein."""


def make_projector(model: Model, spec: str, seed: int = 0, learned: int = 0, **record: object) -> Projector:
    """Return a projector of an encoder with random weights."""
    encoder = open_encoder(spec)
    embedding = model.engine.writer.network.embedding  # type: ignore[attr-defined]
    torch.manual_seed(seed)
    made = ProjectorRecord(
        **{  # type: ignore[arg-type]
            "kind": encoder.kind,
            "encoder": spec,
            "encoder_hash": encoder.hash,
            "decoder_hash": model.engine.model_hash,  # type: ignore[attr-defined]
            "k": encoder.k,
            "d": encoder.d,
            "width": embedding.shape[1],
            **record,
        }
    )
    length = typical_norm(embedding, model.vocabulary)
    return Projector(encoder.d, embedding.shape[1], length, ProjectorSettings(2, 64, learned=learned), made)


def write_projectors(model: Model, folder: Path) -> Path:
    """Write projectors of molecules, with a learned vector, and of proteins into one folder."""
    make_projector(model, MORGAN, 1, learned=1).save_pretrained(folder / "molecules")
    make_projector(model, KMERS, 2).save_pretrained(folder / "proteins")
    return folder
