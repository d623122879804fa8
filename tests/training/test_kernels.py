"""Liger's kernels take the place of norms, rotations and SwiGLU of one decoder, and of nothing else.

They need a GPU. Here modules of the same names and signatures stand in for them, which count their calls; those of the
package are put in place where it is installed.
"""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from biomatrix.errors import ConfigurationError
from biomatrix.training import kernels
from biomatrix.training.config import Recipe, RunSection
from biomatrix.training.kernels import exchange, use_kernels

from .documents import recipe_values
from .test_loop import losses, trainer, weights

LAYERS = 2
CALLS: Counter[str] = Counter()


class StandInNorm(nn.Module):
    def __init__(self, hidden_size: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight, self.variance_epsilon = nn.Parameter(torch.ones(hidden_size)), eps

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        CALLS["norm"] += 1
        return F.rms_norm(hidden_states, self.weight.shape, self.weight, self.variance_epsilon)


class StandInSwiGLU(nn.Module):
    def __init__(self, config: Any, intermediate_size: int | None = None) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        CALLS["swiglu"] += 1
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


def stand_in_rotation(q: Any, k: Any, cos: Any, sin: Any, position_ids: Any = None, unsqueeze_dim: int = 1) -> Any:
    CALLS["rotation"] += 1
    half, phase = q.shape[-1] // 2, torch.complex(cos, sin)[:, None, :, : q.shape[-1] // 2]
    parts = [torch.complex(x[..., :half], x[..., half:]) * phase for x in (q, k)]
    return tuple(torch.cat((x.real, x.imag), dim=-1) for x in parts)


@pytest.fixture
def liger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that seems to have a GPU and Liger, which are taken to compute as the stand-ins do."""
    package, module = ModuleType("liger_kernel"), ModuleType("liger_kernel.transformers")
    package.transformers = module  # type: ignore[attr-defined]
    module.LigerRMSNorm, module.LigerSwiGLUMLP = StandInNorm, StandInSwiGLU  # type: ignore[attr-defined]
    module.liger_rotary_pos_emb = stand_in_rotation  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "liger_kernel", package)
    monkeypatch.setitem(sys.modules, "liger_kernel.transformers", module)
    monkeypatch.setattr(kernels, "_obstacle", lambda model: None)
    CALLS.clear()


@pytest.mark.usefixtures("liger")
@pytest.mark.parametrize("changes", [{}, {"run": {"gradient_checkpointing": True}, "batches": {"layout": "packed"}}])
def test_a_run_with_kernels_is_the_same_run(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = changes.get("run", {})
    plain = trainer(tmp_path / "plain", **changes)
    fused = trainer(tmp_path / "fused", **{**changes, "run": {**run, "kernels": "liger"}})
    names = list(plain.model.state_dict())
    assert list(fused.model.state_dict()) == names
    plain.train()
    assert not CALLS  # no other model of the process is touched
    fused.train()
    assert CALLS["norm"] > CALLS["rotation"] >= CALLS["swiglu"] > 0
    assert losses(tmp_path / "fused") == pytest.approx(losses(tmp_path / "plain"), abs=1e-4)
    wanted = weights(plain)
    assert all(torch.allclose(tensor, wanted[name], atol=1e-3) for name, tensor in weights(fused).items())
    for run_, folder in ((plain, tmp_path / "a"), (fused, tmp_path / "b")):
        run_.export(folder)
    assert (tmp_path / "a/config.json").read_bytes() == (tmp_path / "b/config.json").read_bytes()
    going_on = trainer(tmp_path / "fused", **changes)
    assert going_on.resume()  # kernels may change
    assert all(torch.equal(tensor, going_on.model.state_dict()[name]) for name, tensor in weights(fused).items())


@pytest.mark.usefixtures("liger")
def test_every_norm_rotation_and_mlp_is_exchanged_once(tmp_path: Path) -> None:
    model: Any = trainer(tmp_path).model
    before = {name: id(parameter) for name, parameter in model.named_parameters()}
    assert exchange(model) == 6 * LAYERS + 1
    assert {name: id(parameter) for name, parameter in model.named_parameters()} == before
    kinds = Counter(type(part).__name__ for part in model.modules())
    assert (kinds["StandInNorm"], kinds["StandInSwiGLU"]) == (4 * LAYERS + 1, LAYERS)
    assert not kinds["Qwen3RMSNorm"] + kinds["Qwen3MLP"]
    assert exchange(model) == LAYERS  # nothing is left but the attentions, whose rotation is named again


def test_what_cannot_be_had_is_refused_or_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = trainer(tmp_path).model
    asked, auto = (RunSection(output=tmp_path, max_steps=1, kernels=name) for name in ("liger", "auto"))
    caplog.set_level("INFO", logger=kernels.logger.name)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigurationError, match="needs a GPU"):
        use_kernels(model, asked)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(kernels, "_liger", lambda: None)
    with pytest.raises(ConfigurationError, match=r"pip install \"biomatrix\[liger\]\".*run.kernels to \"plain\""):
        use_kernels(model, asked)
    assert not use_kernels(model, auto)
    assert "plain kernels, since Liger needs liger-kernel" in caplog.text
    monkeypatch.setattr(kernels, "_liger", lambda: ModuleType("liger"))
    model.config.model_type = "llama"
    with pytest.raises(ConfigurationError, match="'llama'"):
        use_kernels(model, asked)


def test_compiled_layers_keep_their_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="not compiled"):
        Recipe.model_validate(recipe_values(tmp_path, run={"kernels": "liger", "compile": True}))
    monkeypatch.setattr(kernels, "exchange", lambda model: pytest.fail("exchanged"))
    monkeypatch.setattr(kernels, "_obstacle", lambda model: None)
    model: Any = None
    assert not use_kernels(model, RunSection(output=tmp_path, max_steps=1, kernels="auto", compile=True))


@pytest.mark.skipif(importlib.util.find_spec("liger_kernel") is None, reason="liger-kernel is not installed")
def test_ligers_own_modules_fit(tmp_path: Path) -> None:
    """They are made on a CPU, which cannot compute with them."""
    model: Any = trainer(tmp_path).model
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    assert exchange(model) == 6 * LAYERS + 1
    assert {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()} == shapes
    norm, rotation = model.model.norm, model.model.layers[0].self_attn.forward.__globals__["apply_rotary_pos_emb"]
    assert norm.variance_epsilon == model.config.rms_norm_eps
    assert rotation.__module__.startswith("liger_kernel")
