"""A stock BERT opened from a folder, whole or not at all: no pooler, no head, no weight made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from biomatrix.errors import WeightsError
from biomatrix.training.network import CANNOT_OPEN, check_finite, one_line
from biomatrix.training.progress_bar import without_progress_bar

if TYPE_CHECKING:
    from transformers import BertModel

CONFIG: Final = "config.json"
UNREAD: Final = ("cls.", "classifier.", "pooler.", "bert.pooler.")
"""What a folder may hold beside the encoder: heads, and the pooler, which is noise where a head was trained."""
_AS_STOCK: Final = {"is_decoder": False, "add_cross_attention": False, "position_embedding_type": "absolute"}


def open_bert(folder: str | Path) -> BertModel:
    """Return the encoder of a BERT folder in float32, from safetensors only; nothing is fetched and no code of it runs.

    Parameters
    ----------
    folder : str or Path
        With ``config.json`` and safetensors, of a ``BertModel`` or with any head on it.

    Raises
    ------
    WeightsError
        It is no BERT, is a pickle, wants code of its own, or its tensors are not those that ``config.json`` asks for.
    """
    from transformers import BertModel
    from transformers.utils import logging

    folder = Path(folder)
    _check_description(folder)
    log: Any = logging
    opener: Any = BertModel
    before = log.get_verbosity()
    log.set_verbosity_error()  # what it would say of missing weights becomes an error below
    try:
        with without_progress_bar():
            network, report = opener.from_pretrained(
                str(folder),
                add_pooling_layer=False,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except Exception as error:  # a broken folder fails anywhere in Transformers, with any exception
        raise WeightsError(f"{CANNOT_OPEN}{one_line(error)}", file=str(folder)) from error
    finally:
        log.set_verbosity(before)
    left = [str(name) for name in report.get("unexpected_keys", ()) if not str(name).startswith(UNREAD)]
    faults = {"missing": report.get("missing_keys"), "unexpected": left, "misshapen": report.get("mismatched_keys")}
    found = [f"{len(names)} {fault}, first {sorted(map(str, names))[0]}" for fault, names in faults.items() if names]
    if found:
        raise WeightsError(f"the weights do not match config.json: {'; '.join(found)}", file=str(folder))
    check_finite(network, folder)
    opened: BertModel = network
    return opened


def _check_description(folder: Path) -> None:
    """Raise WeightsError where a folder does not describe a stock BERT with safetensors."""
    try:
        told = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{CANNOT_OPEN}no readable {CONFIG} ({one_line(error)})", file=str(folder)) from error
    if not isinstance(told, dict) or told.get("model_type") != "bert":
        kind = told.get("model_type") if isinstance(told, dict) else None
        raise WeightsError(f"{CONFIG} describes {kind or 'no model'}, not a bert", file=str(folder))
    if "auto_map" in told:
        raise WeightsError("wants code of its own (auto_map), which is never run; use a stock BERT", file=str(folder))
    for name, value in _AS_STOCK.items():
        if told.get(name, value) != value:
            raise WeightsError(f"{CONFIG} says {name} {told[name]!r}, an encoder has {value!r}", file=str(folder))
    if not list(folder.glob("*.safetensors")):
        raise WeightsError("holds no safetensors; pickled weights are not opened, convert them first", file=str(folder))
