"""Training from scratch: crops of chains in, a tokenizer folder out; it can be stopped, and resumed at any checkpoint.

What step ``n`` sees depends on the seed and ``n`` alone, so a resumed run is the run that was never stopped. Under
``torchrun`` or ``accelerate launch`` each process takes its part of every batch; means and codebook statistics are
those of the whole batch, so any number of processes makes the same weights, up to rounding.
"""

from __future__ import annotations

import logging
import math
import time
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from torch import Tensor, nn
from torch.nn import functional as F

from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.writing import write_whole
from biomatrix.entities.protein.structure.gcp_vqvae.batches import Batch, ChainSource
from biomatrix.entities.protein.structure.gcp_vqvae.configuration import Behaviour, NetworkSizes
from biomatrix.entities.protein.structure.gcp_vqvae.losses import mean_over_chains, structure_terms
from biomatrix.entities.protein.structure.gcp_vqvae.model import GCPVQVAE
from biomatrix.entities.protein.structure.gcp_vqvae.plan import TrainingPlan
from biomatrix.entities.protein.structure.gcp_vqvae.processes import joined, summed, world_size
from biomatrix.entities.training_checkpoint import read_training_checkpoint
from biomatrix.errors import BioMatrixError, ConfigurationError, WeightsError

logger = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.safetensors"
_START_SAMPLE = 4
_TRANSLATION_SCALE = 10.0


class ReconstructionLoss(nn.Module):
    """A batch through the network and back: the unweighted terms of its loss.

    Parameters
    ----------
    model : GCPVQVAE
    plan : TrainingPlan
    """

    def __init__(self, model: GCPVQVAE, plan: TrainingPlan) -> None:
        super().__init__()
        self.model = model
        self.plan = plan

    def forward(self, batch: Batch, quantise: bool, seed: int) -> dict[str, Tensor]:
        """Return the terms whose weight is not zero, scaled so that their mean over processes is that of all chains."""
        plan, generator, device = self.plan, torch.Generator().manual_seed(seed), batch.target.device.type
        codes: Tensor | None = None
        with torch.autocast(device, dtype=torch.bfloat16, enabled=plan.autocast):
            if quantise:
                rows, codes, quantiser_loss = self.model.quantised_latents(
                    batch.graph, plan.codebook, generator, share=batch.residue_share
                )
            else:
                rows = self.model.latents(batch.graph).float()
                quantiser_loss = rows.new_zeros(())
            if codes is not None and plan.wrong_codes:
                rows = self._with_wrong_codes(rows, codes, seed)
            span = self._span(rows.shape[1], generator)
            valid = batch.graph.valid[:, span]
            coords = self.model.vqvae.decoder(rows[:, span], valid)
        with torch.autocast(device, enabled=False):
            terms = structure_terms(coords.float(), batch.target[:, span], valid, plan.weights)
            if codes is not None and plan.weights.next_token > 0:
                terms["next_token"] = next_token_error(self.model.vqvae.ntp_projector_head(rows.float()), codes)
        return {name: value * batch.chain_share for name, value in terms.items()} | {"quantiser": quantiser_loss}

    def _with_wrong_codes(self, rows: Tensor, codes: Tensor, seed: int) -> Tensor:
        """Rows [B, T, D] with some replaced by those of codes drawn at random."""
        generator = torch.Generator().manual_seed(seed)
        wrong = torch.rand(codes.shape, generator=generator) < self.plan.wrong_codes
        drawn = torch.randint(self.model.sizes.codebook_size, codes.shape, generator=generator)
        wrong, drawn = wrong.to(codes.device) & (codes >= 0), drawn.to(codes.device)
        return torch.where(wrong[..., None], self.model.vqvae.vector_quantizer.rows(drawn), rows)

    def _span(self, length: int, generator: torch.Generator) -> slice:
        """The residues of a batch that are decoded."""
        size = min(self.plan.decoded_span or length, length)
        start = int(torch.randint(length - size + 1, (), generator=generator))
        return slice(start, start + size)


def next_token_error(logits: Tensor, codes: Tensor) -> Tensor:
    """Cross entropy of each code given the row before it, in nats: mean per chain, then over chains.

    Parameters
    ----------
    logits : Tensor, shape=(B, T, C)
    codes : Tensor, shape=(B, T), dtype=int64
        -1 where there is none; a pair with one missing takes no part.
    """
    both = (codes[:, 1:] >= 0) & (codes[:, :-1] >= 0)
    error = F.cross_entropy(logits[:, :-1].transpose(1, 2), codes[:, 1:].clamp(min=0), reduction="none")
    return mean_over_chains(error, both)


class Trainer:
    """A run that can be stopped: network, optimiser, loss multipliers and the number of the next step.

    Parameters
    ----------
    sizes : NetworkSizes
    behaviour : Behaviour
    plan : TrainingPlan
    source : ChainSource
    """

    def __init__(self, sizes: NetworkSizes, behaviour: Behaviour, plan: TrainingPlan, source: ChainSource) -> None:
        if plan.weights.next_token > 0 and not sizes.next_token_head:
            raise ConfigurationError("a next_token loss needs sizes with next_token_head = true")
        if (plan.weights.placed > 0 or plan.weights.turned > 0) and not sizes.posed:
            raise ConfigurationError("the losses placed and turned need sizes with posed = true")
        self.plan, self.behaviour, self.source = plan, behaviour, source
        idle_head = sizes.next_token_head and (plan.unquantised > 0 or plan.weights.next_token == 0)
        self.accelerator = Accelerator(
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=idle_head)]
        )
        torch.manual_seed(plan.seed)
        self.model = GCPVQVAE(sizes)
        with torch.no_grad():
            self.model.vqvae.decoder.affine_output_projection.proj.weight[:3] *= _TRANSLATION_SCALE
        if plan.compile:
            self.model.vqvae.encoder_blocks.compile(dynamic=True)
            self.model.vqvae.decoder.decoder_stack.compile(dynamic=True)
        optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=plan.learning_rate, betas=(0.9, 0.98), eps=1e-7, weight_decay=plan.weight_decay
        )
        self.wrapped, self.optimiser = self.accelerator.prepare(ReconstructionLoss(self.model, plan), optimiser)
        self.multipliers: dict[str, float] = {}
        self.step = 0

    @property
    def is_first(self) -> bool:
        """Whether this is the process that reports and writes."""
        return bool(self.accelerator.is_main_process)

    def run(self, folder: Path, *, stop_after: int | None = None) -> None:
        """Train to the end of the plan (or for ``stop_after`` steps), reporting and saving into ``folder``."""
        last = self.plan.steps if stop_after is None else min(self.plan.steps, self.step + stop_after)
        progress = _Progress(self.plan, self.step)
        while self.step < last:
            progress.add(self.train_step())
            if self.step % self.plan.report_every == 0:
                line = progress.line(self.step)
                if self.is_first:
                    logger.info("%s", line)
            if self.step % self.plan.save_every == 0 or self.step == last:
                self.save(folder)

    def train_step(self) -> dict[str, float]:
        """Take one step; return its terms, their weighted sum and its residues, over all processes."""
        plan = self.plan
        if self.step == plan.unquantised and not self.model.vqvae.vector_quantizer.codebook.initted:
            self._start_codebook()
        for group in self.optimiser.param_groups:
            group["lr"] = plan.rate_at(self.step)
        self.model.train()
        terms: dict[str, float] = {}
        for turn in range(plan.accumulate):
            for name, value in self._learn_from(self.step * plan.accumulate + turn, turn).items():
                terms[name] = terms.get(name, 0.0) + value
        terms = {name: value if name == "residues" else value / plan.accumulate for name, value in terms.items()}
        if not math.isfinite(terms["loss"]):
            raise BioMatrixError(f"the loss is {terms['loss']} at step {self.step}: lower learning_rate, or go on from "
                                 "the last checkpoint")  # fmt: skip
        self.accelerator.clip_grad_norm_(self.model.parameters(), plan.clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        return terms

    def _learn_from(self, number: int, turn: int) -> dict[str, float]:
        """Add the gradients of one batch; return its terms over all processes."""
        plan, batch = self.plan, self._batch(number)
        apart = turn < plan.accumulate - 1
        with self.accelerator.no_sync(self.wrapped) if apart else nullcontext():
            values = self.wrapped(batch, self.step >= plan.unquantised, plan.seed * 1_000_003 + number)
            if turn == 0 and plan.adjusts_at(self.step):
                self._adjust(values)
            loss = torch.stack([self._weight(name) * value for name, value in values.items()]).sum()
            self.accelerator.backward(loss / plan.accumulate)
        residues = batch.graph.valid.sum() * world_size()
        terms = {**values, "loss": loss, "residues": residues}
        means = summed(torch.stack([value.detach().float() for value in terms.values()])) / world_size()
        return dict(zip(terms, means.tolist(), strict=True))

    def _batch(self, number: int) -> Batch:
        batch = self.source.batch(
            self.plan,
            self.behaviour,
            number,
            rank=self.accelerator.process_index,
            processes=self.accelerator.num_processes,
            posed=self.model.sizes.posed,
        )
        return batch.to(self.accelerator.device)

    def _weight(self, name: str) -> float:
        return float(getattr(self.plan.weights, name)) * self.multipliers.get(name, 1.0)

    def _adjust(self, values: dict[str, Tensor]) -> None:
        """Move each loss's multiplier by the norm of its weighted gradient, which is taken over all processes."""
        parameters = list(self.model.parameters())
        for name, value in values.items():
            if not value.requires_grad:
                continue
            weighted = self._weight(name) * value
            parts = torch.autograd.grad(weighted, parameters, retain_graph=True, allow_unused=True)
            square = sum(float((summed(part) / world_size()).square().sum()) for part in parts if part is not None)
            multiplier = self.multipliers.get(name, 1.0)
            self.multipliers[name] = self.plan.adaptive.adjusted(multiplier, math.sqrt(square))

    @torch.no_grad()
    def _start_codebook(self) -> None:
        """Start the codebook from the latents of several batches, more than one batch holds."""
        first, seed = self.step * self.plan.accumulate, self.plan.seed * 1_000_003 + self.step
        graphs = [self._batch(first + i).graph for i in range(_START_SAMPLE)]
        latents = torch.cat([joined(self.model.latents(graph).float()[graph.valid]) for graph in graphs])
        codebook = self.model.vqvae.vector_quantizer.codebook
        codebook.start(latents, torch.Generator().manual_seed(seed))
        codebook.cluster_size /= _START_SAMPLE
        codebook.embed_avg /= _START_SAMPLE

    def start_from(self, network: GCPVQVAE) -> None:
        """Take over the weights of a network; the codebook's averages begin as if all codes were equally frequent.

        Raises
        ------
        ConfigurationError
            The network is of other sizes, or the plan would throw its codebook away.
        """
        if network.sizes != self.model.sizes:
            raise ConfigurationError(f"the weights to start from have other sizes: {network.sizes}")
        if self.plan.unquantised > 0:
            raise ConfigurationError("starting from weights needs unquantised = 0: their codebook is kept")
        self.model.load_state_dict(network.state_dict(), strict=True)
        codebook = self.model.vqvae.vector_quantizer.codebook
        codebook.cluster_size.fill_(self.plan.residues_a_batch / self.model.sizes.codebook_size)
        codebook.embed_avg.copy_(codebook.embed * codebook.cluster_size[..., None])

    def save(self, folder: Path) -> None:
        """Write a checkpoint, atomically; one process does, all wait."""
        if self.is_first:
            from safetensors.torch import save as serialise

            tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
            for name, parameter in self.model.named_parameters():
                for key, value in self._bare_optimiser.state[parameter].items():
                    tensors[f"optimiser.{key}.{name}"] = value
            for name, number in self.multipliers.items():
                tensors[f"multiplier.{name}"] = torch.tensor(number, dtype=torch.float64)
            tensors["step"] = torch.tensor(self.step)
            make_folder(folder)
            data = serialise({key: value.detach().cpu().contiguous() for key, value in tensors.items()})
            write_whole(folder / CHECKPOINT, data)
        self.accelerator.wait_for_everyone()

    def restore(self, folder: Path) -> bool:
        """Go on from the checkpoint of ``folder``; False where there is none."""
        path = folder / CHECKPOINT
        found = read_training_checkpoint(path, names=("step",))
        if found is None:
            return False
        stored = {name: torch.from_numpy(np.array(value)) for name, value in found[0].items()}
        device = self.accelerator.device
        model = {name.removeprefix("model."): value for name, value in stored.items() if name.startswith("model.")}
        try:
            self.model.load_state_dict(model, strict=True)
            for name, parameter in self.model.named_parameters():
                if f"optimiser.step.{name}" in stored or not name.startswith("vqvae.ntp_projector_head."):
                    moments = {key: stored[f"optimiser.{key}.{name}"].to(device) for key in ("exp_avg", "exp_avg_sq")}
                    self._bare_optimiser.state[parameter] = {"step": stored[f"optimiser.step.{name}"], **moments}
        except (RuntimeError, KeyError) as error:
            reason = " ".join(str(error).split())[:200]
            raise WeightsError(f"the checkpoint is of another network: {reason}", file=str(path)) from error
        prefix = "multiplier."
        self.multipliers = {name[len(prefix) :]: float(v) for name, v in stored.items() if name.startswith(prefix)}
        self.step = int(stored["step"])
        return True

    def close(self) -> None:
        """Leave the group of processes. Left to the interpreter's exit, its threads can abort it."""
        self.accelerator.wait_for_everyone()
        self.accelerator.end_training()

    def describe(self) -> dict[str, Any]:
        """Return the plan as a JSON object, for the config of the weights."""
        return asdict(self.plan)

    @property
    def _bare_optimiser(self) -> torch.optim.Optimizer:
        return cast(torch.optim.Optimizer, self.optimiser.optimizer)


class _Progress:
    """Means of the terms since the last line, the rate and the time left."""

    def __init__(self, plan: TrainingPlan, first: int) -> None:
        self.plan, self.last_step, self.last_time = plan, first, time.monotonic()
        self.sums: dict[str, float] = {}

    def add(self, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def line(self, step: int) -> str:
        count, elapsed = step - self.last_step, time.monotonic() - self.last_time
        residues = self.sums.pop("residues")
        terms = " ".join(f"{name} {value / count:.3f}" for name, value in self.sums.items())
        left = (self.plan.steps - step) * elapsed / count
        self.sums, self.last_step, self.last_time = {}, step, time.monotonic()
        return f"step {step}/{self.plan.steps} {terms} {residues / elapsed:.0f} residues/s {left / 60:.1f} min left"
