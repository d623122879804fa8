"""The checkpoint that a recipe starts from is opened whole or refused by name; no weight is made up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import Qwen3Config, Qwen3ForCausalLM

from biomatrix.errors import WeightsError
from biomatrix.training.model import open_checkpoint
from biomatrix.training.network import open_network

SIZES = {
    "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 8, "tie_word_embeddings": True, "pad_token_id": 0, "eos_token_id": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    Qwen3ForCausalLM(Qwen3Config(**SIZES)).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "model"))


def says(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return change


def weights(change: Callable[[dict[str, torch.Tensor]], Any]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    return apply


def content(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(data) and None


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "missing keys, first lm_head.weight": says(tie_word_embeddings=False),
    "num_hidden_layers is 1": says(num_hidden_layers=1, layer_types=["full_attention"]),
    "vocab_size is 5": says(vocab_size=5),
    "hidden_size is a whole number": says(hidden_size=2**70),
    "says 'zz', which Transformers does not know": says(hidden_act="zz"),
    "quantised [(]gptq[)]": says(quantization_config={"quant_method": "gptq"}),
    "unexpected keys": says(model_type="llama"),
    "first extra.weight": weights(lambda held: held.update({"extra.weight": torch.zeros(2)})),
    "not finite": weights(lambda held: held["model.norm.weight"].fill_(float("nan"))),
    "an adapter [(]LoRA[)]": content("adapter_config.json", b"{}"),
    "git-lfs pointer": content("model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n"),
    "the file is empty": content("config.json", b""),
}


@pytest.mark.parametrize("reason", DAMAGES)
def test_a_damaged_checkpoint_is_refused_by_name(folder: Path, reason: str, capfd: pytest.CaptureFixture[str]) -> None:
    DAMAGES[reason](folder)
    with pytest.raises(WeightsError, match=reason) as caught:
        open_checkpoint(str(folder))
    assert caught.value.message.endswith("correct model.checkpoint in the recipe")
    assert str(folder) in str(caught.value.file)
    assert capfd.readouterr().err == ""


def test_a_whole_checkpoint_opens_as_it_was_written(folder: Path) -> None:
    opened = open_checkpoint(str(folder))
    held = load_file(folder / "model.safetensors")
    assert all(torch.equal(opened.state_dict()[name], tensor.float()) for name, tensor in held.items())
    assert open_network(folder, torch.bfloat16).dtype == torch.bfloat16
