"""What is installed and what the machine offers."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from biomatrix import __version__
from biomatrix.doctor.finding import Finding

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "numpy",
    "rdkit",
    "selfies",
    "biotite",
    "gemmi",
)
_AREA = "installation"


def examine_installation() -> Iterator[Finding]:
    """Yield the versions of the packages that everything depends on, and the machine."""
    yield Finding(_AREA, "biomatrix", "ok", f"{__version__} on Python {platform.python_version()}")
    for package in PACKAGES:
        try:
            yield Finding(_AREA, package, "ok", version(package))
        except PackageNotFoundError:
            yield Finding(_AREA, package, "failed", "not installed; run: pip install biomatrix")
    yield Finding(_AREA, "machine", "ok", _describe_machine())


def _describe_machine() -> str:
    import torch

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if sys.platform == "linux" else None
    parts = [f"{os.cpu_count()} processors"]
    parts += [f"{memory:.0f} GiB of memory"] if memory else []
    parts += [
        torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU: everything runs on the processor"
    ]
    return ", ".join(parts)
