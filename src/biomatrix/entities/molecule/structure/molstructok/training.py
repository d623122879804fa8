"""Training of a tokenizer of the published architecture, in three stages.

1. k-means on the points that atoms take in their frames gives one place per code, so that no code starts unused.
2. Encoder, codebook and decoder are trained together around them (VQ-VAE: straight-through gradient, commitment;
   codes that fall out of use are reset).
3. Places are moved to the mean of what closed-loop encoding assigns to them (a Lloyd iteration in the
   rebuilt frames), and the decoder is fitted to the places.

Batches are drawn from a counter (seed, step), so that a resumed run sees the same batches as an uninterrupted one.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor

from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.molecule.structure.frames import Array
from biomatrix.entities.molecule.structure.inputs import PreparedMolecule
from biomatrix.entities.molecule.structure.molstructok.closed_loop import batch_descriptors
from biomatrix.entities.molecule.structure.molstructok.descriptors import normalise
from biomatrix.entities.molecule.structure.molstructok.model import HEADS, CodeModel
from biomatrix.entities.molecule.structure.molstructok.network import read_network
from biomatrix.entities.molecule.structure.molstructok.places import initial_places, refine_places
from biomatrix.entities.same_run import differences, told
from biomatrix.entities.training_checkpoint import read_training_checkpoint
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.progress import Progress

LOG = logging.getLogger(__name__)
_MOST_CODES = 32767
_WIDEST = 16384
CHECKPOINT_FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class TrainingSettings:
    """How the tokenizer is trained.

    Parameters
    ----------
    seed : int
    num_codes, hidden, latent : int
        Size of the codebook, of the hidden layers and of the latents.
    steps : int
        Steps of the second stage.
    batch : int
        Atoms per step.
    rate : float
        Learning rate, falling to a twentieth along a cosine.
    commitment : float
        Weight of the term that pulls latents towards their code.
    bond_weight : float
        The weight of a squared error in a bond length relative to one in position.
    lloyd_rounds, lloyd_molecules : int
        Rounds of the third stage, and molecules per round.
    fit_steps : int
        Steps in which the decoder is fitted to the places.
    checkpoint_every : int
        Steps between checkpoints of the second stage.
    """

    seed: int = 0
    num_codes: int = 512
    hidden: int = 64
    latent: int = 64
    steps: int = 1800
    batch: int = 2048
    rate: float = 3e-3
    commitment: float = 0.25
    bond_weight: float = 4.0
    lloyd_rounds: int = 8
    lloyd_molecules: int = 1500
    fit_steps: int = 4000
    checkpoint_every: int = 500

    def __post_init__(self) -> None:
        counts = ("num_codes", "hidden", "latent", "steps", "batch", "lloyd_molecules", "checkpoint_every")
        small = [name for name in counts if getattr(self, name) < 1]
        small += [name for name in ("lloyd_rounds", "fit_steps", "seed") if getattr(self, name) < 0]
        if small:
            raise ConfigurationError(f"too small: {', '.join(f'{name} = {getattr(self, name)}' for name in small)}")
        if not 2 <= self.num_codes <= _MOST_CODES:
            raise ConfigurationError(f"num_codes is {self.num_codes}: 2 to {_MOST_CODES} codes fit int16")
        wide = [name for name in ("hidden", "latent") if getattr(self, name) > _WIDEST]
        if wide:
            raise ConfigurationError(f"{wide[0]} is {getattr(self, wide[0])}: layers are at most {_WIDEST} wide")
        if not self.rate > 0 or self.commitment < 0 or self.bond_weight < 0:
            raise ConfigurationError("rate must be above 0, commitment and bond_weight at least 0")


def train(molecules: Sequence[PreparedMolecule], settings: TrainingSettings, folder: Path) -> dict[str, NDArray[Any]]:
    """Train from prepared molecules and return the state dict as arrays.

    Parameters
    ----------
    molecules : sequence of PreparedMolecule
    settings : TrainingSettings
    folder : Path
        Where the checkpoint is kept; training resumes from a checkpoint in it.

    Returns
    -------
    dict of str to ndarray
        As ``read_network`` takes them.

    Raises
    ------
    ConfigurationError
        No molecules.
    WeightsError
        A checkpoint of other settings, or one that is damaged.
    """
    if not molecules:
        raise ConfigurationError("no molecules to train on")
    torch.manual_seed(settings.seed)
    values = np.concatenate([batch_descriptors(molecules[i : i + 512]) for i in range(0, len(molecules), 512)])
    LOG.info("%d molecules, %d atoms", len(molecules), len(values))
    places = initial_places(values, settings.num_codes, settings.seed)
    model = CodeModel(settings.num_codes, settings.hidden, settings.latent)
    train_network(model, values, places, settings, folder / CHECKPOINT_FILE)
    table = read_network(state_arrays(model)).table
    table = refine_places(
        table,
        molecules,
        starts=_start_codes(model, values, molecules),
        rounds=settings.lloyd_rounds,
        per_round=settings.lloyd_molecules,
        bond_weight=settings.bond_weight,
        seed=settings.seed,
    )
    fit_decoder(model, table, settings)
    return state_arrays(model)


def train_network(model: CodeModel, values: Array, places: Array, settings: TrainingSettings, checkpoint: Path) -> None:
    """Train encoder, codebook and decoder on descriptors [N, 4], the codebook initialised from places [K, 4]."""
    inputs = torch.from_numpy(normalise(values))
    anchors = torch.from_numpy(normalise(places))
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.rate)
    quantised_from = settings.steps // 4
    unused = torch.zeros(settings.num_codes)
    first = _resume(checkpoint, model, optimizer, unused, settings)
    started = time.monotonic()
    for step in range(first, settings.steps):
        rng = np.random.default_rng((settings.seed, step))
        batch = inputs[torch.from_numpy(rng.integers(len(inputs), size=settings.batch))]
        share = step / settings.steps
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * (0.05 + 0.95 * 0.5 * (1.0 + np.cos(np.pi * share)))
        if step == quantised_from:
            _set_codebook(model, anchors)
        model.train()
        latents = model.encoder(batch)
        loss = torch.zeros(())
        decoded_from = latents
        if step >= quantised_from:
            codes = model.quantizer.nearest(latents.detach())
            chosen = model.quantizer.embedding(codes)
            loss = torch.mean((chosen - latents.detach()) ** 2)
            loss = loss + settings.commitment * torch.mean((latents - chosen.detach()) ** 2)
            decoded_from = latents + (chosen - latents).detach()
            unused += 1.0
            unused[codes] = 0.0
            _revive(model, latents.detach(), unused, rng)
        loss = loss + reconstruction_loss(*model.decode(decoded_from), batch, settings.bond_weight)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if (step + 1) % settings.checkpoint_every == 0 or step + 1 == settings.steps:
            _save_checkpoint(checkpoint, model, optimizer, unused, step + 1, settings)
            rate = (step + 1 - first) / (time.monotonic() - started)
            left = (settings.steps - step - 1) / rate
            LOG.info("step %d, loss %.5f, %.0f steps/s, %.0f s left", step + 1, loss.item(), rate, left)


def reconstruction_loss(scaled: Tensor, logits: Tensor, target: Tensor, bond_weight: float) -> Tensor:
    """Return the mean squared error of the placed points (Angstrom squared), with terms of their own
    for bond lengths, angles and signs."""
    decoded, true = _points(scaled, target[:, 3]), _points(target[:, :3], target[:, 3])
    position = ((decoded - true) ** 2).sum(dim=1)
    bond = (torch.exp(scaled[:, 0]) - torch.exp(target[:, 0])) ** 2
    sign = torch.nn.functional.cross_entropy(logits, (target[:, 3] + 1.0).round().long())
    # a term for angles too: they repeat every turn, and without a sign (the first three atoms) the point hides phi
    angles = ((scaled[:, 1:] - target[:, 1:3]) ** 2).sum(dim=1)
    without_sign = (target[:, 3] == 0.0).float()
    return (position + bond_weight * bond + (1.0 + 9.0 * without_sign) * angles).mean() + 0.05 * sign


def fit_decoder(model: CodeModel, table: Array, settings: TrainingSettings) -> None:
    """Fit the decoder's heads to a code table [K, 4], with the codebook and the layer statistics held fixed."""
    scaled = torch.from_numpy(normalise(table))
    model.train()
    with torch.no_grad():  # one pass with full momentum: stored statistics become those of the codebook
        for module in model.multi_head_decoder.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.momentum = 1.0
        model.decode(model.quantizer.embedding.weight)
    model.eval()
    codebook = model.quantizer.embedding.weight.detach()
    optimizer = torch.optim.Adam(model.multi_head_decoder.parameters(), lr=settings.rate)
    progress = Progress("decoder", settings.fit_steps, "steps")
    for step in range(settings.fit_steps):
        share = step / max(settings.fit_steps, 1)
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * (0.002 + 0.998 * 0.5 * (1.0 + np.cos(np.pi * share)))
        heads, logits = model.decode(codebook)
        sign = torch.nn.functional.cross_entropy(logits, (scaled[:, 3] + 1.0).round().long())
        loss = ((heads - scaled[:, :3]) ** 2).sum(dim=1).mean() * 100.0 + sign
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        progress.advance()
    with torch.no_grad():
        error = (model.decode(codebook)[0] - scaled[:, :3]).abs().mean(dim=0)
    LOG.info("decoder fitted, mean errors %s", dict(zip(HEADS, error.tolist(), strict=True)))


def state_arrays(model: CodeModel) -> dict[str, NDArray[Any]]:
    """Return the state dict as NumPy arrays."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in model.state_dict().items()}


def _points(scaled: Tensor, sign: Tensor) -> Tensor:
    r, theta, phi = torch.exp(scaled[:, 0]) - 1.0, scaled[:, 1] * torch.pi, scaled[:, 2] * torch.pi
    ring = r * torch.sin(theta)
    return torch.stack((ring * torch.cos(phi), ring * torch.sin(phi) * sign, r * torch.cos(theta)), dim=1)


def _set_codebook(model: CodeModel, anchors: Tensor) -> None:
    model.eval()
    with torch.no_grad():
        model.quantizer.embedding.weight.copy_(model.encoder(anchors))


def _revive(model: CodeModel, latents: Tensor, unused: Tensor, rng: np.random.Generator, patience: int = 200) -> None:
    dead = torch.nonzero(unused > patience).flatten()
    if len(dead):
        chosen = torch.from_numpy(rng.integers(len(latents), size=len(dead)))
        with torch.no_grad():
            model.quantizer.embedding.weight[dead] = latents[chosen]
        unused[dead] = 0.0


def _start_codes(model: CodeModel, values: Array, molecules: Sequence[PreparedMolecule]) -> list[NDArray[np.int16]]:
    codes = read_network(state_arrays(model)).encode(normalise(values))
    return np.split(codes, np.cumsum([molecule.size for molecule in molecules])[:-1])


def _save_checkpoint(
    path: Path,
    model: CodeModel,
    optimizer: torch.optim.Optimizer,
    unused: Tensor,
    step: int,
    settings: TrainingSettings,
) -> None:
    tensors: dict[str, NDArray[Any]] = {f"model.{name}": array for name, array in state_arrays(model).items()}
    for index, state in optimizer.state_dict()["state"].items():
        for part, tensor in state.items():
            tensors[f"optimizer.{index}.{part}"] = tensor.numpy()
    tensors["step"] = np.array(step)
    tensors["unused"] = unused.numpy()
    make_folder(path.parent)
    write_whole(path, save(tensors, metadata={"settings": json.dumps(asdict(settings))}))


def _resume(
    path: Path,
    model: CodeModel,
    optimizer: torch.optim.Optimizer,
    unused: Tensor,
    settings: TrainingSettings,
) -> int:
    found = read_training_checkpoint(path, names=("step", "unused"))
    if found is None:
        return 0
    tensors, metadata = found
    different = _different(metadata, settings)
    if different:
        raise WeightsError(f"checkpoint of other settings ({told(different)}); give a new folder", file=str(path))
    state = {name[6:]: torch.from_numpy(array) for name, array in tensors.items() if name.startswith("model.")}
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError("checkpoint of another size; give a new folder", file=str(path)) from error
    moments: dict[int, dict[str, Tensor]] = {}
    for name, array in tensors.items():
        if name.startswith("optimizer."):
            _, index, part = name.split(".")
            moments.setdefault(int(index), {})[part] = torch.from_numpy(array)
    optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})
    step = int(tensors["step"])
    unused.copy_(torch.from_numpy(tensors["unused"]))
    LOG.info("resuming from step %d of %d", step, settings.steps)
    return step


def _different(metadata: Mapping[str, str], settings: TrainingSettings) -> list[str]:
    """Return the settings that differ from those a checkpoint notes; none where it notes none, as older ones do."""
    try:
        then = json.loads(metadata["settings"])
    except (KeyError, ValueError):
        return []
    return differences(then, asdict(settings), may_change=("checkpoint_every",))
