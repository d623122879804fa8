"""What a run ran on: versions of packages, and the machine."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

_PACKAGES: Final = (
    "torch", "transformers", "tokenizers", "safetensors", "numpy", "scipy", "rdkit", "selfies", "biotite", "gemmi",
    "pyarrow", "nltk", "rouge-score", "fcd-torch", "scikit-learn",
)  # fmt: skip
"""Those that answers or scores may depend on."""


def environment() -> Mapping[str, Any]:
    """Return versions and hardware as JSON values; a package that is not installed is left out."""
    from biomatrix import __version__

    versions = {"biomatrix": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {"versions": versions, "machine": _machine()}


def _machine() -> Mapping[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if sys.platform == "linux" else None
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "processors": os.cpu_count(),
        "memory_gib": None if memory is None else round(memory / 2**30, 1),
        "gpu": _gpu(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def _gpu() -> str | None:
    """Return the GPU's name where PyTorch was needed and found one; it is not imported for this."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    return str(torch.cuda.get_device_name(0))
