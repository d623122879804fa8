"""Tokenizer folders describe themselves, and refuse what does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.tokenizer_folder import load_weights, save_weights, shipped_names
from biomatrix.errors import WeightsError

TENSORS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "count": np.array(3)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_weights(tmp_path / "mine", {"architecture": "test", "settings": {"x": 1}}, TENSORS)
    return tmp_path / "mine"


def test_what_was_saved_is_loaded(folder: Path) -> None:
    stored = load_weights("molecule", folder)
    assert (stored.name, stored.architecture, stored.settings) == ("mine", "test", {"x": 1})
    np.testing.assert_array_equal(stored.tensors["a"], TENSORS["a"])
    stored.require({"a": (2, -1), "count": ()})


def test_the_fingerprint_follows_settings_and_weights(folder: Path, tmp_path: Path) -> None:
    first = load_weights("molecule", folder).fingerprint
    figures = {"architecture": "test", "settings": {"x": 1}, "figures": {"rmsd": 1}}
    assert save_weights(tmp_path / "same", figures, TENSORS) == first
    assert save_weights(tmp_path / "b", {"architecture": "test", "settings": {"x": 2}}, TENSORS) != first
    changed = {**TENSORS, "count": np.array(4)}
    assert save_weights(tmp_path / "c", {"architecture": "test", "settings": {"x": 1}}, changed) != first


def test_damage_is_found(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(WeightsError, match="sha256"):
        load_weights("molecule", folder)


@pytest.mark.parametrize("config", ["{", "[]", "{}", '{"architecture": "x", "sha256": "0", "format_version": 99}'])
def test_a_broken_config_is_refused(folder: Path, config: str) -> None:
    (folder / "config.json").write_text(config)
    with pytest.raises(WeightsError, match=r"config\.json"):
        load_weights("molecule", folder)


def test_keys_shapes_and_values_are_strict(folder: Path, tmp_path: Path) -> None:
    stored = load_weights("molecule", folder)
    for shapes in ({"a": (2, 3)}, {"a": (3, 3), "count": ()}, {"a": (2, 3), "count": (), "b": (1,)}):
        with pytest.raises(WeightsError):
            stored.require(shapes)
    save_weights(tmp_path / "bad", {"architecture": "test"}, {"a": np.array([np.nan])})
    with pytest.raises(WeightsError, match="finite"):
        load_weights("molecule", tmp_path / "bad").require({"a": (1,)})


def test_unknown_names_list_what_there_is() -> None:
    assert "conditioned-512" in shipped_names("molecule")
    with pytest.raises(WeightsError, match="conditioned-512"):
        load_weights("molecule", "no-such")
    with pytest.raises(WeightsError):
        load_weights("molecule", "..")


@pytest.mark.parametrize("name", shipped_names("molecule"))
def test_shipped_configs_name_licence_and_data(name: str) -> None:
    stored = load_weights("molecule", name)
    assert stored.config["licence"] == "Apache-2.0"
    assert all(entry["licence"] for entry in stored.config["training_data"])
    assert json.dumps(stored.config)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid", r"safetensors: a git-lfs pointer"),
        ("config.json", b"version https://git-lfs.github.com/spec/v1\noid", r"config\.json: a git-lfs pointer"),
        ("model.safetensors", b"", "the file is empty"),
        ("model.safetensors", b"\x80\x02pickle", "not a safetensors file"),
        ("config.json", b'{"architecture": "\xe9"}', "not UTF-8"),
        ("config.json", b'{"architecture": NaN}', "NaN is no number"),
    ],
)
def test_what_stands_in_place_of_a_file_is_named(folder: Path, name: str, content: bytes, said: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(WeightsError, match=said):
        load_weights("molecule", folder)


def test_weights_cut_short_are_named(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="cut short"):
        load_weights("molecule", folder)


def architectures() -> list[tuple[str, str, str]]:
    return [(one.name, name, home) for one in kinds() for name, home in one.architectures.items()]


@pytest.mark.parametrize(("kind", "architecture", "home"), architectures())
def test_the_default_of_an_architecture_is_of_that_architecture(kind: str, architecture: str, home: str) -> None:
    tokenizer_class = load_attribute(home)
    shipped = [one for one in shipped_names(kind) if load_weights(kind, one).architecture == architecture]
    if shipped:
        assert tokenizer_class.from_pretrained().name in shipped
    else:
        with pytest.raises(WeightsError, match=f"no {kind} structure tokenizer of architecture '{architecture}'"):
            tokenizer_class.from_pretrained()


def test_the_default_of_a_kind_is_found_for_every_kind() -> None:
    for one in kinds():
        if one.weights is not None:
            assert load_weights(one.name).name == one.default_tokenizer
