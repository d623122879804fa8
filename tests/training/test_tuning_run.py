"""A tuning run from its recipe, on the shipped model and data of another project's layout, as a user starts it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from biomatrix.corpus.conversations.llama_factory import data_set
from biomatrix.corpus.conversations.shards import write_conversation_shards
from biomatrix.errors import ConfigurationError
from biomatrix.generation import weights
from biomatrix.training import Recipe, finetune
from biomatrix.vocabulary import Vocabulary

NANO = Path(weights.__path__[0]) / "nano"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rows = [{"instruction": f"What is {n} plus {n}?", "output": f"It is {2 * n}."} for n in range(60)]
    (tmp_path / "sums.json").write_text(json.dumps(rows))
    (tmp_path / "dataset_info.json").write_text(json.dumps({"sums": {"file_name": "sums.json"}}))
    write_conversation_shards([data_set(tmp_path, "sums")], NANO, tmp_path / "corpus", max_tokens=128, held_out=0.2)
    return tmp_path / "corpus"


def recipe(corpus: Path, output: Path, **model: str) -> Recipe:
    return Recipe.model_validate(
        {
            "model": {"vocabulary": str(NANO), "checkpoint": str(NANO), "initialisation": "description", **model},
            "data": {"train": str(corpus / "train")},
            "batches": {"tokens": 256, "max_length": 128},
            "optimiser": {"peak_lr": 1e-2, "warmup_steps": 0},
            "tuning": {"mode": "lora", "rank": 2, "targets": ["q_proj", "v_proj"]},
            "run": {"output": str(output), "max_steps": 4, "evaluate_every": 2, "patience": 3, "precision": "fp32"},
        }
    )


@pytest.mark.slow
def test_lora_from_a_recipe(corpus: Path, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    output = tmp_path / "run"
    result = finetune(recipe(corpus, output))
    assert result.finished
    assert result.best == output / "best"
    assert "view:sums" in result.held_out
    ids = torch.tensor([Vocabulary.from_pretrained(NANO).encode("What is 2 plus 2?")])
    adapted = peft.AutoPeftModelForCausalLM.from_pretrained(output / "adapter", dtype=torch.float32).eval()
    merged, base = (
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval() for folder in (output / "model", NANO)
    )
    with torch.no_grad():
        wanted, told, before = (model(ids).logits for model in (adapted, merged, base))
    assert float((wanted - before).abs().max()) > 0.05
    assert float((wanted - told).abs().mean()) < 0.1 * float((wanted - before).abs().mean())  # bfloat16 beside float32


def test_lora_of_a_model_that_lacks_tokens_is_refused(corpus: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    vocabulary = json.loads((NANO / "tokenizer.json").read_text())
    vocabulary["added_tokens"] = vocabulary["added_tokens"][:-3]
    (base / "tokenizer.json").write_text(json.dumps(vocabulary))
    for name in ("config.json", "tokenizer_config.json"):
        (base / name).write_bytes((NANO / name).read_bytes())
    with pytest.raises(ConfigurationError, match=r"lacks 3 tokens .*new_rows"):
        finetune(recipe(corpus, tmp_path / "run", checkpoint=str(base)))
