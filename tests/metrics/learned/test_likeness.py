"""ProTrek, PubMedBERT and property predictors with tiny random weights; retrieval from embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.metrics.learned.property_predictor import PropertyPredictor
from biomatrix.metrics.learned.protrek import ProTrek
from biomatrix.metrics.learned.registry import SCORERS, load_scorer
from biomatrix.metrics.learned.text_likeness import TextLikeness
from biomatrix.metrics.retrieval import retrieval_accuracy

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "binds",
    "zinc",
    "kinase",
    "membrane",
    "c",
    "o",
    "n",
    "##c",
    "##o",
]


def write_bert(folder: Path) -> Path:
    from transformers import BertConfig, BertTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    config.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def protrek(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the released one, its file too: temperature, protein and text encoder by number."""
    from transformers import BertModel, EsmConfig, EsmForMaskedLM, EsmTokenizer

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("protrek")
    proteins, texts = folder / "esm2_tiny", write_bert(folder / "pubmedbert_tiny")
    proteins.mkdir()
    letters = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCX", "<mask>"]
    (proteins / "vocab.txt").write_text("\n".join(letters), encoding="utf-8")
    EsmTokenizer(str(proteins / "vocab.txt")).save_pretrained(proteins)
    config = EsmConfig(
        vocab_size=len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        pad_token_id=1, mask_token_id=len(letters) - 1, position_embedding_type="rotary", max_position_embeddings=64,
    )  # fmt: skip
    config.save_pretrained(proteins)
    esm = EsmForMaskedLM(config)
    from transformers import BertConfig

    bert = BertModel(BertConfig.from_pretrained(texts), add_pooling_layer=False)
    tensors = {"0": torch.tensor(0.07)}
    tensors |= {f"1.model.{name}": tensor for name, tensor in esm.state_dict().items() if "position_emb" not in name}
    tensors |= {f"2.model.{name}": tensor for name, tensor in bert.state_dict().items()}
    for place in ("1", "2"):
        out = torch.nn.Linear(16, 8)
        tensors |= {f"{place}.out.{name}": tensor for name, tensor in out.state_dict().items()}
    torch.save({"model": tensors, "global_step": 3}, folder / "ProTrek_tiny.pt")
    return folder


def test_protrek_reads_the_released_layout_and_compares(protrek: Path) -> None:
    scorer: ProTrek = load_scorer("protrek", protrek)
    sequences, texts = ["MKTAYIAK", "GGGSGG", ""], ["binds zinc", "kinase", "membrane"]
    cosines = scorer.cosines(sequences, texts)
    assert np.isnan(cosines).tolist() == [False, False, True]
    assert (np.abs(cosines[:2]) <= 1.0).all()
    alone = scorer.cosines(sequences[:1], texts[:1])
    assert cosines[0] == pytest.approx(alone[0], abs=1e-5)  # padding beside a longer one changes nothing
    assert np.linalg.norm(scorer.sequence_embeddings(sequences[:2]), axis=1) == pytest.approx([1.0, 1.0])


def test_protrek_equals_its_parts(protrek: Path) -> None:
    from transformers import AutoTokenizer, EsmConfig, EsmForMaskedLM

    content = torch.load(protrek / "ProTrek_tiny.pt", weights_only=True)["model"]
    esm = EsmForMaskedLM(EsmConfig.from_pretrained(protrek / "esm2_tiny")).eval()
    esm.load_state_dict(
        {n.removeprefix("1.model."): t for n, t in content.items() if n.startswith("1.model.")}, strict=False
    )
    tokens = AutoTokenizer.from_pretrained(protrek / "esm2_tiny")(["MKTA"], return_tensors="pt")
    with torch.inference_mode():
        first = esm.esm(**tokens).last_hidden_state[:, 0]
        expected = torch.nn.functional.normalize(first @ content["1.out.weight"].T + content["1.out.bias"], dim=-1)
    np.testing.assert_allclose(ProTrek.load(protrek).sequence_embeddings(["MKTA"]), expected.numpy(), atol=1e-5)


def test_protrek_without_weights_or_encoders_is_one_line(protrek: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="0 files of weights"):
        load_scorer("protrek", tmp_path)
    torch.save({}, tmp_path / "empty.pt")
    with pytest.raises(ConfigurationError, match="lacks the configuration"):
        load_scorer("protrek", tmp_path)
    for part in ("esm2_tiny", "pubmedbert_tiny"):
        (tmp_path / part).symlink_to(protrek / part)
    with pytest.raises(WeightsError, match="no esm encoder"):
        load_scorer("protrek", tmp_path)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    folder = write_bert(tmp_path_factory.mktemp("bert"))
    BertModel(BertConfig.from_pretrained(folder)).save_pretrained(folder)
    return folder


def test_texts_are_as_alike_as_their_mean_states(bert: Path) -> None:
    scorer: TextLikeness = load_scorer("pubmedbert", bert)
    found = scorer.cosines(["binds zinc", "kinase", ""], ["binds zinc", "membrane binds zinc", "zinc"])
    assert found[0] == pytest.approx(1.0)
    assert found[1] < 1.0
    assert np.isnan(found[2])


def test_a_classifier_and_a_fingerprint_network_predict_behind_one_method(tmp_path: Path) -> None:
    from safetensors.torch import save_file
    from transformers import BertConfig, BertForSequenceClassification

    folder = write_bert(tmp_path / "classifier")
    BertForSequenceClassification(BertConfig.from_pretrained(folder, num_labels=2)).save_pretrained(folder)
    generator = torch.Generator().manual_seed(0)
    tensors = {"weight_0": torch.randn(4, 256, generator=generator), "bias_0": torch.zeros(4)}
    tensors |= {"weight_1": torch.randn(1, 4, generator=generator), "bias_1": torch.zeros(1), "sigmoid": torch.ones(1)}
    save_file(tensors, tmp_path / "herg.safetensors")
    for source in (folder, tmp_path / "herg.safetensors"):
        scorer: PropertyPredictor = load_scorer("property", source)
        found = scorer.predict(["CCO", "C1CC", "", "OCC"])
        assert np.isnan(found).tolist() == [False, True, True, False]
        assert ((found[[0, 3]] > 0) & (found[[0, 3]] < 1)).all()
    assert found[0] == found[3]  # fingerprints know no order of writing
    assert not SCORERS["property"].comparable


def test_every_scorer_without_its_weights_is_one_clear_line(tmp_path: Path) -> None:
    for name in SCORERS:
        with pytest.raises(ConfigurationError) as caught:
            load_scorer(name, tmp_path / "absent")
        assert "\n" not in str(caught.value), name
    with pytest.raises(ConfigurationError, match="no scorer 'x'"):
        load_scorer("x")


def unit(array: np.ndarray) -> np.ndarray:
    return np.asarray(array / np.linalg.norm(array, axis=1, keepdims=True))


def test_retrieval_is_perfect_for_matching_embeddings_and_chance_for_unrelated_ones() -> None:
    rng = np.random.default_rng(0)
    texts = unit(rng.normal(size=(400, 16)))
    assert retrieval_accuracy(texts, texts)["retrieval_acc_20"].value == 1.0
    assert retrieval_accuracy(texts, texts, "hard")["retrieval_acc_20"].value == 1.0
    chance = retrieval_accuracy(texts, unit(rng.normal(size=(400, 16))))
    assert chance["retrieval_acc_4"].value == pytest.approx(0.25, abs=0.07)
    assert chance["retrieval_acc_20"].value == pytest.approx(0.05, abs=0.04)


def test_hard_negatives_are_harder_than_soft_ones() -> None:
    rng = np.random.default_rng(0)
    texts = unit(rng.normal(size=(200, 8)))
    sequences = unit(texts + 0.5 * rng.normal(size=texts.shape))
    values = {each: retrieval_accuracy(texts, sequences, each)["retrieval_acc_20"].value for each in ("hard", "soft")}
    assert values["hard"] < values["soft"]


def test_a_missing_design_is_wrong_and_too_few_are_undefined() -> None:
    texts = unit(np.random.default_rng(0).normal(size=(30, 8)))
    sequences = texts.copy()
    sequences[3] = np.nan
    score = retrieval_accuracy(texts, sequences)["retrieval_acc_4"]
    assert (score.value, score.empty) == (pytest.approx(29 / 30), 1)
    assert np.isnan(retrieval_accuracy(texts[:5], texts[:5])["retrieval_acc_10"].value)
    with pytest.raises(ValueError, match="one for each"):
        retrieval_accuracy(texts, texts[:4])
