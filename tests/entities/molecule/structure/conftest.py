"""Structure tokenizers that are not shipped."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def published_weights(shared: Path) -> Path:
    """The published checkpoint; tests that need it are skipped where reference data is absent."""
    return shared / "parity" / "molstructok" / "molstructok_vqvae.safetensors"
