"""Devices and number types by name, refused in words that say what this machine has."""

from __future__ import annotations

from typing import Final

import torch

from biomatrix.errors import ConfigurationError

_DTYPES: Final = ("float32", "bfloat16", "float16", "float64")
"""The types in which a network can run."""


def torch_device(name: str | torch.device | None = None) -> torch.device:
    """Return the device of that name; when not given, a GPU where there is one, else the CPU.

    Parameters
    ----------
    name : str or torch.device, optional
        "cpu", "cuda", "cuda:1" or "mps".

    Raises
    ------
    ConfigurationError
        There is no such device here; the message lists those there are.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{str(name)[:40]!r} is no device; there are: {', '.join(_devices())}") from error
    if not _is_here(device):
        missing = f"{device.type!r} has no number {device.index} here" if device.index else f"no {device.type!r} here"
        raise ConfigurationError(f"device {str(name)[:40]!r}: {missing}; there are: {', '.join(_devices())}")
    return device


def torch_dtype(name: str | torch.dtype | None, device: torch.device) -> torch.dtype:
    """Return the number type of that name; when not given, float32 on a CPU and bfloat16 elsewhere.

    Raises
    ------
    ConfigurationError
        A network does not run in it.
    """
    if name is None:
        return torch.float32 if device.type == "cpu" else torch.bfloat16
    chosen = getattr(torch, name, None) if isinstance(name, str) and name in _DTYPES else name
    if chosen not in [getattr(torch, one) for one in _DTYPES]:
        raise ConfigurationError(f"{str(name)[:40]!r} is not a torch dtype of networks; one of {', '.join(_DTYPES)}")
    return chosen  # type: ignore[return-value]


def _is_here(device: torch.device) -> bool:
    if device.type == "cpu":
        return not device.index
    if device.type == "cuda":
        return torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()
    if device.type == "mps":
        return torch.backends.mps.is_available() and not device.index
    return False


def _devices() -> list[str]:
    """Return the names of the devices of this machine."""
    names = ["cpu"]
    if torch.cuda.is_available():
        names += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return names
