"""ProteinMPNN with tiny random weights: motions, order of decoding, released file layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.metrics.learned.protein_mpnn import ProteinMPNN, convert, prepared
from biomatrix.metrics.learned.protein_mpnn_network import ALPHABET, ProteinMPNNNetwork
from biomatrix.metrics.learned.registry import load_scorer

Array = NDArray[np.float64]


def backbone(n: int = 14, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(n, 3))
    ca = np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)
    return np.stack([ca + rng.normal(size=(n, 3)) * 0.8 for _ in range(3)], axis=1)


@pytest.fixture(scope="module")
def network() -> ProteinMPNNNetwork:
    torch.manual_seed(0)
    built = ProteinMPNNNetwork(hidden=16, layers=2, neighbours=6)
    for weight in built.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    return built.eval()


@pytest.fixture(scope="module")
def released(network: ProteinMPNNNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file laid out as the released ones are."""
    path = tmp_path_factory.mktemp("mpnn") / "v_6_020.pt"
    torch.save({"num_edges": 6, "noise_level": 0.2, "model_state_dict": network.state_dict()}, path)
    return path


def arrays(points: Array) -> tuple[torch.Tensor, torch.Tensor]:
    atoms, known = prepared(points)
    return torch.from_numpy(atoms), torch.from_numpy(known)


def test_a_released_file_and_its_conversion_design_the_same(released: Path, tmp_path: Path) -> None:
    convert(released, tmp_path / "mpnn.safetensors")
    first, second = load_scorer("protein_mpnn", released), load_scorer("protein_mpnn", tmp_path / "mpnn.safetensors")
    designs = list(first.design([backbone()], designs=3))
    assert designs == list(second.design([backbone()], designs=3))
    assert all(len(each) == 14 and set(each) <= set(ALPHABET[:-1]) for each in designs[0])


def test_designs_do_not_depend_on_where_the_backbone_lies_or_what_comes_before(released: Path) -> None:
    scorer = ProteinMPNN.load(released)
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    turned = backbone() @ rotation.T + 12
    assert list(scorer.design([backbone()])) == list(scorer.design([turned]))
    assert list(scorer.design([backbone(seed=3), backbone()]))[1] == next(scorer.design([backbone()]))
    assert next(scorer.design([backbone()], seed=1)) != next(scorer.design([backbone()], seed=2))


def test_a_residue_is_judged_by_those_before_it_alone(network: ProteinMPNNNetwork) -> None:
    x, known = arrays(backbone())
    order = torch.randperm(14, generator=torch.Generator().manual_seed(4))
    residues = torch.randint(0, 20, (14,), generator=torch.Generator().manual_seed(5))
    changed = residues.clone()
    changed[order[7:]] = (changed[order[7:]] + 1) % 20
    with torch.inference_mode():
        first = network.log_probabilities(x, known, residues, order)
        second = network.log_probabilities(x, known, changed, order)
    torch.testing.assert_close(first[order[:8]], second[order[:8]])
    assert not torch.allclose(first[order[8:]], second[order[8:]])


def test_what_is_drawn_step_by_step_is_what_the_whole_network_thinks_likely(network: ProteinMPNNNetwork) -> None:
    from biomatrix.metrics.learned.protein_mpnn import _decode

    x, known = arrays(backbone())
    order = torch.randperm(14, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        drawn = _decode(network, x, known, order, 1e-6, torch.Generator().manual_seed(0))
        likely = network.log_probabilities(x, known, torch.tensor(drawn), order)[:, :20].argmax(dim=-1)
    assert drawn == likely.tolist()


def test_missing_residues_become_x_and_do_not_spread(released: Path) -> None:
    points = backbone()
    points[4, 1] = np.nan
    design = next(ProteinMPNN.load(released).design([points]))[0]
    assert design[4] == "X"
    assert "X" not in design[:4] + design[5:]


def test_an_oxygen_that_is_not_given_lies_in_the_peptide_plane() -> None:
    points = backbone(3)
    points[1:, 0] = points[:-1, 2] + [1.33, 0, 0]
    oxygen = prepared(points)[0][:, 3]
    assert np.linalg.norm(oxygen - points[:, 2], axis=1) == pytest.approx([1.231] * 3, abs=1e-3)
    normal = np.cross(points[0, 1] - points[0, 2], points[1, 0] - points[0, 2])
    assert abs((oxygen[0] - points[0, 2]) @ normal) < 1e-3


def test_weights_that_are_absent_foreign_or_would_run_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not there"):
        load_scorer("protein_mpnn", tmp_path / "absent.pt")
    with pytest.raises(ConfigurationError, match="needs weights"):
        load_scorer("protein_mpnn")
    torch.save({"model_state_dict": {"W_s.weight": torch.zeros(21, 8)}}, tmp_path / "short.pt")
    with pytest.raises(WeightsError, match="do not fit"):
        load_scorer("protein_mpnn", tmp_path / "short.pt")
    torch.save({"model_state_dict": Path("anything")}, tmp_path / "object.pt")
    with pytest.raises(WeightsError, match="without running"):
        load_scorer("protein_mpnn", tmp_path / "object.pt")
