"""The training loop: optimiser steps over a batch stream, with checkpoints from which it resumes exactly.

The same loop serves pretraining and instruction tuning; the documents' loss weights say what is learned. Run
it under ``accelerate launch`` or ``torchrun`` for several processes; parameters may be sharded (FSDP), because only the
loss module's forward is called.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from accelerate import Accelerator
from torch import nn

from biomatrix.entities.files.folders import files_written_aside, make_folder
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.progress import clock
from biomatrix.training.batches import Batch, BatchStream, Documents
from biomatrix.training.checkpoint import checkpoints, gathered_weights, restore, save_checkpoint, write_model
from biomatrix.training.checkpointing import checkpoint_layers
from biomatrix.training.compilation import allow_any_number, compile_layers, filled
from biomatrix.training.config import Recipe, RunSection
from biomatrix.training.early_stopping import BEST_FOLDER, is_exhausted, with_evaluation
from biomatrix.training.evaluation import (
    ModalityLabels,
    batch_tensors,
    evaluation_batches,
    held_out_loss,
    measurable,
)
from biomatrix.training.held_out_report import HeldOutReport, Losses
from biomatrix.training.host_memory import keep_freed_memory
from biomatrix.training.identity import DataIdentity, check_same_run, with_batches_a_step
from biomatrix.training.kernels import use_kernels
from biomatrix.training.loss import NextTokenLoss
from biomatrix.training.loss_memory import BYTES_COMPILED, loss_rows
from biomatrix.training.master_weights import working_weights
from biomatrix.training.mixed_order import order_of
from biomatrix.training.moving_average import MovingAverage
from biomatrix.training.optimisers import Optimisers, build_optimisers
from biomatrix.training.precision import computes_in_bf16
from biomatrix.training.prefetch import BatchSource, PrefetchedStream
from biomatrix.training.progress import METRICS, Meter, logger
from biomatrix.training.result import TrainingResult
from biomatrix.training.resuming import newest_whole
from biomatrix.training.schedule import learning_rate_factor
from biomatrix.training.sharding import set_sharding
from biomatrix.training.stop_signal import StopOnSignal
from biomatrix.training.trackers import RunLog, check_trackers, open_trackers
from biomatrix.training.training_state import STATE_FILE, TrainingState
from biomatrix.training.tuning import open_tuning
from biomatrix.training.tuning.base import with_base
from biomatrix.training.tuning.dropout import seed_step
from biomatrix.training.utilisation import ModelFlops, Utilisation

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.vocabulary import Vocabulary


class Trainer:
    """One training run: a model, its data and how far it has come.

    Parameters
    ----------
    recipe : Recipe
        The settings.
    model : PreTrainedModel
        A causal language model in float32; trained in place.
    vocabulary : Vocabulary
        Saved beside each checkpoint.
    train : Documents
        What to learn from.
    held_out : mapping of str to Documents, optional
        What to measure on, by kind of document.
    data : DataIdentity, optional
        The content of what is learned from; a run goes on with no other.
    beside : sequence of nn.Module
        Modules inside the model that are none of its own parts; see :class:`biomatrix.training.tuning.Tuning`.

    Raises
    ------
    ConfigurationError
        The model has fewer embedding rows than the vocabulary has tokens, or there is nothing to train on.
    """

    def __init__(
        self,
        recipe: Recipe,
        model: PreTrainedModel,
        vocabulary: Vocabulary,
        train: Documents,
        held_out: Mapping[str, Documents] | None = None,
        data: DataIdentity | None = None,
        beside: Sequence[nn.Module] = (),
    ) -> None:
        self.recipe, self.run, self.model, self.vocabulary = recipe, recipe.run, model, vocabulary
        prepare_host(self.run)
        self._bf16 = computes_in_bf16(self.run)
        self.accelerator = Accelerator(mixed_precision="bf16" if self._bf16 else "no")
        set_sharding(self.accelerator)
        _check_ids(model, vocabulary)
        check_trackers(recipe.log)
        flops = ModelFlops.of(model)
        self.held_out = measurable(held_out or {})
        if self.run.patience is not None and not self.held_out:
            raise ConfigurationError("run.patience looks at the held-out loss, and the corpus holds no such documents")
        use_kernels(model, self.run)
        self.tuning = open_tuning(recipe, model, vocabulary, beside)
        self.data = with_base(data, self.tuning)
        if self.run.gradient_checkpointing:
            checkpoint_layers(model, self.run.checkpointed_share)
        rows = loss_rows(model, self.run.loss_rows, self.accelerator)
        whole = loss_rows(model, self.run.loss_rows, self.accelerator, BYTES_COMPILED)
        self.loss_module = NextTokenLoss(model, rows, recipe.stability.z_loss, whole)
        masters = working_weights(model, self.run, self.accelerator)
        if self.run.compile:
            compile_layers(self.loss_module, self.run.compile)
        optimisers = build_optimisers(self.loss_module, recipe.optimiser, decay=self.tuning.decays)
        self.wrapped, *prepared = self.accelerator.prepare(self.loss_module, *optimisers)
        self.optimizer = Optimisers(prepared, recipe.optimiser)
        self.average = MovingAverage.of(self.wrapped, recipe.averaging, masters.refresh if masters else None)
        if masters:
            masters.follow(self.loss_module, self.optimizer.bare[-1])
        self._z_loss = 0.0
        self.stream = self._stream(train, self.run.seed)
        self.usage = Utilisation(
            flops,
            self.stream,
            self.accelerator.device,
            torch.bfloat16 if self._bf16 else torch.float32,
            recipe.log.peak_tflops,
        )
        self.labels = ModalityLabels(vocabulary)
        self.state = TrainingState(
            recipe=recipe.model_dump(mode="json"),
            data={} if self.data is None else asdict(self.data),
            processes=self.accelerator.num_processes,
        )
        self._saved: Path | None = None
        self._measured: tuple[int, HeldOutReport] | None = None

    def _stream(self, documents: Documents, seed: int) -> BatchSource:
        pad_id = self.vocabulary.pad_id
        stream = BatchStream(
            documents,
            self.recipe.batches,
            seed=seed,
            pad_id=0 if pad_id is None else pad_id,
            rank=self.accelerator.process_index,
            world=self.accelerator.num_processes,
            order=order_of(documents, self.recipe.batches, self.recipe.mixture, seed),
        )
        return PrefetchedStream(stream, self.run.prefetch) if self.run.prefetch else stream

    @property
    def has_checkpoints(self) -> bool:
        """Whether the output folder already holds finished checkpoints."""
        return bool(checkpoints(self.run.output))

    def resume(self) -> bool:
        """Go on from the newest checkpoint that is whole; return whether there was a checkpoint.

        Raises
        ------
        ConfigurationError
            The checkpoint was made with other settings or from other data; the message names them.
        WeightsError
            No checkpoint can be read; the message names each.
        """
        found = newest_whole(self.run.output, self._restore)
        if found is None:
            return False
        self._saved, state = found
        now = self.state
        self.state = replace(state, recipe=now.recipe, data=now.data, processes=now.processes)
        self.stream.seek(state.position)
        logger.info("resumed at step %d from %s", state.step, self._saved.name)
        return True

    def _restore(self, checkpoint: Path) -> TrainingState:
        # Settings come first, so that another model's checkpoint is refused by them and not by the shape of a tensor.
        noted = TrainingState.from_file(checkpoint / STATE_FILE)
        saved = with_batches_a_step(noted.recipe, noted.processes, self.state.recipe, self.state.processes, checkpoint)
        check_same_run(saved, self.state.recipe, noted.data, self.data, checkpoint)
        return restore(checkpoint, self.wrapped, self.optimizer.bare, self.tuning, self.average)

    def train(self) -> TrainingResult:
        """Train to the end of the schedule, or until a signal asks for a stop; save either way."""
        make_folder(self.run.output)
        seconds = None if self.run.max_minutes is None else self.run.max_minutes * 60
        meter = Meter(self.run.max_steps, seconds, self.state.elapsed_seconds)
        metrics = self._metrics()
        self.wrapped.train()
        measured, saved = HeldOutReport(), self._saved
        interval: list[float] = []
        with StopOnSignal() as stop:
            while not self._ended(progress := meter.progress(self.state.step)) and not self._any(stop.asked):
                loss, norm, rate, tokens = self._step(progress)
                meter.count(tokens)
                interval += [loss] if math.isfinite(loss) else []  # it is finite wherever the weights moved
                step = self._advance(tokens, meter.elapsed)
                if step % self.run.log_every == 0:
                    self._report(metrics, meter, step, interval, norm, rate)
                    interval = []
                if step % self.run.evaluate_every == 0:
                    measured = self._measure(metrics)
                    self._keep_best(measured)
                if step % self.run.save_every == 0:
                    saved = self.save()
        if saved is None or not saved.name.endswith(f"{self.state.step:08d}"):
            saved = self.save()
        finished = self._ended(meter.progress(self.state.step))
        if finished:
            measured = self._measure(metrics)
            self._keep_best(measured)
        if metrics is not None:
            metrics.close()
        best = self.run.output / BEST_FOLDER if self.state.best else None
        return TrainingResult(self.state.step, finished, saved, measured.plain, best, measured.averaged)

    def _ended(self, progress: float) -> bool:
        return progress >= 1.0 or is_exhausted(self.state.best, self.run.patience)

    def _keep_best(self, measured: HeldOutReport) -> None:
        """Note an evaluation where the run ends when the held-out loss no longer falls; keep the best checkpoint.

        What counts is the loss of what will be exported: of the averaged weights, where the run averages. Until the
        average begins nothing is noted, so that like is compared with like.
        """
        if self.run.patience is None or (self.average is not None and not self.state.averaged):
            return
        before = self.state.best
        # The same number on every process, so that all of them save or none.
        device = self.accelerator.device
        nats = self.accelerator.reduce(torch.tensor(measured.nats, device=device), "mean")
        best = with_evaluation(before, float(nats), self.state.step)
        self.state = replace(self.state, best=best)
        if before is None or best.step != before.step:
            self.save(BEST_FOLDER)
        elif is_exhausted(best, self.run.patience):
            logger.info("step %d  no lower held-out loss since step %d: the run ends", self.state.step, best.step)

    def take_best(self) -> None:
        """Put back the weights of the best checkpoint, where the run keeps one; its state stays that of the end."""
        if self.state.best is not None and self.state.best.step != self.state.step:
            restore(self.run.output / BEST_FOLDER, self.wrapped, self.optimizer.bare, self.tuning, self.average)

    def save(self, name: str | None = None) -> Path:
        """Write a checkpoint of the current step, under another name where one is given."""
        path = save_checkpoint(
            self.run.output,
            self.wrapped,
            self.optimizer.bare,
            self.state,
            tuning=self.tuning,
            vocabulary=self.vocabulary,
            keep=self.run.keep,
            average=self.average,
            main_process=self.accelerator.is_main_process,
            name=name,
        )
        self.accelerator.wait_for_everyone()
        return path

    def export(self, folder: Path, dtype: torch.dtype = torch.bfloat16) -> None:
        """Write the model for stock loaders, averaged where there is an average. Every process must call this."""
        with self.as_exported():
            tensors = self.tuning.plain_weights(gathered_weights(self.wrapped))
            if self.accelerator.is_main_process:
                with files_written_aside(folder) as part:
                    write_model(part, self.model, self.vocabulary, tensors, dtype)
        self.accelerator.wait_for_everyone()

    def export_adapter(self, folder: Path) -> None:
        """Write the trained weights alone, as peft opens them. Every process must call this."""
        with self.as_exported():
            tensors = gathered_weights(self.wrapped, trained_only=True)
            if self.accelerator.is_main_process:
                with files_written_aside(folder) as part:
                    self.tuning.write(part, self.vocabulary, tensors)
        self.accelerator.wait_for_everyone()

    def as_exported(self) -> AbstractContextManager[None]:
        """Put what is exported in place for a while: the averaged weights, where there are any."""
        return self.average.in_place() if self.average is not None and self.average.count else nullcontext()

    def close(self) -> None:
        """Leave the group of processes. Threads left running until the interpreter exits can abort it."""
        if isinstance(self.stream, PrefetchedStream):
            self.stream.close()
        self.accelerator.wait_for_everyone()
        self.accelerator.end_training()

    def _step(self, progress: float) -> tuple[float, float, float, int]:
        """Do one optimiser step; return the mean loss, the gradient's norm, the learning rate and the tokens."""
        rate = self._set_rate(progress)
        if self.recipe.tuning.drops or self.tuning.drops:
            seed_step(self.run.seed, self.state.step, self.accelerator.process_index)
        batches = [next(self.stream) for _ in range(self.recipe.batches.accumulate)]
        weight, tokens = self._total_weight(batches)
        total = torch.zeros((), device=self.accelerator.device)
        z_loss = torch.zeros_like(total)
        for i, batch in enumerate(batches):
            last = i == len(batches) - 1
            with nullcontext() if last else self.accelerator.no_sync(self.wrapped):
                loss = self.wrapped(**self._tensors(batch))
                # Processes average their gradients, so each scales its own up for the average to be the sum.
                self.accelerator.backward(loss * (self.accelerator.num_processes / weight))
            total += loss.detach()
            if self.loss_module.z_weight:
                z_loss += self.loss_module.z_sum
        self.tuning.clear_frozen_gradients()
        norm = self.accelerator.clip_grad_norm_(self.wrapped.parameters(), self.recipe.optimiser.clip)
        moved = self._update(norm)
        self.optimizer.zero_grad(set_to_none=True)
        mean = float(self.accelerator.reduce(total, "sum")) / weight
        if self.loss_module.z_weight:
            self._z_loss = float(self.accelerator.reduce(z_loss, "sum")) / weight
            mean -= self._z_loss
        size = float(norm)
        # Before anything is saved: weights that such a gradient moved must not take the place of a good checkpoint.
        if moved and not (math.isfinite(mean) and math.isfinite(size)):
            what = f"norm of the gradient is {size}" if math.isfinite(mean) else f"loss is {mean}"
            raise BioMatrixError(
                f"the {what} at step {self.state.step}; lower peak_lr, or go on from the last checkpoint"
            )
        return mean, size, rate, tokens

    def _tensors(self, batch: Batch) -> dict[str, Any]:
        if self.run.compile != "fixed":
            return batch_tensors(batch, self.accelerator.device)
        rows = self.recipe.batches.tokens // self.recipe.batches.max_length
        tensors = batch_tensors(filled(batch, rows), self.accelerator.device)
        allow_any_number(tensors["borders"])
        return tensors

    def _update(self, norm: torch.Tensor) -> bool:
        """Move the weights by their gradients; return False where the guard left that out."""
        guard, step = self.recipe.stability, self.state.step
        if guard.spike_multiple is not None:
            size, norms = float(norm), self.state.norms
            if self._any(norms.is_spike(size, guard)):
                logger.warning("step %d  update left out: norm %.3g, %s", step + 1, size, norms.told())
                self.state = replace(self.state, norms=norms.after_skip(size, step, guard))
                return False
            self.state = replace(self.state, norms=norms.after(size, guard))
        self.optimizer.step()
        if self.average is not None:
            self.average.update(step + 1)
            self.state = replace(self.state, averaged=self.average.count)
        return True

    def _total_weight(self, batches: list[Batch]) -> tuple[float, int]:
        """Return the loss weight and the number of labels that count, of one step over all processes."""
        sums = [sum(float(b.weights.sum()) for b in batches), float(sum(b.num_tokens for b in batches))]
        total = torch.tensor(sums, dtype=torch.float32)
        if self.accelerator.num_processes > 1:  # alone, the device need not be waited for
            total = self.accelerator.reduce(total.to(self.accelerator.device), "sum")
        return max(float(total[0]), 1e-8), int(total[1])

    def _set_rate(self, progress: float) -> float:
        o = self.recipe.optimiser
        factor = learning_rate_factor(
            progress,
            self.state.step,
            shape=o.shape,
            warmup_steps=o.warmup_steps,
            decay_fraction=o.decay_fraction,
            final_fraction=o.final_fraction,
            warmup_fraction=o.warmup_fraction,
        )
        return self.optimizer.set_rates(factor)

    def _advance(self, tokens: int, elapsed: float) -> int:
        state = self.state
        self.state = replace(
            state,
            step=state.step + 1,
            elapsed_seconds=elapsed,
            tokens=state.tokens + tokens,
            position=self.stream.position,
        )
        return self.state.step

    def _any(self, request: bool) -> bool:
        """Return whether any process was asked to stop; all must agree, or the others would wait forever."""
        if self.accelerator.num_processes == 1:
            return request
        flag = torch.tensor(float(request), device=self.accelerator.device)
        return bool(self.accelerator.reduce(flag, "sum") > 0)

    def _metrics(self) -> RunLog | None:
        if not self.accelerator.is_main_process:
            return None
        trackers = open_trackers(self.recipe.log, self.run.output, self.state.step, self.state.recipe)
        return RunLog(self.run.output / METRICS, self.state.step, trackers)

    def _report(
        self,
        metrics: RunLog | None,
        meter: Meter,
        step: int,
        losses: list[float],
        norm: float,
        rate: float,
    ) -> None:
        speed, left = meter.report(step)
        if not self.state.tokens:
            raise ConfigurationError(
                f"no token of the first {step} steps counts for the loss, so nothing is learned; look at the loss "
                "weights of the corpus"
            )
        if metrics is None:
            return
        loss, share = sum(losses) / len(losses) if losses else math.nan, self.usage.report()
        metrics.write(
            step=step,
            loss=loss,
            learning_rate=rate,
            gradient_norm=norm,
            tokens=self.state.tokens,
            tokens_per_second=speed,
            mfu=share,
            elapsed_seconds=meter.elapsed,
            seconds_left=left,
            **self._extras(),
        )
        logger.info(
            "step %d  loss %.4f  lr %.2e  norm %.2f  %.1fk tokens/s  MFU %.1f%%  %.1fM tokens  %s left",
            step, loss, rate, norm, speed / 1e3, 100 * share, self.state.tokens / 1e6, clock(left),
        )  # fmt: skip

    def _extras(self) -> dict[str, float]:
        """Return the figures of options that are on."""
        found: dict[str, float] = {}
        if len(self.optimizer.rates) > 1:
            found["muon_learning_rate"] = self.optimizer.rates[1]
        if self.loss_module.z_weight:
            found["z_loss"] = self._z_loss
        if self.recipe.stability.spike_multiple is not None:
            found["skipped_updates"] = self.state.norms.skipped
        return found

    def _measure(self, metrics: RunLog | None) -> HeldOutReport:
        """Measure the held-out loss of the weights, and of their average where there is one, once at each step."""
        if not self.held_out:
            return HeldOutReport()
        if self._measured is not None and self._measured[0] == self.state.step:
            return self._measured[1]
        found = HeldOutReport(self._evaluate())
        if self.state.averaged:
            with self.as_exported():
                found = HeldOutReport(found.plain, self._evaluate())
        if metrics is not None and self.state.step not in metrics.measured:  # by a run that had come as far before
            found.log(metrics, self.state.step)
        self._measured = self.state.step, found
        return found

    def _evaluate(self) -> Losses:
        """Measure the held-out loss. Every process takes the same batches, so that sharded weights can be gathered."""
        batches = {
            view: evaluation_batches(documents, self.recipe, self.vocabulary.pad_id)
            for view, documents in self.held_out.items()
        }
        module: Any = self.wrapped
        return held_out_loss(module, batches, self.labels, self.accelerator.device, self._bf16)


def prepare_host(run: RunSection) -> None:
    """Set the threads, and without a GPU the allocator, for training on this machine."""
    if run.threads is not None:
        torch.set_num_threads(run.threads)
    if not torch.cuda.is_available():
        keep_freed_memory()


def _check_ids(model: PreTrainedModel, vocabulary: Vocabulary) -> None:
    embedding: Any = model.get_input_embeddings()
    rows = embedding.weight.shape[0]
    if rows < len(vocabulary):
        raise ConfigurationError(
            f"the model has {rows:,} embedding rows for a vocabulary of {len(vocabulary):,}; extend it first"
        )
