"""The published checkpoint: a safetensors file of tensors without a config."""

from __future__ import annotations

import hashlib
from pathlib import Path

from biomatrix.entities.molecule.structure.molstructok.network import expected_shapes
from biomatrix.entities.tokenizer_folder import (
    StoredWeights,
    fingerprint_of,
    read_tensors,
    require_tensors,
    tensor_bytes,
)
from biomatrix.errors import WeightsError

ARCHITECTURE = "molstructok"


def read_checkpoint(path: Path) -> StoredWeights:
    """Read the published checkpoint from a safetensors file; WeightsError where names or shapes differ."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot be read: {error.strerror}", file=str(path)) from error
    tensors = read_tensors(data, file=str(path))
    require_tensors(tensors, expected_shapes(tensors, file=str(path)), file=str(path))
    digest = hashlib.sha256(tensor_bytes(tensors)).hexdigest()  # of the tensors, so that a converted file shares it
    fingerprint = fingerprint_of(ARCHITECTURE, {}, digest)
    return StoredWeights(path.stem, path.parent, {"architecture": ARCHITECTURE}, tensors, fingerprint)
