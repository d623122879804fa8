"""The shipped weights are what their description says, and tampered ones are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from biomatrix.errors import WeightsError
from biomatrix_ct.network import RestorationNetwork
from biomatrix_ct.weights import DEFAULT, SHIPPED, load_network, save_network


def test_the_shipped_network_is_small_and_described() -> None:
    folder = SHIPPED / DEFAULT
    config = json.loads((folder / "config.json").read_text())
    parameters = sum(one.numel() for one in load_network().parameters())
    assert config["parameters"] == parameters < 60_000
    assert config["licence"] == "Apache-2.0"
    assert "made-up bodies" in config["training_data"]
    card = (folder / "MODEL_CARD.md").read_text()
    assert "Not a medical device" in card
    assert f"{parameters:,}" in card


def test_saved_weights_come_back(tmp_path: Path) -> None:
    network = RestorationNetwork(8, 3)
    save_network(network, tmp_path / "new", {"training_data": "none"})
    again = load_network(tmp_path / "new")
    for name, tensor in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"width": 64}, "not those of a network"),
        ({"width": True}, "width is True"),
        ({"depth": 10**9}, "depth is 1000000000"),
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"architecture": "other"}, "architecture"),
    ],
)
def test_a_false_description_is_refused(tmp_path: Path, change: dict[str, object], reason: str) -> None:
    shutil.copytree(SHIPPED / DEFAULT, tmp_path / "w")
    path = tmp_path / "w" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(WeightsError, match=reason):
        load_network(tmp_path / "w")


def test_no_weights_and_broken_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no folder of weights"):
        load_network(tmp_path / "absent")
    shutil.copytree(SHIPPED / DEFAULT, tmp_path / "w")
    with (tmp_path / "w" / "model.safetensors").open("r+b") as stream:
        stream.truncate(5000)
    with pytest.raises(WeightsError):
        load_network(tmp_path / "w")
    (tmp_path / "w" / "config.json").write_text("[" * 100_000)
    with pytest.raises(WeightsError, match="no JSON"):
        load_network(tmp_path / "w")
