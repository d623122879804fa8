"""Folders in the ordinary layout open, ours with stock loaders and published ones with ours."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen3ForCausalLM

from biomatrix.entities import Molecule, Protein, default_modalities
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.generation import Model, load
from biomatrix.training.checkpoint import write_model
from biomatrix.training.config import ModelSection
from biomatrix.training.model import qwen3_config
from biomatrix.vocabulary import Vocabulary, qwen3_tokenizer

from .conftest import tiny_network


@pytest.fixture
def folder(vocabulary: Vocabulary, tmp_path: Path) -> Path:
    """A saved model."""
    target = tmp_path / "model"
    target.mkdir()
    write_model(target, tiny_network(vocabulary), vocabulary)
    return target


def test_stock_loaders_open_our_folders(folder: Path, vocabulary: Vocabulary, model: Model) -> None:
    stock = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = vocabulary.text(vocabulary.encode(["Fold ", Protein("MKV")]))
    ids = tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    assert ids[0].tolist() == vocabulary.encode(["Fold ", Protein("MKV")])
    with torch.no_grad():
        torch.testing.assert_close(stock(ids).logits, model.network(ids).logits)


def test_our_folders_open_and_answer_alike(folder: Path, model: Model) -> None:
    opened = load(folder)
    asked = {"output": "molecule_selfies", "num_samples": 3, "seed": 1, "max_new_tokens": 40}
    ours, theirs = (m.generate("Make one.", **asked) for m in (model, opened))  # type: ignore[arg-type]
    assert [a.token_ids for a in ours] == [a.token_ids for a in theirs]
    assert opened.num_parameters == model.num_parameters


def test_a_saved_model_is_the_model(model: Model, tmp_path: Path) -> None:
    target = tmp_path / "saved"
    model.save_pretrained(target)
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "biomatrix.json"} <= {
        path.name for path in target.iterdir()
    }
    assert not [path for path in target.iterdir() if path.is_dir()]
    opened = Model.from_pretrained(target)
    prompt = ["Fold ", Protein("MKV"), " of ", Molecule.from_smiles("CCO")]
    assert opened.prompt_ids(prompt) == model.prompt_ids(prompt)
    stock = AutoModelForCausalLM.from_pretrained(target, dtype=torch.float32).eval()
    ids = torch.tensor([model.prompt_ids(prompt)])
    with torch.no_grad():
        expected = model.network(ids).logits
        assert torch.equal(opened.network(ids).logits, expected)
        assert torch.equal(stock(ids).logits, expected)
    assert AutoTokenizer.from_pretrained(target)("Fold it.")["input_ids"] == model.vocabulary.encode_text("Fold it.")
    opened.save_pretrained(target)  # a folder may be written over
    assert torch.equal(load(target).network(ids).logits, expected)


def test_incomplete_weights_are_refused(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("model.layers.1.mlp.up_proj.weight")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match=r"missing keys.*layers\.1"):
        load(folder)


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="not a shipped model"):
        load("no-such-model")
    with pytest.raises(WeightsError, match=r"no config\.json"):
        load(tmp_path)
    with pytest.raises(ConfigurationError, match="takes no 'colour'"):
        load(tmp_path, colour="red")


def published_tokens() -> list[str]:
    """Return control, SELFIES, joint, residue and structure tokens, about 15,000, in the published spelling."""
    known = {m.name: m for m in default_modalities()}
    symbols = list(known["molecule_selfies"].vocabulary())
    joint = [f"[{symbol[1:-1]} {code}]" for symbol in symbols[:22] for code in range(512)]
    joint += [f"[{name} -1]" for name in ("Ring1", "Ring2", "Branch1", "=Branch1", "Branch2")]
    residues = list(known["protein_sequence"].vocabulary())
    structure = [f"<S {code}>" for code in range(4096)]
    controls = [token for m in known.values() for token in (m.start_token, m.end_token)]
    return [*controls, *symbols, *joint, *residues, *structure]


@pytest.fixture(scope="module")
def published(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the published layout: real Qwen3 vocabulary, shuffled tokens, a tiny Qwen3, nothing of ours."""
    target = tmp_path_factory.mktemp("published")
    tokenizer = qwen3_tokenizer(shared / "data" / "tokenizer")
    tokens = published_tokens()
    random.Random(5).shuffle(tokens)
    special = {token for m in default_modalities() for token in (m.start_token, m.end_token)}
    tokenizer.add_tokens([AddedToken(t, special=t in special, normalized=False) for t in tokens])
    tokenizer.save_pretrained(target)
    sizes = ModelSection(
        vocabulary=Path("unused"), hidden_size=16, num_layers=1, intermediate_size=16, num_heads=2,
        num_kv_heads=1, head_dim=8, max_positions=512, row_multiple=128,
    )  # fmt: skip
    torch.manual_seed(0)
    config = qwen3_config(sizes, len(tokenizer), pad_id=tokenizer.pad_token_id, end_ids=[tokenizer.eos_token_id])
    Qwen3ForCausalLM(config).save_pretrained(target)
    return target


def test_a_published_checkpoint_opens_generates_and_decodes(published: Path) -> None:
    model = load(str(published))
    assert not (published / "biomatrix.json").exists()
    assert set(model.vocabulary.modalities) == {m.name for m in default_modalities()}
    assert len(model.vocabulary.block("protein_structure").tokens) == 4096
    assert model.num_embeddings > len(model.vocabulary)
    (protein,) = model.generate("Design a protein.", output="protein_sequence", length=20)
    assert isinstance(protein.entity, Protein)
    assert len(protein.entity) == 20
    molecules = model.generate(["Like ", Molecule.from_smiles("CCO")], output="molecule_selfies", num_samples=4)
    assert any(isinstance(answer.entity, Molecule) for answer in molecules)
    (text,) = model.generate("Say it.", max_new_tokens=8)
    assert max(text.token_ids) < len(model.vocabulary)


@pytest.mark.parametrize("output", ["protein_structure", "molecule_structure"])
def test_a_published_checkpoint_says_which_tokenizer_it_needs(published: Path, output: str) -> None:
    (answer,) = load(published).generate("Fold it.", output=output, length=9)
    assert answer.entity is None
    assert output in str(answer.error)
    assert "structure tokenizer" in str(answer.error)
    assert len(answer.token_ids) >= 11


def test_a_published_checkpoint_takes_the_tokenizer_it_is_given(published: Path, shared: Path) -> None:
    weights = shared / "parity" / "molstructok" / "molstructok_vqvae.safetensors"
    model = load(published, molecule_structure_tokenizer=weights)
    answers = model.generate("Make it.", output="molecule_structure", length=6, num_samples=16)
    made = [answer.entity for answer in answers if isinstance(answer.entity, Molecule)]
    assert made
    assert all(molecule.has_structure for molecule in made)


def test_shipped_models_describe_themselves() -> None:
    from biomatrix.generation.loading import SHIPPED, shipped_models

    for name in shipped_models():
        config = json.loads((SHIPPED / name / "config.json").read_text())
        assert config["model_type"] == "qwen3"
        assert not list((SHIPPED / name).glob("*.bin"))


def test_nothing_of_an_older_model_counts_after_saving(model: Model, tmp_path: Path) -> None:
    folder = tmp_path / "used"
    folder.mkdir()
    shards = ("model-00001-of-00002.safetensors", "adapter_model.safetensors")
    for name in shards:
        save_file({"old": torch.zeros(1)}, folder / name, metadata={"format": "pt"})
    index = {"metadata": {"total_size": 4}, "weight_map": {"old": shards[0]}}
    kept = ("optimizer.safetensors", "README.md")
    old = {"model.safetensors.index.json": json.dumps(index), "adapter_config.json": "{}", "chat_template.jinja": "old"}
    for name, content in {**old, **dict.fromkeys(kept, "old")}.items():
        (folder / name).write_text(content, encoding="utf-8")
    model.save_pretrained(folder)
    names = {path.name for path in folder.iterdir()}
    assert not names & {*shards, *old}
    assert set(kept) <= names
    ids = torch.tensor([model.prompt_ids("Fold it.")])
    stock = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        assert torch.equal(stock(ids).logits, model.network(ids).logits)
        assert torch.equal(load(folder).network(ids).logits, model.network(ids).logits)
    assert AutoTokenizer.from_pretrained(folder).chat_template == model.vocabulary.tokenizer.chat_template
