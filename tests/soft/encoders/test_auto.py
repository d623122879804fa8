"""Encoders of stock networks: what they pool, what they refuse, and that the batch changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, UnsupportedError, WeightsError
from biomatrix.soft.encoders import AutoEncoder, open_encoder
from biomatrix.soft.encoders.queries import learn_queries, save_queries

SEQUENCES = ("MKTAYIAKQR", "GAVLI", "MSTNPKPQRKTKRNTNRRPQDVKFPGG", "WW", "ACDEFGHIKLMNPQRSTVWY" * 3)
PROTEINS = [bm.Protein.from_sequence(sequence) for sequence in SEQUENCES]
MOLECULES = [bm.Molecule.from_smiles(smiles) for smiles in ("CCO", "c1ccccc1O", "CC(=O)NC1CCN(C)CC1", "N")]


def plain_states(folder: Path, text: str) -> Any:
    """Return the states of one text alone by stock Transformers, special tokens included."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, network = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        return network(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()


@pytest.mark.parametrize("name", ["esm", "roberta", "bert"])
def test_vectors_are_masked_means_of_the_stock_network_in_any_batch(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(name)
    apart, molecules = name == "bert", name == "roberta"
    encoder = AutoEncoder(folder, kind="molecule" if molecules else "protein", letters_apart=apart, device="cpu")
    entities: list[Any] = MOLECULES if molecules else [one for one in PROTEINS if len(one) <= 38]
    alone = np.concatenate([encoder.encode([entity]) for entity in entities])
    for batch_size in (1, 2, 32):
        np.testing.assert_allclose(encoder.encode(entities, batch_size), alone, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(entities[::-1], 3)[::-1], alone, atol=1e-5)
    for entity, vectors in zip(entities, alone, strict=True):
        text = entity.smiles if molecules else " ".join(entity.sequence) if apart else entity.sequence
        states = plain_states(folder, text)[1:-1]
        assert vectors.shape == (1, states.shape[1])
        np.testing.assert_allclose(vectors[0], states.mean(axis=0), atol=1e-5)
        assert not np.allclose(vectors[0], plain_states(folder, text).mean(axis=0), atol=1e-5)


def test_the_first_k_are_the_entitys_own_positions_and_runs_cover_all(esm: Path) -> None:
    states = plain_states(esm, SEQUENCES[0])[1:-1]
    first = AutoEncoder(esm, pooling="first", k=3, device="cpu").encode(PROTEINS[:1])
    np.testing.assert_allclose(first[0], states[:3], atol=1e-5)  # not <cls>
    runs = AutoEncoder(esm, k=4, device="cpu").encode(PROTEINS[:1])
    expected = [states[:3].mean(0), states[3:5].mean(0), states[5:8].mean(0), states[8:].mean(0)]
    np.testing.assert_allclose(runs[0], expected, atol=1e-5)
    with pytest.raises(UnsupportedError, match="2 positions make no 3 vectors"):
        AutoEncoder(esm, pooling="first", k=3, device="cpu").encode([PROTEINS[3]])


def test_attention_pools_with_learned_queries(esm: Path, tmp_path: Path) -> None:
    plain = AutoEncoder(esm, device="cpu")
    with pytest.raises(ConfigurationError, match="queries that were learned"):
        AutoEncoder(esm, pooling="attention", device="cpu")
    queries = learn_queries(plain, PROTEINS, 3, steps=30)
    assert bool((queries != learn_queries(plain, PROTEINS, 3, steps=0)).any())
    save_queries(tmp_path / "queries", queries, plain)
    encoder: Any = open_encoder(f"auto:{esm},pooling=attention,queries={tmp_path / 'queries'}", device="cpu")
    vectors = encoder.encode(PROTEINS)
    assert vectors.shape == (5, 3, 32)
    np.testing.assert_allclose(vectors, np.concatenate([encoder.encode([one]) for one in PROTEINS]), atol=1e-5)
    states = plain_states(esm, SEQUENCES[0])[1:-1]
    scores = np.exp(queries.numpy() @ states.T / 32**0.5)
    np.testing.assert_allclose(vectors[0], scores / scores.sum(1, keepdims=True) @ states, atol=1e-4)
    assert encoder.hash != plain.hash


def test_the_pooler_is_never_read(esm: Path) -> None:
    import torch

    torch.manual_seed(5)
    state = torch.get_rng_state()
    encoder = AutoEncoder(esm, device="cpu")
    assert torch.equal(torch.get_rng_state(), state)  # though the pooler that is missing was filled at random
    before = encoder.encode(PROTEINS)
    with torch.no_grad():
        encoder.network.pooler.dense.weight.fill_(torch.nan)
    np.testing.assert_array_equal(encoder.encode(PROTEINS), before)


def test_what_is_too_long_is_refused_with_the_limit_or_windowed(esm: Path, roberta: Path) -> None:
    encoder = AutoEncoder(esm, device="cpu")
    assert encoder.max_length == 66 - 2 - 2  # positions begin behind the padding's id; two tokens stand round a text
    long = bm.Protein.from_sequence("ACDEFGHIKL" * 12)
    with pytest.raises(LimitError, match="120 tokens, but the encoder reads at most 62") as caught:
        encoder.encode([PROTEINS[0], long])
    assert caught.value.record == 2
    windowed = AutoEncoder(esm, windows=True, device="cpu")
    halves = [bm.Protein.from_sequence(long.sequence[:60]), bm.Protein.from_sequence(long.sequence[60:])]
    np.testing.assert_allclose(windowed.encode([long])[0], encoder.encode(halves).mean(axis=0), atol=1e-5)
    assert windowed.hash != encoder.hash
    with pytest.raises(ConfigurationError, match="windows are averaged"):
        AutoEncoder(esm, windows=True, pooling="first", k=2)
    assert AutoEncoder(roberta, kind="molecule", device="cpu").max_length == 42 - 2 - 2


def test_the_longest_that_is_let_in_goes_through(make_esm: Callable[..., Path]) -> None:
    encoder = AutoEncoder(make_esm(kind="absolute", positions=30), device="cpu")
    assert encoder.max_length == 26
    assert encoder.encode([bm.Protein.from_sequence("A" * 26)]).shape == (1, 1, 32)


@pytest.mark.parametrize(
    ("entity", "message"),
    [
        (MOLECULES[0], "takes a protein, not a molecule"),
        ("MKT", "takes a protein, not a str"),
    ],
)
def test_other_entities_are_refused_and_stop_no_other(esm: Path, entity: Any, message: str) -> None:
    found = AutoEncoder(esm, device="cpu").encode_each([PROTEINS[0], entity, PROTEINS[1]])
    assert isinstance(found[1], BioMatrixError)
    assert message in str(found[1])
    assert [type(one) for one in (found[0], found[2])] == [np.ndarray, np.ndarray]


def test_a_tokenizer_of_something_else_is_told(bert: Path) -> None:
    with pytest.raises(UnsupportedError, match="letters_apart=true"):
        AutoEncoder(bert, kind="protein", device="cpu").encode(PROTEINS[:1])


def test_the_kind_is_asked_for_where_the_architecture_does_not_tell_it(bert: Path, esm: Path) -> None:
    with pytest.raises(ConfigurationError, match="say what with kind="):
        AutoEncoder(bert)
    assert open_encoder(f"auto:{esm}", device="cpu").kind == "protein"


def test_the_hash_is_that_of_weights_configuration_and_settings(make_esm: Callable[..., Path], esm: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    folder = make_esm()
    first = AutoEncoder(folder, device="cpu").hash
    assert first == AutoEncoder(esm, device="cpu").hash  # wherever it lies
    assert first != AutoEncoder(folder, k=2, device="cpu").hash
    tensors = load_file(folder / "model.safetensors")
    tensors["esm.encoder.layer.1.output.dense.bias"] += torch.tensor(1e-6)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    assert AutoEncoder(folder, device="cpu").hash != first


def edit(path: Path, **words: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **words}))


def retensor(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def pickled(folder: Path) -> None:
    import torch

    torch.save({}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def not_finite(tensors: dict[str, Any]) -> None:
    tensors["esm.encoder.layer.0.output.dense.bias"][3] = float("nan")


def in_the_published_layout(tensors: dict[str, Any]) -> None:
    """Give tensors the names of ESM-2 as it lies on the hub, which newer classes have other places for."""
    import torch

    frequencies = tensors.pop(next(name for name in tensors if name.endswith("inv_freq")))
    for name in [name for name in tensors if name.endswith("inv_freq")]:
        tensors.pop(name)
    for layer in range(2):
        tensors[f"esm.encoder.layer.{layer}.attention.self.rotary_embeddings.inv_freq"] = frequencies.clone()
    tensors["esm.embeddings.position_ids"] = torch.arange(66)[None]
    tensors["esm.embeddings.position_embeddings.weight"] = torch.zeros(66, 32)


def test_the_layout_of_published_checkpoints_gives_the_same(make_esm: Callable[..., Path], esm: Path) -> None:
    folder, expected = make_esm(), AutoEncoder(esm, device="cpu").encode(PROTEINS)
    for change in (in_the_published_layout, lambda tensors: tensors.pop("esm.embeddings.position_ids")):
        retensor(folder, change)
        np.testing.assert_array_equal(AutoEncoder(folder, device="cpu").encode(PROTEINS), expected)
    np.testing.assert_array_equal(
        AutoEncoder(make_esm(head=False), device="cpu").encode(PROTEINS).shape, expected.shape
    )


KEY = "esm.encoder.layer.1.attention.self.query.weight"
DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "remote code": (lambda f: edit(f / "config.json", auto_map={"AutoModel": "mine.Model"}), "auto_map"),
    "remote tokenizer": (lambda f: edit(f / "tokenizer_config.json", auto_map={"AutoTokenizer": "x.y"}), "auto_map"),
    "pickle alone": (pickled, "pickled .pytorch_model.bin."),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "holds no weights"),
    "no configuration": (lambda f: (f / "config.json").unlink(), "config.json"),
    "a missing key": (lambda f: retensor(f, lambda t: t.pop(KEY)), "1 missing keys, such as .*query.weight"),
    "a key too many": (
        lambda f: retensor(f, lambda t: t.update({"esm.encoder.layer.7.odd.weight": t[KEY].clone()})),
        "1 unexpected keys, such as .*odd.weight",
    ),
    "another shape": (lambda f: retensor(f, lambda t: t.update({KEY: t[KEY][:5].clone()})), "query.weight"),
    "a value that is not finite": (lambda f: retensor(f, not_finite), "not finite"),
    "cut short": (lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:-9]), "cut"),
    "an adapter": (lambda f: (f / "adapter_config.json").write_text("{}"), "adapter"),
    "no tokenizer": (
        lambda f: [one.unlink() for one in f.glob("*") if one.name[:5] not in ("confi", "model")],
        "Token",
    ),
    "encoder and decoder": (lambda f: edit(f / "config.json", is_encoder_decoder=True), "encoder and decoder"),
    "an unknown architecture": (lambda f: edit(f / "config.json", model_type="what"), "cannot open"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_bad_folders_are_refused_in_one_line(name: str, make_esm: Callable[..., Path]) -> None:
    folder = make_esm()
    damage, message = DAMAGE[name]
    damage(folder)
    with pytest.raises((WeightsError, UnsupportedError), match=message) as caught:
        AutoEncoder(folder, kind="protein", device="cpu")
    assert "\n" not in str(caught.value)
    assert caught.value.file is not None
    assert str(folder) in caught.value.file


def test_nothing_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="nothing is fetched"):
        open_encoder("auto:facebook/esm2_t6_8M_UR50D")
