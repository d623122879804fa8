"""OpenMM mends the geometry of a shaken backbone and stays near it."""

from __future__ import annotations

import builtins
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Protein
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.entities.protein.relaxation.openmm_minimisation import openmm
from biomatrix.errors import ConfigurationError
from biomatrix.trust import relax


def test_a_shaken_backbone_is_mended() -> None:
    pytest.importorskip("openmm", reason="the extra refine is not installed")
    native = bundled_protein().first(24)
    assert native.backbone is not None
    noise = np.random.default_rng(0).normal(0, 0.1, native.backbone.shape)
    shaken = replace(native, backbone=(native.backbone + noise).astype(np.float32))
    done = relax(shaken, "openmm")
    assert len(done.after.failed) < len(done.before.failed)
    assert "N-CA-C angles" in {check.name for check in done.before.failed}
    assert done.energy_after < done.energy_before
    assert 0.0 < done.moved_rmsd < 0.5
    assert any("alanines" in note for note in done.notes)
    relaxed = done.entity
    assert isinstance(relaxed, Protein)
    again = openmm(shaken).entity
    assert isinstance(again, Protein)
    np.testing.assert_array_equal(relaxed.backbone, again.backbone)


def test_without_openmm_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("openmm"):
            raise ImportError(name)
        return imported(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ConfigurationError, match=r"pip install 'biomatrix\[refine\]'"):
        openmm(bundled_protein())
