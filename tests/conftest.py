"""Fixtures every test may use."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


def shared_folder() -> Path | None:
    """Return the folder of reference data, from BIOMATRIX_SHARED or beside the repository, if it is there."""
    given = os.environ.get("BIOMATRIX_SHARED")
    folder = Path(given) if given else Path(__file__).resolve().parents[2] / "shared"
    return folder if (folder / "spec").is_dir() else None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data; tests that need it are skipped where it is absent."""
    folder = shared_folder()
    if folder is None:
        pytest.skip("reference data not found: set BIOMATRIX_SHARED or place it in ../shared")
    return folder


@pytest.fixture(autouse=True)
def _gradients_stay_on() -> Iterator[None]:
    """Fail the test that leaves PyTorch without gradients, rather than those of training that come after it."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "is_inference_mode_enabled"):
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()
