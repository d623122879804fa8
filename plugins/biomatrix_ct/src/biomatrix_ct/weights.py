"""Weights of restoration networks: a folder with ``config.json`` and ``model.safetensors``."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.tensor_files import read_header
from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix_ct.network import RestorationNetwork

ARCHITECTURE: Final = "ct-residual-cnn"
SHIPPED: Final = Path(__file__).parent / "shipped"
DEFAULT: Final = "phantoms"
_CONFIG: Final = "config.json"
_TENSORS: Final = "model.safetensors"
_LARGEST: Final = {"width": 256, "depth": 32}


def save_network(network: RestorationNetwork, folder: str | Path, about: dict[str, Any]) -> None:
    """Write a network as a folder, with what it was trained on and how.

    Parameters
    ----------
    network : RestorationNetwork
    folder : str or Path
        Made if absent.
    about : dict
        What a reader should know: training data, licence, settings.
    """
    from safetensors.torch import save

    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot be made: {error.strerror}", file=str(folder)) from error
    tensors = {name: tensor.detach().contiguous() for name, tensor in network.state_dict().items()}
    write_whole(place / _TENSORS, save(tensors))
    config = {
        "architecture": ARCHITECTURE,
        "width": network.width,
        "depth": network.depth,
        "parameters": sum(tensor.numel() for tensor in tensors.values()),
        "sha256": file_sha256(place / _TENSORS),
        **about,
    }
    write_whole(place / _CONFIG, (json.dumps(config, indent=1) + "\n").encode())


def load_network(name: str | Path = DEFAULT) -> RestorationNetwork:
    """Return the network of a folder, or the shipped one of that name, ready to restore.

    Raises
    ------
    WeightsError
        There is no such folder, or its weights are not what its description says.
    """
    shipped = SHIPPED / str(name)
    folder = shipped if isinstance(name, str) and name in _shipped_names() else Path(name)
    return _load(folder)


@cache
def shipped_network() -> RestorationNetwork:
    """Return the shipped network, loaded once."""
    return load_network(DEFAULT)


def _shipped_names() -> list[str]:
    return sorted(path.name for path in SHIPPED.iterdir() if path.is_dir()) if SHIPPED.is_dir() else []


def _load(folder: Path) -> RestorationNetwork:
    import torch
    from safetensors.torch import load_file

    config = _config(folder)
    sizes = {key: config.get(key) for key in _LARGEST}
    for key, most in _LARGEST.items():
        value = sizes[key]
        if not isinstance(value, int) or isinstance(value, bool) or not 2 <= value <= most:
            raise WeightsError(f"{key} is {value!r}, and should be 2 to {most}", file=str(folder / _CONFIG))
    path = folder / _TENSORS
    stored = read_header(path)
    if file_sha256(path) != config.get("sha256"):
        raise WeightsError("not the weights that config.json describes: their SHA-256 differs", file=str(path))
    network = RestorationNetwork(int(config["width"]), int(config["depth"]))
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    if {key: one.shape for key, one in stored.items()} != wanted:
        raise WeightsError("the tensors are not those of a network of that width and depth", file=str(path))
    tensors = load_file(path)
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise WeightsError("a weight is not a finite number", file=str(path))
    network.load_state_dict(tensors)
    return network.eval()


def _config(folder: Path) -> dict[str, Any]:
    path = folder / _CONFIG
    try:
        if path.stat().st_size > 1 << 20:
            raise WeightsError("a description of more than a megabyte is none", file=str(path))
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        known = ", ".join(_shipped_names())
        raise WeightsError(f"no folder of weights; name one, or the shipped {known}", file=str(folder)) from None
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"no JSON: {error}", file=str(path)) from error
    if not isinstance(config, dict) or config.get("architecture") != ARCHITECTURE:
        raise WeightsError(f"the architecture is not {ARCHITECTURE}", file=str(path))
    return config
