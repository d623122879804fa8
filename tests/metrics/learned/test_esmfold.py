"""ESMFold through transformers, with tiny random weights, and what its folds are worth."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.foldability import Fold, foldability, self_consistency
from biomatrix.metrics.learned.esmfold import ESMFold, as_fold
from biomatrix.metrics.learned.registry import load_scorer

SEQUENCE = "MKTAYIAKQR"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of ESMFold in miniature."""
    import torch
    from transformers import EsmConfig, EsmForProteinFolding

    torch.manual_seed(0)
    structure = {
        "sequence_dim": 16, "pairwise_dim": 8, "ipa_dim": 4, "resnet_dim": 8, "num_heads_ipa": 4, "num_qk_points": 1,
        "num_v_points": 1, "num_blocks": 2, "num_transition_layers": 1, "num_resnet_blocks": 1, "num_angles": 7,
    }  # fmt: skip
    trunk = {
        "num_blocks": 2, "sequence_state_dim": 64, "pairwise_state_dim": 16, "sequence_head_width": 4,
        "pairwise_head_width": 4, "position_bins": 4, "chunk_size": None, "max_recycles": 1,
        "structure_module": structure,
    }  # fmt: skip
    config = EsmConfig(
        vocab_size=33, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=32,
        max_position_embeddings=1026, position_embedding_type="rotary", token_dropout=True, is_folding_model=True,
        pad_token_id=1, mask_token_id=32,
        esmfold_config={"trunk": trunk, "fp16_esm": False, "use_esm_attn_map": False, "lddt_head_hid_dim": 8},
    )  # fmt: skip
    path = tmp_path_factory.mktemp("esmfold")
    EsmForProteinFolding(config).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def scorer(folder: Path) -> ESMFold:
    loaded: ESMFold = load_scorer("esmfold", folder)
    return loaded


def test_it_folds_what_it_loaded(scorer: ESMFold) -> None:
    folds = list(scorer.fold([SEQUENCE, "", "MKXB"]))
    assert folds[1] is None
    assert folds[0] is not None
    assert folds[2] is not None
    assert folds[0].backbone.shape == (10, 3, 3)
    assert len(folds[2].backbone) == 4
    assert 0.0 <= folds[0].plddt <= 1.0
    assert len(folds[0].residue_plddt) == 10


def test_the_numbers_are_those_of_the_network(scorer: ESMFold) -> None:
    import torch

    with torch.inference_mode():
        output = scorer._network.infer(SEQUENCE)
    fold = as_fold(output)
    pdb = scorer._network.output_to_pdb(output)[0]
    atoms = [line for line in pdb.splitlines() if line.startswith("ATOM")]
    assert fold.plddt == pytest.approx(np.mean([float(line[60:66]) for line in atoms]), abs=0.01)
    ca = np.array([[float(line[c : c + 8]) for c in (30, 38, 46)] for line in atoms if line[12:16].strip() == "CA"])
    np.testing.assert_allclose(fold.backbone[:, 1], ca, atol=1e-3)
    probabilities = output["aligned_confidence_probs"][0].numpy()
    assert fold.pae == pytest.approx(float((probabilities * np.arange(64)).mean(-1).mean() * 31), rel=1e-5)


def test_a_fold_does_not_depend_on_what_is_folded_beside_it_and_long_ones_are_cut(folder: Path) -> None:
    scorer = ESMFold.load(folder)
    alone, beside = next(scorer.fold([SEQUENCE])), list(scorer.fold(["MKV", SEQUENCE]))[1]
    assert alone is not None
    assert beside is not None
    assert alone.plddt == beside.plddt
    cut = next(ESMFold(scorer._network, longest=5).fold([SEQUENCE]))
    assert cut is not None
    assert len(cut.backbone) == 5


def test_absent_weights_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"ESMFold: .* not at hand") as caught:
        load_scorer("esmfold", tmp_path / "nowhere")
    assert "\n" not in str(caught.value)


def fold(plddt: float, pae: float = 5.0, n: int = 20, seed: int = 0) -> Fold:
    rng = np.random.default_rng(seed)
    ca = np.cumsum(rng.normal(size=(n, 3)) * 2.2, axis=0)
    return Fold(ca[:, None] + rng.normal(size=(1, 3, 3)), plddt, pae, pae, np.full(n, plddt))


def test_failures_are_left_out_of_means_and_are_not_above_thresholds() -> None:
    found = foldability([fold(0.9), fold(0.5, pae=20.0), None])
    assert found["plddt"].value == pytest.approx(70.0)
    assert found["pae"].value == pytest.approx(12.5)
    assert [found[name].value for name in ("plddt_gt70", "pae_lt10")] == pytest.approx([1 / 3, 1 / 3])
    assert found["plddt"].unparsable == 1
    assert math.isnan(foldability([])["plddt"].value)
    assert foldability([None])["plddt_gt70"].value == 0.0


def test_the_best_of_several_folds_is_kept() -> None:
    design = fold(0.1)
    other = fold(0.9, seed=5)
    found = self_consistency([design.backbone + 30], [[other, None, design]])
    assert found["sctm"].value == pytest.approx(1.0)
    assert found["scrmsd"].value == pytest.approx(0.0, abs=1e-6)
    assert found["plddt"].value == pytest.approx(10.0)


def test_a_missing_backbone_or_fold_is_no_number() -> None:
    found = self_consistency([None, fold(0.5).backbone], [[fold(0.5)], [None, fold(0.5, n=9)]])
    assert math.isnan(found["sctm"].value)
    assert (found["sctm"].empty, found["sctm"].unparsable) == (1, 1)
    assert found["sctm_corrected"].value == 0.0
    with pytest.raises(ValueError, match="one for each"):
        self_consistency([None], [])
