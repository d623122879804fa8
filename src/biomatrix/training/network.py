"""A network opened by Transformers, whole or not at all: no weight is made up, left out, or not finite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from biomatrix.errors import WeightsError
from biomatrix.training.progress_bar import without_progress_bar

if TYPE_CHECKING:
    import torch

CANNOT_OPEN: Final = "cannot open the model: "
_LONGEST: Final = 300


def open_network(name_or_path: str | Path, dtype: torch.dtype, **settings: Any) -> Any:
    """Return the causal language model of a folder or a hub id, from safetensors only; none of its code runs.

    Parameters
    ----------
    name_or_path : str or Path
    dtype : torch.dtype
        The type of its weights.
    **settings
        What Transformers takes besides, such as ``attn_implementation``.

    Raises
    ------
    WeightsError
        It cannot be opened, or its weights are not those that its configuration asks for.
    """
    from transformers import AutoModelForCausalLM

    opener: Any = AutoModelForCausalLM
    try:
        with without_progress_bar(), _without_warnings():
            network, report = opener.from_pretrained(
                name_or_path,
                dtype=dtype,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
                **settings,
            )
    except KeyError as error:  # Transformers looks words of config.json up in tables of its own
        raise WeightsError(
            f"{CANNOT_OPEN}config.json says {error}, which Transformers does not know", file=str(name_or_path)
        ) from error
    except Exception as error:  # a broken description fails anywhere in Transformers, with any exception
        raise WeightsError(f"{CANNOT_OPEN}{one_line(error)}", file=str(name_or_path)) from error
    faults = [
        f"{len(report[fault])} {fault.replace('_', ' ')}, first {sorted(map(str, report[fault]))[0]}"
        for fault in ("missing_keys", "unexpected_keys", "mismatched_keys")
        if report.get(fault)
    ]
    if faults:
        raise WeightsError(f"the weights do not match config.json: {'; '.join(faults)}", file=str(name_or_path))
    return network


def check_finite(network: Any, name_or_path: str | Path) -> None:
    """Raise WeightsError where a weight is NaN or infinite in the type that the network runs in.

    One pass over the weights where they lie: 3 ms for 6 million, and little beside reading them for any size.
    """
    import torch

    for name, parameter in network.named_parameters():
        if parameter.numel() and not all(map(torch.isfinite, torch.aminmax(parameter.detach()))):
            raise WeightsError(
                f"holds values that are not finite ({str(parameter.dtype).removeprefix('torch.')}): damaged weights, "
                "or too large for the type; open an earlier checkpoint, or fetch the weights again",
                file=str(name_or_path),
                position=name,
            )


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Hold back the report on weights that Transformers logs: what it says becomes an error."""
    from transformers.utils import logging

    log: Any = logging
    before = log.get_verbosity()
    log.set_verbosity_error()
    try:
        yield
    finally:
        log.set_verbosity(before)


def one_line(error: BaseException) -> str:
    """Return a library's message on one line, cut where it is long; the name of the exception where it has none."""
    return " ".join(str(error).split())[:_LONGEST] or type(error).__name__
