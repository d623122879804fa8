"""The plain decoder is the stock network: same hidden states, same answers, and the same network when asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import DynamicCache, Qwen3Config, Qwen3ForCausalLM

from biomatrix.errors import WeightsError
from biomatrix.generation import load
from biomatrix.generation.qwen3.cache import KeyValues
from biomatrix.generation.qwen3.network import Qwen3
from biomatrix.generation.qwen3.opening import open_plain
from biomatrix.generation.row_states import left_padded
from biomatrix.training.checkpoint import write_model
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

PROMPTS = [[5, 6, 7, 8, 9, 10], [11, 12], [3, 1, 4, 1, 5]]


def write_network(folder: Path, tied: bool, heads: int = 4, shared: int = 2) -> Qwen3ForCausalLM:
    """Write and return a random network whose weights are large enough to have opinions."""
    torch.manual_seed(3)
    config: Any = Qwen3Config(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=heads,
        num_key_value_heads=shared, head_dim=8, max_position_embeddings=64, tie_word_embeddings=tied,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0}, eos_token_id=[2, 1], pad_token_id=1,
    )  # fmt: skip
    network = Qwen3ForCausalLM(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(1.0 if parameter.ndim == 1 else 0.0, 0.3)
    network.save_pretrained(folder)
    stock: Qwen3ForCausalLM = Qwen3ForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return stock


def opened(folder: Path, dtype: torch.dtype = torch.float32) -> Qwen3:
    plain = open_plain(folder, dtype)
    assert plain is not None
    return plain


def read_on(read: Callable[[Tensor, Tensor, Tensor], Tensor], select: Callable[[Tensor], None]) -> list[Tensor]:
    """Read prompts of unequal lengths, drop and repeat rows, and read five tokens more; return all hidden states."""
    ids, mask = left_padded(PROMPTS, torch.device("cpu"))
    found = [read(ids, mask, (mask.cumsum(dim=1) - 1).clamp(min=0))]
    rows = torch.tensor([0, 2, 2, 1])
    select(rows)
    mask = mask[rows]
    for step in range(5):
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        token = torch.arange(step, step + 4)[:, None]
        found.append(read(token, mask, mask.sum(dim=1, keepdim=True) - 1))
    return found


@pytest.mark.parametrize(("tied", "heads", "shared"), [(True, 4, 2), (False, 4, 4), (True, 4, 1)])
def test_hidden_states_are_those_of_the_stock_network(tmp_path: Path, tied: bool, heads: int, shared: int) -> None:
    stock = write_network(tmp_path, tied, heads, shared)
    plain = opened(tmp_path)
    cache, ours = DynamicCache(config=stock.config), KeyValues()
    with torch.inference_mode():
        expected = read_on(
            lambda ids, mask, places: (
                stock.model(
                    input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=cache, use_cache=True
                ).last_hidden_state
            ),
            cache.batch_select_indices,
        )
        found = read_on(lambda ids, mask, places: plain(ids, mask, places, ours), ours.batch_select_indices)
    real = left_padded(PROMPTS, torch.device("cpu"))[1].bool()
    torch.testing.assert_close(found[0][real], expected[0][real], rtol=1e-5, atol=1e-5)
    for one, other in zip(found[1:], expected[1:], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(plain.output_rows, stock.lm_head.weight)


def test_without_padding_too(tmp_path: Path) -> None:
    stock, ids = write_network(tmp_path, True), torch.tensor([[4, 9, 16, 25, 36]])
    plain, ones = opened(tmp_path), torch.ones_like(ids)
    with torch.inference_mode():
        expected = stock.model(input_ids=ids).last_hidden_state
        torch.testing.assert_close(plain(ids, ones, ones.cumsum(1) - 1, KeyValues()), expected, rtol=1e-5, atol=1e-5)


def test_the_stock_network_has_the_weights_that_were_read(tmp_path: Path) -> None:
    stock = write_network(tmp_path / "model", False)
    plain = opened(tmp_path / "model", torch.bfloat16)
    shutil.rmtree(tmp_path / "model")
    promoted = plain.stock()
    assert not promoted.training
    assert promoted.dtype == torch.bfloat16
    assert promoted.generation_config.eos_token_id == [2, 1]
    assert promoted.name_or_path == stock.name_or_path
    assert promoted.config.to_dict() | {"dtype": None} == stock.config.to_dict() | {"dtype": None}
    weights = promoted.state_dict()
    for name, tensor in stock.state_dict().items():
        assert torch.equal(weights[name], tensor.bfloat16()), name


@pytest.mark.parametrize(
    "settings",
    [
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"]},
        {"attention_bias": True},
        {"hidden_act": "gelu"},
        {"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}},
        {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}},
        {"use_sliding_window": True, "sliding_window": 8},
        {"layer_types": ["full_attention", "sliding_attention", "full_attention"]},
        {"quantization_config": {"quant_method": "gptq", "bits": 4}},
        {"num_key_value_heads": 3},
        {"hidden_size": "32"},
        {"vocab_size": 65},
        {"num_hidden_layers": 2},
        {"unheard_of": 1},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_other_configurations_are_left_to_transformers(tmp_path: Path, settings: dict[str, Any]) -> None:
    write_network(tmp_path, True)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    assert open_plain(tmp_path, torch.float32) is None


@pytest.mark.parametrize("fault", ["missing", "unexpected", "shape", "cut", "adapter", "integers"])
def test_other_weights_are_left_to_transformers(tmp_path: Path, fault: str) -> None:
    write_network(tmp_path, True)
    path = tmp_path / "model.safetensors"
    tensors = load_file(path)
    name = "model.norm.weight"
    if fault == "adapter":
        (tmp_path / "adapter_config.json").write_text("{}")
    elif fault == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        if fault == "missing":
            del tensors[name]
        elif fault == "unexpected":
            tensors["model.more.weight"] = torch.ones(3)
        else:
            tensors[name] = torch.ones(31) if fault == "shape" else torch.ones(32, dtype=torch.int8)
        save_file(tensors, path, metadata={"format": "pt"})
    assert open_plain(tmp_path, torch.float32) is None


def test_a_missing_tensor_is_still_refused_by_name(tmp_path: Path) -> None:
    vocabulary = Vocabulary.build(train_byte_bpe(["Make a molecule. user assistant system"], 300), {})
    network = write_network(tmp_path / "other", True)
    network.resize_token_embeddings(len(vocabulary))
    write_model(tmp_path, network, vocabulary)
    path = tmp_path / "model.safetensors"
    tensors = load_file(path)
    del tensors["model.layers.2.mlp.up_proj.weight"]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(WeightsError, match=r"missing keys.*layers\.2\.mlp\.up_proj"):
        load(tmp_path)


def test_answers_stay_the_same_when_the_stock_network_is_asked_for() -> None:
    model = load("nano", device="cpu")
    engine: Any = model.engine
    assert isinstance(engine._network, Qwen3)
    asked: list[dict[str, Any]] = [
        {"output": "molecule_selfies", "num_samples": 3, "seed": 1},
        {"output": "protein_structure", "length": 12, "top_p": 0.9},
        {"max_new_tokens": 12, "greedy": True},
    ]
    before = [model.generate("Make one.", **settings) for settings in asked]
    scored = model.score("Make one.", "of carbon")
    size = model.num_parameters, model.num_embeddings
    assert isinstance(model.network, Qwen3ForCausalLM)
    assert engine._network is model.network
    assert (model.num_parameters, model.num_embeddings) == size
    for settings, answers in zip(asked, before, strict=True):
        again = model.generate("Make one.", **settings)
        assert [answer.token_ids for answer in again] == [answer.token_ids for answer in answers]
        assert [answer.logprob for answer in again] == pytest.approx([answer.logprob for answer in answers], abs=1e-4)
    assert model.score("Make one.", "of carbon").logprob == pytest.approx(scored.logprob, abs=1e-4)
