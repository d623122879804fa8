"""Sharding as Accelerate does it under ``accelerate launch --use_fsdp``, in one process on a CPU."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from accelerate.utils import FullyShardedDataParallelPlugin
from accelerate.utils.fsdp_utils import fsdp2_prepare_model
from torch.distributed.device_mesh import init_device_mesh

from biomatrix.errors import ConfigurationError
from biomatrix.training.config import Recipe
from biomatrix.training.loss import NextTokenLoss
from biomatrix.training.model import build_model
from biomatrix.training.sharding import set_sharding

from .documents import TinyVocabulary, recipe_values

SIZE = 64


@pytest.fixture
def mesh() -> Iterator[Any]:
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    yield init_device_mesh("cpu", (1,), mesh_dim_names=("dp_shard",))
    torch.distributed.destroy_process_group()


def launched(mesh: Any) -> Any:
    """Return what training sees of an Accelerator that the launcher has set up with its defaults, in bf16."""
    plugin = FullyShardedDataParallelPlugin(
        fsdp_version=2,
        auto_wrap_policy="transformer_based_wrap",
        transformer_cls_names_to_wrap=["Qwen3DecoderLayer"],
        cpu_ram_efficient_loading=True,
    )
    plugin.set_mixed_precision("bf16")
    return SimpleNamespace(
        state=SimpleNamespace(fsdp_plugin=plugin),
        mixed_precision="bf16",
        device=torch.device("cpu"),
        is_main_process=True,
        torch_device_mesh={("dp_shard",): mesh},
        parallelism_config=SimpleNamespace(fsdp_dim_names=["dp_shard"]),
    )


def test_tied_tables_stay_one_and_losses_whole(mesh: Any, tmp_path: Path) -> None:
    recipe = Recipe.model_validate(recipe_values(tmp_path))
    vocabulary: Any = TinyVocabulary(SIZE)
    module = NextTokenLoss(build_model(recipe.model, vocabulary, recipe.run))
    ids = torch.arange(4, 60).view(2, 28)
    weights = torch.full((2, 28), 0.3)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        alone = float(copy.deepcopy(module)(ids, ids, weights))
    accelerator = launched(mesh)
    set_sharding(accelerator)
    sharded: Any = fsdp2_prepare_model(accelerator, module)
    assert sharded.model.lm_head.weight is sharded.model.model.embed_tokens.weight
    loss = sharded(ids, ids, weights)
    assert loss.dtype == torch.float32
    assert float(loss.detach()) == pytest.approx(alone, rel=1e-4)
    loss.backward()
    assert all(parameter.grad.dtype == torch.float32 for parameter in sharded.parameters())


def test_sharding_of_another_kind_is_refused() -> None:
    accelerator: Any = SimpleNamespace(state=SimpleNamespace(fsdp_plugin=SimpleNamespace(fsdp_version=1)))
    with pytest.raises(ConfigurationError, match="--fsdp_version 2"):
        set_sharding(accelerator)
