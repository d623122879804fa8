"""Perplexity by a tiny random GPT-2 over the text layout of ProtGPT2."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.learned.protgpt2 import ProtGPT2, laid_out, perplexity
from biomatrix.metrics.learned.registry import load_scorer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    letters = ["<|endoftext|>", "\n", *"ACDEFGHIKLMNPQRSTVWY"]
    inner = Tokenizer(models.WordLevel({letter: i for i, letter in enumerate(letters)}, unk_token="A"))
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    path = tmp_path_factory.mktemp("protgpt2")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<|endoftext|>", model_max_length=1024)
    tokenizer.save_pretrained(path)
    config = GPT2Config(vocab_size=len(letters), n_positions=1024, n_embd=16, n_layer=2, n_head=2)
    GPT2LMHeadModel(config).save_pretrained(path)
    return path


def test_perplexity_is_the_exponential_of_the_mean_loss(folder: Path) -> None:
    import torch

    scorer: ProtGPT2 = load_scorer("protgpt2", folder)
    sequences = ["MKTAYIAK" * 10, "", "ACD"]
    found = scorer.perplexities(sequences)
    assert math.isnan(found[1])
    ids = torch.tensor([scorer._tokenizer.encode(laid_out(sequences[0]))])
    with torch.inference_mode():
        logits = scorer._network(ids).logits[0, :-1]
    loss = torch.nn.functional.cross_entropy(logits, ids[0, 1:])
    assert found[0] == pytest.approx(math.exp(loss), rel=1e-4)
    assert scorer.perplexities(sequences[::-1])[::-1][0] == pytest.approx(found[0], rel=1e-6)


def test_long_sequences_are_cut_at_1024_residues(folder: Path) -> None:
    scorer = ProtGPT2.load(folder)
    assert len(laid_out("A" * 5000).replace("<|endoftext|>", "").replace("\n", "")) == 1024
    assert scorer.perplexities(["A" * 5000]) == scorer.perplexities(["A" * 1024])


def test_the_published_mean_keeps_outliers() -> None:
    found = perplexity([10.0, 3000.0, math.nan])
    assert (found["ppl"].value, found["ppl_filtered"].value, found["ppl"].empty) == (1505.0, 10.0, 1)
    assert math.isnan(perplexity([])["ppl"].value)


def test_absent_weights_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"ProtGPT2: .* not at hand"):
        load_scorer("protgpt2", tmp_path)
