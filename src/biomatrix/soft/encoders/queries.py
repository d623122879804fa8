"""Queries of attention pooling: learned without labels so that k vectors tell the states of all positions.

Each position's state is guessed from the k vectors, weighted by how well it fits each query; the queries are those
whose guesses are nearest, over all positions of some entities. One query learns about the mean.

Legend of shapes: B rows of a batch, T positions, D hidden size, k queries.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.files.folders import folder_written_aside
from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.tensor_files import read_header
from biomatrix.errors import BioMatrixError, ConfigurationError, WeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from biomatrix.entities.base_entity import Entity
    from biomatrix.soft.encoders.auto import AutoEncoder

QUERIES_FILE: Final = "queries.safetensors"
CONFIG_FILE: Final = "config.json"
NAME: Final = "attention_queries"
_RATE: Final = 0.02


def learn_queries(
    encoder: AutoEncoder, entities: Sequence[Entity], k: int, *, steps: int = 200, batch_size: int = 16, seed: int = 0
) -> Tensor:
    """Return k queries for the hidden states of a frozen network, ``float32 [k, D]``.

    Parameters
    ----------
    encoder : AutoEncoder
        Of any pooling; its weights stay as they are.
    entities : sequence of Entity
        To learn on; those that it refuses are passed over.
    k : int
        Queries.
    steps, batch_size : int
        Updates, and entities of each.
    seed : int
        Of the beginnings and the batches.

    Raises
    ------
    ConfigurationError
        Fewer positions in all entities than queries, or k below 1.
    """
    import torch

    from biomatrix.soft.encoders.pooling import ATTENTION, Pooling

    if k < 1:
        raise ConfigurationError(f"k={k}; at least one query is learned")
    pieces = _pieces(encoder, entities)
    draw = np.random.default_rng(seed)
    with torch.no_grad():
        start = _beginnings(encoder, pieces, k, draw, batch_size)
    queries = torch.nn.Parameter(start)
    optimiser = torch.optim.Adam([queries], lr=_RATE * float(start.std()))
    for _ in range(steps):
        chosen = draw.choice(len(pieces), min(batch_size, len(pieces)), replace=False)
        with torch.no_grad():
            states, mask = encoder.states([pieces[number] for number in chosen])
        pooling = Pooling(ATTENTION, k, queries)
        scores = torch.einsum("kd,btd->btk", queries, states) / states.shape[-1] ** 0.5
        guesses = scores.softmax(dim=-1) @ pooling(states, mask)
        loss = ((guesses - states) ** 2).mean(dim=-1)[mask].mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return queries.detach()


def save_queries(folder: str | Path, queries: Tensor, encoder: AutoEncoder, fitted_on: str = "") -> None:
    """Write queries as a folder: safetensors, and a description with the hash of the encoder they were learned on."""
    from safetensors.torch import save_file

    about = {"encoder": NAME, "k": len(queries), "d": queries.shape[1], "of": encoder.hash, "fitted_on": fitted_on}
    with folder_written_aside(folder) as aside:
        save_file({"queries": queries.detach().cpu().contiguous()}, aside / QUERIES_FILE)
        (aside / CONFIG_FILE).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def read_queries(folder: str | Path) -> Tensor:
    """Return the queries of a folder, ``float32 [k, D]``; WeightsError where it holds none, or damaged ones."""
    place = Path(folder)
    about = read_object(place / CONFIG_FILE, WeightsError)
    path = place / QUERIES_FILE
    held = read_header(path)
    if about.get("encoder") != NAME or set(held) != {"queries"}:
        raise WeightsError("no folder of learned queries", file=str(place))
    from safetensors.torch import load_file

    queries: Tensor = load_file(path)["queries"].float()
    if queries.ndim != 2 or list(queries.shape) != [about.get("k"), about.get("d")]:
        raise WeightsError(f"queries of shape {tuple(queries.shape)} are not those of its description", file=str(path))
    if not bool(queries.isfinite().all()):
        raise WeightsError("queries hold values that are not finite", file=str(path))
    return queries


def _pieces(encoder: AutoEncoder, entities: Sequence[Entity]) -> list[Any]:
    pieces: list[Any] = []
    for entity in entities:
        try:
            encoder.check_kind(entity)
            pieces += encoder.pieces(entity)
        except BioMatrixError:
            continue  # counted where entities are encoded; here they only teach nothing
    return pieces


def _beginnings(encoder: AutoEncoder, pieces: Sequence[Any], k: int, draw: np.random.Generator, most: int) -> Tensor:
    """Return states of positions that lie far from each other, as k-means++ draws its centres, ``[k, D]``."""
    import torch

    few = [pieces[number] for number in draw.permutation(len(pieces))[:most]]
    if not few:
        raise ConfigurationError("no entity can be encoded, so that no query can be learned")
    states, mask = encoder.states(few)
    flat = states[mask]
    if len(flat) < k:
        raise ConfigurationError(f"{len(flat)} positions are too few to learn {k} queries")
    chosen = [int(draw.integers(len(flat)))]
    while len(chosen) < k:
        distances = torch.cdist(flat, flat[chosen]).min(dim=1).values.double().cpu().numpy() ** 2
        share = distances / distances.sum() if distances.sum() > 0 else None
        chosen.append(int(draw.choice(len(flat), p=share)))
    found: Tensor = flat[chosen].clone()
    return found
