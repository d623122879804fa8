"""Reading weights that others wrote: local, nothing in them runs, and what is amiss is said in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomatrix.errors import ConfigurationError, WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn


def from_pretrained(read: Callable[..., Any], source: str | Path, what: str, **settings: Any) -> Any:
    """Return what a ``from_pretrained`` of transformers reads, from a folder or from what was downloaded before.

    Nothing is downloaded here.

    Raises
    ------
    ConfigurationError
        It is not there.
    """
    try:
        return read(str(source), local_files_only=True, **settings)
    except (OSError, ValueError) as error:
        line = str(error).strip().splitlines()
        raise ConfigurationError(
            f"{what}: {source} is not at hand ({line[0] if line else type(error).__name__}); download it with"
            f" `hf download {source}`, or give the folder that holds it"
        ) from None


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Keep transformers from telling about every unused weight while a network is read."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(before)


def read_tensors(path: Path, what: str) -> dict[str, Any]:
    """Return the content of a safetensors file or of a torch file, of which nothing runs.

    Raises
    ------
    ConfigurationError
        The file is not there.
    WeightsError
        It is neither, or holds more than tensors and plain values.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise ConfigurationError(f"{what}: {path} is not there; give the path of its weights")
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise WeightsError(f"not a safetensors file ({error})", file=str(path)) from None
    except Exception as error:  # noqa: BLE001 - torch raises what its unpicklers and archives raise
        raise WeightsError(f"not weights that can be read without running them ({error})", file=str(path)) from None
    if not isinstance(content, dict):
        raise WeightsError("holds no table of tensors", file=str(path))
    return content


def load_strictly(network: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Fill a network with tensors; WeightsError where one is missing, left over or of another shape."""
    try:
        network.load_state_dict(dict(tensors), strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise WeightsError(f"the weights do not fit the network: {reason[:300]}", file=str(path)) from None
