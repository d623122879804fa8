"""Projectors: the norm of what comes out, the folder, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.soft.projector import Projector, ProjectorSettings
from biomatrix.soft.projector_record import ProjectorRecord

RECORD = ProjectorRecord("molecule", "morgan", "e" * 64, "d" * 64, k=2, d=5, width=32, training_data=("some pairs",))


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_every_vector_has_the_norm_of_an_embedding_the_learned_ones_too(layers: int) -> None:
    torch.manual_seed(0)
    projector = Projector(5, 32, 0.7, ProjectorSettings(layers, width=16, dropout=0.1, learned=3), RECORD).eval()
    out = projector(torch.randn(4, 2, 5) * 100)
    assert out.shape == (4, 2, 32)
    torch.testing.assert_close(out.norm(dim=-1), torch.full((4, 2), 0.7))
    # An unscaled learned vector, as a draw from a normal distribution, would begin with a norm of sqrt(D) = 5.7.
    torch.testing.assert_close(projector.learned_vectors().norm(dim=-1), torch.full((3,), 0.7))
    assert {name for name, p in projector.named_parameters() if p.requires_grad} >= {"learned", "layers.0.weight"}


def test_a_linear_map_has_one_matrix() -> None:
    projector = Projector(5, 32, 1.0, ProjectorSettings(1))
    assert [tuple(p.shape) for p in projector.layers.parameters()] == [(32, 5), (32,)]


def test_a_folder_gives_the_same_vectors_back(tmp_path: Path) -> None:
    projector = Projector(5, 32, 0.7, ProjectorSettings(3, 16, learned=1), RECORD).eval()
    projector.standardise(torch.randn(100, 5) * 3 + 1)
    projector.save_pretrained(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["projector.json", "projector.safetensors"]
    back = Projector.from_pretrained(tmp_path)
    vectors = torch.randn(7, 2, 5)
    assert torch.equal(back(vectors), projector(vectors))
    assert torch.equal(back.learned_vectors(), projector.learned_vectors())
    assert back.record == RECORD
    assert not any(parameter.requires_grad for parameter in back.parameters())


def test_what_is_not_whole_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"set \.record"):
        Projector(5, 32, 0.7).save_pretrained(tmp_path)
    with pytest.raises(WeightsError, match=r"no projector\.json"):
        Projector.from_pretrained(tmp_path)
    Projector(5, 32, 0.7, record=RECORD).save_pretrained(tmp_path)
    path = tmp_path / "projector.json"
    held = json.loads(path.read_text())
    for change in ({"k": 0}, {"kind": None}, {"version": 2}, {"width": 31}, {"settings": {}}, {"more": 1}):
        path.write_text(json.dumps(held | change))
        with pytest.raises(WeightsError):
            Projector.from_pretrained(tmp_path)
    path.write_text(json.dumps(held))
    (tmp_path / "projector.safetensors").write_bytes(b"\x80\x04.")
    with pytest.raises(WeightsError, match="not a safetensors file"):
        Projector.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "settings", [{"layers": 0}, {"layers": 4}, {"dropout": 1.0}, {"learned": -1}, {"width": 0}], ids=str
)
def test_settings_out_of_range_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError):
        ProjectorSettings(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"layers": 2.5, "norm": True, "dropout": 0.0, "learned": 0, "width": 16},
        {"layers": 2, "norm": 3, "dropout": 0.0, "learned": 0, "width": 16},
        {"layers": 9, "norm": True, "dropout": 0.0, "learned": 0, "width": 16},
        {"layers": 2, "norm": True, "dropout": 0.0, "learned": 0, "width": 10**12},
        {"layers": 2, "norm": True, "dropout": 0.0, "learned": 10**12, "width": 16},
    ],
    ids=str,
)
def test_settings_of_a_folder_that_no_projector_has_are_refused_before_anything_is_made_of_them(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    Projector(5, 32, 0.7, ProjectorSettings(2, 16), RECORD).save_pretrained(tmp_path)
    path = tmp_path / "projector.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"settings": settings}))
    with pytest.raises(WeightsError) as refused:
        Projector.from_pretrained(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"d": 10**12}, "tensors are not those"),
        ({"width": 10**15}, "tensors are not those"),
        ({"training_data": 5}, "training_data"),
        ({"figures": {"recall": "high"}}, "figures"),
    ],
    ids=str,
)
def test_a_record_that_says_what_cannot_be_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    Projector(5, 32, 0.7, ProjectorSettings(2, 16), RECORD).save_pretrained(tmp_path)
    path = tmp_path / "projector.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(WeightsError, match=said):
        Projector.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("length", 0.0), ("length", -1.0), ("spread", 0.0), ("mean", float("nan")), ("layers.0.weight", float("inf"))],
)
def test_weights_that_give_no_vectors_are_refused(tmp_path: Path, name: str, value: float) -> None:
    Projector(5, 32, 0.7, ProjectorSettings(2, 16), RECORD).save_pretrained(tmp_path)
    path = tmp_path / "projector.safetensors"
    tensors = load_file(path)
    save_file(tensors | {name: torch.full_like(tensors[name], value)}, path)
    with pytest.raises(WeightsError):
        Projector.from_pretrained(tmp_path)
    save_file(tensors | {name: tensors[name].double()}, path)
    with pytest.raises(WeightsError, match="tensors are not those"):
        Projector.from_pretrained(tmp_path)
