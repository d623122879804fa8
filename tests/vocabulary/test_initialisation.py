"""New rows start where they should; every other row of the model stays bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from biomatrix.errors import ConfigurationError, VocabularyError
from biomatrix.vocabulary import Vocabulary, initialise
from biomatrix.vocabulary.initialisation import fourier_features, new_rows

from .conftest import JOINT, stub_modalities

WIDTH = 64


def small_model(rows: int, tied: bool) -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=rows,
        hidden_size=WIDTH,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=16,
        tie_word_embeddings=tied,
        rope_theta=1e6,
    )
    return Qwen3ForCausalLM(config)


def tables(model: Qwen3ForCausalLM) -> list[torch.Tensor]:
    return [model.get_input_embeddings().weight.detach(), model.get_output_embeddings().weight.detach()]


@pytest.mark.parametrize("scheme", ["description", "geometry"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("padding", [0, 100, 5000])
def test_old_rows_are_bit_identical(vocabulary: Vocabulary, scheme: str, tied: bool, padding: int) -> None:
    old = vocabulary.base_size + padding
    model = small_model(old, tied)
    before = [table.clone() for table in tables(model)]
    initialise(model, vocabulary, scheme=scheme, seed=3)  # type: ignore[arg-type]
    kept = np.ones(old, dtype=bool)
    kept[vocabulary.new_ids[vocabulary.new_ids < old]] = False
    assert kept.sum() >= vocabulary.base_size
    for table, then in zip(tables(model), before, strict=True):
        assert torch.equal(table[:old][kept].view(torch.int32), then[kept].view(torch.int32))
        assert len(table) >= max(old, len(vocabulary))
        assert (table[vocabulary.new_ids].norm(dim=1) > 0).all()
        assert not table[max(old, len(vocabulary)) :].any()
    same = tables(model)[0].data_ptr() == tables(model)[1].data_ptr()
    assert same == tied
    assert model.config.vocab_size == len(tables(model)[0])


def test_first_new_ids_land_on_padding_rows(vocabulary: Vocabulary) -> None:
    old = vocabulary.base_size + 100
    model = small_model(old, True)
    initialise(model, vocabulary, multiple=1)
    assert len(tables(model)[0]) == len(vocabulary)
    assert int(vocabulary.new_ids[0]) == vocabulary.base_size
    wide = small_model(vocabulary.base_size + 5000, True)
    initialise(wide, vocabulary)
    assert len(tables(wide)[0]) == vocabulary.base_size + 5000
    padding = vocabulary.padding_ids(len(tables(wide)[0]))
    np.testing.assert_array_equal(padding, np.arange(len(vocabulary), len(tables(wide)[0])))


def test_a_described_row_is_the_mean_of_its_pieces_and_noise(vocabulary: Vocabulary) -> None:
    model = small_model(vocabulary.base_size, False)
    before = [table.clone() for table in tables(model)]
    initialise(model, vocabulary, noise=0.0)
    id_ = vocabulary.block("protein_sequence").index["<A W>"]
    pieces = vocabulary.encode_text("Tryptophan")
    for table, then in zip(tables(model), before, strict=True):
        torch.testing.assert_close(table[id_], then[pieces].mean(dim=0))
    start = vocabulary.encode_text("Begins a protein 3D structure")
    torch.testing.assert_close(tables(model)[0][vocabulary.start_id("protein_structure")], before[0][start].mean(dim=0))


def test_noise_is_a_standard_normal_over_the_width(vocabulary: Vocabulary) -> None:
    weight = torch.zeros(vocabulary.base_size, WIDTH)
    rows = new_rows(weight, vocabulary, "description", seed=0)
    assert rows.std() * np.sqrt(WIDTH) == pytest.approx(1, abs=0.03)
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_a_row_depends_on_its_token_not_on_the_others(vocabulary: Vocabulary, base: PreTrainedTokenizerFast) -> None:
    weight = torch.randn(vocabulary.base_size, WIDTH, generator=torch.Generator().manual_seed(0))
    fewer = Vocabulary.build(base, {"molecule_structure": JOINT[::-3]}, stub_modalities()[::-1])
    for token in ("<A W>", "[C]"):
        rows = [
            new_rows(weight, v, "description", 5)[int(np.searchsorted(v.new_ids, v.tokenizer.vocab[token]))]
            for v in (vocabulary, fewer)
        ]
        np.testing.assert_array_equal(*rows)
    other = new_rows(weight, vocabulary, "description", 6)
    assert not np.array_equal(other, new_rows(weight, vocabulary, "description", 5))


def test_near_codes_have_near_rows_of_ordinary_length(vocabulary: Vocabulary) -> None:
    weight = torch.randn(vocabulary.base_size, 256, generator=torch.Generator().manual_seed(0))
    rows = new_rows(weight, vocabulary, "geometry", 0)
    places = np.searchsorted(vocabulary.new_ids, vocabulary.block("protein_structure").index["<S 0>"] + np.arange(16))
    codes = rows[places]
    lengths = np.linalg.norm(codes, axis=1)
    np.testing.assert_allclose(lengths, weight.norm(dim=1).median().item(), rtol=1e-4)
    similarity = codes @ codes.T / np.outer(lengths, lengths)
    assert similarity[0, 1] > similarity[0, 5] > similarity[0, 15]


def test_tokens_that_share_a_geometry_still_differ(vocabulary: Vocabulary) -> None:
    weight = torch.randn(vocabulary.base_size, 256, generator=torch.Generator().manual_seed(0))
    rows = new_rows(weight, vocabulary, "geometry", 0)
    index = vocabulary.block("molecule_structure").index
    carbon, oxygen, far = (
        rows[int(np.searchsorted(vocabulary.new_ids, index[t]))] for t in ("[C 0]", "[O 0]", "[C 7]")
    )
    assert not np.allclose(carbon, oxygen)
    assert carbon @ oxygen > carbon @ far


def test_fourier_features_fall_with_distance() -> None:
    line = np.linspace(0, 1, 50)[:, None]
    features = fourier_features(line, 2048, 0)
    kernel = features[0] @ features.T
    assert kernel[0] == pytest.approx(1)
    assert kernel[1] > kernel[10] > kernel[30] - 0.05
    np.testing.assert_array_equal(features, fourier_features(line, 2048, 0))


def test_the_saved_model_gives_the_same_logits(vocabulary: Vocabulary, tmp_path: Path) -> None:
    model = small_model(vocabulary.base_size, True).eval()
    initialise(model, vocabulary)
    model.save_pretrained(tmp_path)
    vocabulary.save_pretrained(tmp_path)
    again = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    ids = torch.tensor([vocabulary.encode("Describe the protein")])
    with torch.no_grad():
        assert torch.equal(model(ids).logits, again(ids).logits)
    opened = Vocabulary.from_pretrained(tmp_path, modalities=stub_modalities())
    assert opened.rows == len(tables(model)[0])


def test_bad_requests_are_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(VocabularyError, match="fewer than"):
        initialise(small_model(10, True), vocabulary)
    model = small_model(vocabulary.base_size, True)
    with pytest.raises(ConfigurationError, match="scheme"):
        initialise(model, vocabulary, scheme="random")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="multiples"):
        initialise(model, vocabulary, multiple=0)
    with pytest.raises(VocabularyError, match="too few"):
        vocabulary.mask(5)
