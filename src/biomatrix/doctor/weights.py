"""Every shipped structure tokenizer: does its folder load strictly, and does its config describe it?"""

from __future__ import annotations

from collections.abc import Iterator

from biomatrix.doctor.finding import Finding
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.tokenizer_folder import load_weights, shipped_names
from biomatrix.errors import BioMatrixError

_AREA = "weights"


def examine_weights() -> Iterator[Finding]:
    """Yield one finding per shipped tokenizer: its hash agrees with its config, with architecture and size named."""
    for kind in (one.name for one in kinds() if one.weights is not None):
        names = shipped_names(kind)
        if not names:
            yield Finding(_AREA, f"{kind} structure tokenizers", "failed", "none is installed; reinstall the package")
        for name in names:
            yield _examine_folder(kind, name)


def _examine_folder(kind: str, name: str) -> Finding:
    subject = f"{kind} structure tokenizer {name!r}"
    try:
        stored = load_weights(kind, name)
    except BioMatrixError as error:
        return Finding(_AREA, subject, "failed", str(error))
    values = sum(tensor.size for tensor in stored.tensors.values())
    return Finding(_AREA, subject, "ok", f"{stored.architecture}, {values:,} values, fingerprint {stored.fingerprint}")
