"""What ``gpu_training.py`` measures in a process of its own, one line of JSON for each finished row."""

from __future__ import annotations

import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from gpu_settings import Documents, Names, Setting, Shape, recipe

from biomatrix.training.loss import CHUNK_ROWS

GPU = torch.cuda.is_available()
DEVICE = torch.device("cuda" if GPU else "cpu")
GIB = 2**30
ROUNDING = 1e-2
"""Nats by which a token's loss may differ on average: bf16 sums in another order come to a tenth of it."""


def tell(**row: Any) -> None:
    """Give a row to the process that makes the table."""
    print("ROW " + json.dumps(row), flush=True)


def settle() -> None:
    if GPU:
        torch.cuda.synchronize()


def fresh() -> None:
    """Forget what was compiled and what memory was held."""
    gc.collect()
    torch.compiler.reset()
    if GPU:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def held() -> float | None:
    """Return the most GiB that tensors took since ``fresh``; None without a card."""
    return round(torch.cuda.max_memory_allocated() / GIB, 2) if GPU else None


def trace_only() -> None:
    """Let compiled code run as it was traced, and plain modules in Liger's place, to try names and shapes on a CPU."""
    from transformers.models.qwen3 import modeling_qwen3 as qwen3

    from biomatrix.training import kernels

    torch.compile = partial(torch.compile, backend="aot_eager")  # type: ignore[assignment]
    plain = SimpleNamespace(
        LigerRMSNorm=qwen3.Qwen3RMSNorm,
        LigerSwiGLUMLP=qwen3.Qwen3MLP,
        liger_rotary_pos_emb=qwen3.apply_rotary_pos_emb,
    )
    kernels._liger, kernels._obstacle = lambda: plain, lambda model: None


@contextmanager
def keeping(share: float | None) -> Iterator[None]:
    """Let compiled layers keep a share of what they would for the backward pass."""
    if share is None:
        yield
        return
    import torch._functorch.config as functorch

    before, functorch.activation_memory_budget = functorch.activation_memory_budget, share
    try:
        yield
    finally:
        functorch.activation_memory_budget = before


class Waited:
    """A stream that notes how long each batch was waited for."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.seconds = stream, 0.0

    def __next__(self) -> Any:
        begun = time.perf_counter()
        batch = next(self.stream)
        self.seconds += time.perf_counter() - begun
        return batch

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def decoder(settings: Any, shape: Shape) -> Any:
    """Return the trainer's model on the card, the same for every setting."""
    from transformers import Qwen3ForCausalLM

    from biomatrix.training.model import attention_implementation, qwen3_config

    config = qwen3_config(settings.model, shape.rows, pad_id=0, end_ids=[1])
    config._attn_implementation = attention_implementation(settings.run)
    torch.manual_seed(settings.run.seed)
    with DEVICE:
        return Qwen3ForCausalLM(config)


def peak() -> None:
    """The card's rate of bf16 products of matrices."""
    from biomatrix.training.utilisation import measured_peak

    kind = torch.bfloat16 if GPU else torch.float32
    rates = [measured_peak(DEVICE, kind) / 1e12 for _ in range(3)]
    card = torch.cuda.get_device_name() if GPU else "a CPU"
    spread = round(max(rates) / min(rates), 3)
    tell(name="matrix peak", tflops=round(max(rates), 3), spread=spread, device=f"{card}, torch {torch.__version__}")


def difference(trainer: Any, reference: Path) -> float:
    """Return how far the first tokens' losses are from those under the setting that was measured first, on average.

    It is the mean over tokens of what each differs by, in nats: where documents leaked, means would hide it.
    """
    module = trainer.loss_module
    rows, module.chunk_rows = module.chunk_rows, CHUNK_ROWS
    found = trainer.wrapped(**trainer._tensors(next(trainer.stream)), per_token=True).flatten()[:2048].tolist()
    module.chunk_rows = rows
    if not reference.is_file():
        reference.write_text(json.dumps(found))
    return float(np.abs(np.subtract(found, json.loads(reference.read_text()))).mean())


def step(shape: Shape, setting: Setting, documents: Documents, peak_tflops: float, reference: Path) -> None:
    """The trainer's own step under one setting."""
    from biomatrix.training.loop import Trainer
    from biomatrix.training.utilisation import ModelFlops

    fresh()
    with tempfile.TemporaryDirectory() as folder, keeping(setting.memory_budget):
        settings = recipe(shape, setting, Path(folder))
        model, names = decoder(settings, shape), Names(shape.rows)
        flops = ModelFlops.of(model)
        trainer = Trainer(settings, model, names, documents)  # type: ignore[arg-type]
        stream: Any = Waited(trainer.stream)
        trainer.stream = stream
        trainer.wrapped.train()
        begun = time.perf_counter()
        apart = difference(trainer, reference)
        if GPU:
            torch.cuda.reset_peak_memory_stats()
        losses = [trainer._step(0.5)[0] for _ in range(shape.warm)]
        settle()
        warm = time.perf_counter() - begun
        work, stream.seconds, tokens, times = stream.work, 0.0, 0, []
        for _ in range(shape.steps):
            begun = time.perf_counter()
            tokens += trainer._step(0.5)[3]
            times.append(time.perf_counter() - begun)
        settle()
        seconds = sum(times)
        share = flops.total(stream.work - work) / seconds / (peak_tflops * 1e12)
        if hasattr(stream.stream, "close"):
            stream.stream.close()
        tell(
            name=setting.name,
            tokens_per_second=round(tokens / seconds),
            mfu=round(share, 4),
            gib=held(),
            ms=round(1e3 * statistics.median(times), 2),
            wait_ms=round(1e3 * stream.seconds / shape.steps, 2),
            warm_seconds=round(warm, 1),
            loss_rows=trainer.loss_module.whole_rows,
            losses=[round(loss, 5) for loss in losses],
            difference=round(apart, 5),
            right=apart < ROUNDING,
        )


def host(shape: Shape, documents: Documents) -> None:
    """What a batch takes the host."""
    from biomatrix.training.batches import BatchStream

    batches = recipe(shape, Setting("batches", {}), Path()).batches
    stream = BatchStream(documents, batches, seed=0, pad_id=0)
    next(stream)  # the first lays out a window
    times, counts = [], []
    for _ in range(20):
        begun = time.perf_counter()
        batch = next(stream)
        times.append(time.perf_counter() - begun)
        counts.append(int((batch.position_ids == 0).sum()))
    tell(
        name="a batch on the host",
        ms=round(1e3 * statistics.median(times), 2),
        most_ms=round(1e3 * max(times), 2),  # with a new window to lay out, where one begins
        documents=round(statistics.mean(counts)),
    )


def loss_ways(shape: Shape) -> None:
    """The loss alone, forward and backward: chunks, plain, and plain compiled."""
    from biomatrix.training.loss import _plain_losses, token_losses

    width = shape.sizes["hidden_size"]
    torch.manual_seed(0)
    table = (0.02 * torch.randn(shape.rows, width, device=DEVICE)).requires_grad_()
    x = torch.randn(shape.tokens, width, device=DEVICE).requires_grad_()
    labels = torch.randint(0, shape.rows, (shape.tokens,), device=DEVICE)
    few = min(CHUNK_ROWS, shape.tokens // 2)
    ways: list[tuple[str, Callable[..., torch.Tensor]]] = [
        (f"chunks of {few}", partial(token_losses, chunk_rows=few)),
        (f"chunks of {shape.tokens // 4}", partial(token_losses, chunk_rows=shape.tokens // 4)),
        ("plain", _plain_losses),
        ("plain, compiled for any shape", torch.compile(_plain_losses, dynamic=True)),
        ("plain, compiled for one shape", torch.compile(_plain_losses, dynamic=False)),
    ]
    for name, way in ways:
        fresh()
        before = torch.cuda.memory_allocated() / GIB if GPU else 0.0
        times = []
        for _ in range(6):
            settle()
            begun = time.perf_counter()
            with torch.autocast(DEVICE.type, torch.bfloat16):
                value = way(x, table, labels).sum()
            value.backward()
            settle()
            times.append(time.perf_counter() - begun)
            x.grad = table.grad = None
        most = held()
        above = None if most is None else round(most - before, 2)
        mean = float(value) / shape.tokens
        tell(name=name, ms=round(1e3 * statistics.median(times[2:]), 2), gib_above_inputs=above, loss=round(mean, 5))


def packed_is_separate(shape: Shape) -> None:
    """Losses of packed documents against the same documents alone, and what they would be if documents leaked."""
    from biomatrix.training.document_attention import document_borders
    from biomatrix.training.loss import NextTokenLoss

    lengths = [37, 20, 14, 9, 42]
    ids = np.random.default_rng(5).integers(4, shape.rows, sum(lengths) + 1)
    apart = [np.arange(n) for n in lengths]
    spans = list(pairwise(np.cumsum([0, *lengths]).tolist()))
    for attention in ("sdpa", "varlen"):
        net = NextTokenLoss(decoder(recipe(shape, Setting("", {"attention": attention}), Path()), shape))

        def losses(start: int, stop: int, positions: Any, net: Any = net) -> torch.Tensor:
            borders, longest = document_borders(positions[None])
            with torch.no_grad(), torch.autocast(DEVICE.type, torch.bfloat16):
                found: torch.Tensor = net(
                    *(torch.from_numpy(ids[None, a:b]).to(DEVICE) for a, b in ((start, stop), (start + 1, stop + 1))),
                    torch.ones(1, stop - start, device=DEVICE),
                    position_ids=torch.from_numpy(positions[None]).to(DEVICE),
                    per_token=True,
                    borders=torch.from_numpy(borders).to(DEVICE),
                    longest=longest,
                )
            return found[0].double().cpu()

        packed = losses(0, sum(lengths), np.concatenate(apart))
        alone = torch.cat([losses(a, b, at) for (a, b), at in zip(spans, apart, strict=True)])
        leaked = losses(0, sum(lengths), np.arange(sum(lengths)))
        mean, leak = (float((one - alone).abs().mean()) for one in (packed, leaked))
        # In bf16 a sum in another order moves a loss by thousandths of a nat; another document moves it far more.
        tell(name=attention, mean_difference=mean, if_leaked=leak, right=mean < ROUNDING and mean < 0.2 * leak)


def measure(part: str, shape: Shape, chosen: list[Setting], peak_tflops: float, output: Path) -> None:
    """Measure some rows of a part; a row that fails says so, and the next is tried."""
    if part in ("peak", "correctness", "loss"):
        {"peak": peak, "correctness": partial(packed_is_separate, shape), "loss": partial(loss_ways, shape)}[part]()
        return
    documents = Documents(shape)
    for setting in chosen:
        try:
            if setting.name == HOST.name:
                host(shape, documents)
            else:
                step(shape, setting, documents, peak_tflops, output / f"reference_{part}.json")
        except Exception as error:
            tell(name=setting.name, failed=f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
            if GPU and isinstance(error, getattr(torch, "AcceleratorError", ())):
                raise SystemExit(1) from error  # the card's context is lost; a new process goes on


HOST = Setting("a batch on the host")
