"""A model folder opened as an encoder by stock ``AutoModel``: safetensors only, offline, no code of the folder runs."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.json_files import object_or_none, read_object
from biomatrix.entities.files.paths import is_folder
from biomatrix.entities.files.tensor_files import read_header
from biomatrix.entities.hub import CONFIG_FILE
from biomatrix.errors import UnsupportedError, WeightsError
from biomatrix.training.model_folder import refuse_adapter
from biomatrix.training.network import check_finite, one_line
from biomatrix.training.progress_bar import without_progress_bar

if TYPE_CHECKING:
    import torch

_WEIGHTS: Final = "model*.safetensors"
_PICKLES: Final = ("pytorch_model*.bin", "*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")
_DESCRIPTIONS: Final = (CONFIG_FILE, "tokenizer_config.json", "processor_config.json", "preprocessor_config.json")
_REMOTE: Final = "auto_map"
"""What names code of the folder in its descriptions."""
_TOKENIZER_FILES: Final = ("*.txt", "*.json", "*.model")
_NOT_HASHED: Final = ("generation_config.json", "model.safetensors.index.json", "trainer_state.json")
_IDLE: Final = frozenset({"_name_or_path", "transformers_version", "architectures", "dtype", "torch_dtype"})
"""Words of a configuration that change no vector here."""
_SPARE: Final = frozenset(
    {"pooler", "contact_head", "lm_head", "mlm_head", "cls", "classifier", "qa_outputs", "score", "vocab_transform",
     "vocab_projector", "vocab_layer_norm", "generator_predictions", "generator_lm_head", "discriminator_predictions",
     "lm_predictions", "mask_predictions", "predictions", "norm_head"}
)  # fmt: skip
"""What heads and poolers are called: the part of a name that says a tensor makes no hidden state."""
_COUNTED: Final = frozenset({"position_ids", "token_type_ids", "inv_freq"})
"""Tensors that older checkpoints hold and newer networks count out for themselves, or the reverse; none is learned."""


def check_encoder_folder(folder: Path) -> dict[str, Any]:
    """Return the configuration of a folder that can be opened as it is; nothing in it runs.

    Raises
    ------
    WeightsError
        There is no folder or no ``config.json``; it asks for code of its own; its weights are pickled, missing or
        damaged; it is an adapter.
    UnsupportedError
        A network with an encoder and a decoder.
    """
    if not is_folder(folder):
        raise WeightsError("no such folder; nothing is fetched for an encoder: give a local one", file=str(folder))
    refuse_adapter(folder)
    config = read_object(folder / CONFIG_FILE, WeightsError)
    for name in _DESCRIPTIONS:
        if _REMOTE in (object_or_none(folder / name) or {}):
            raise WeightsError(
                f"asks for code of its own ({_REMOTE}), which is never run; use a folder of a stock architecture",
                file=str(folder / name),
            )
    weights = sorted(folder.glob(_WEIGHTS))
    if not weights:
        pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
        raise WeightsError(
            f"the weights are pickled ({pickles[0]}), and a pickle can run any code; write them as safetensors where "
            "you trust them"
            if pickles
            else f"holds no weights ({_WEIGHTS})",
            file=str(folder),
        )
    for path in weights:
        read_header(path)
    if config.get("is_encoder_decoder"):
        raise UnsupportedError("a network with encoder and decoder; give one of its encoder alone", file=str(folder))
    return config


def encoder_folder_hash(folder: Path, config: dict[str, Any]) -> str:
    """Return the SHA-256 of weights, configuration and tokenizer of a folder, in hexadecimal; every byte counts."""
    made = hashlib.sha256()
    kept = {name: value for name, value in config.items() if name not in _IDLE}
    made.update(json.dumps(kept, sort_keys=True).encode())
    texts = {path.name: path for pattern in _TOKENIZER_FILES for path in folder.glob(pattern)}
    for name in (CONFIG_FILE, *_NOT_HASHED):
        texts.pop(name, None)
    for path in [*sorted(folder.glob(_WEIGHTS)), *(texts[name] for name in sorted(texts))]:
        made.update(f"\n{path.name} {file_sha256(path)}".encode())
    return made.hexdigest()


def open_encoder_network(folder: Path, device: torch.device) -> Any:
    """Return the network of a folder in single precision and evaluation mode.

    Raises
    ------
    WeightsError
        It cannot be opened, or a weight is missing, left over, of another shape or not finite, but for those of heads
        and poolers, which make no hidden state.
    """
    import torch
    from transformers import AutoModel

    opener: Any = AutoModel
    try:
        # What a checkpoint lacks, such as a pooler, is filled at random; the caller's random numbers stay as they were.
        with without_progress_bar(), _without_warnings(), torch.random.fork_rng(devices=[]):
            network, report = opener.from_pretrained(
                folder,
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                ignore_mismatched_sizes=True,  # so that the report names them
                output_loading_info=True,
            )
    except Exception as error:  # a broken description fails anywhere in Transformers, with any exception
        raise WeightsError(f"AutoModel cannot open it: {one_line(error)}", file=str(folder)) from error
    faults = [
        f"{len(names)} {fault.replace('_', ' ')}, such as {', '.join(names[:3])}"
        for fault in ("missing_keys", "unexpected_keys", "mismatched_keys")
        if (names := needed(report.get(fault) or ()))
    ]
    if faults:
        raise WeightsError(f"the weights do not match config.json: {'; '.join(faults)}", file=str(folder))
    check_finite(network, folder)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network.to(device).eval()


def needed(keys: Iterable[Any]) -> list[str]:
    """Return the names of learned tensors that belong to no head and no pooler, in order.

    Examples
    --------
    >>> needed(["pooler.dense.weight", "esm.contact_head.regression.bias", "encoder.layer.0.weight"])
    ['encoder.layer.0.weight']
    """
    names = sorted(str(key[0]) if isinstance(key, tuple) else str(key) for key in keys)
    return [name for name in names if not (_SPARE | _COUNTED).intersection(name.split("."))]


def open_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a folder; WeightsError where there is none that a stock class reads."""
    from transformers import AutoTokenizer

    opener: Any = AutoTokenizer
    try:
        with _without_warnings():
            return opener.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # as of a network
        raise WeightsError(f"AutoTokenizer cannot open it: {one_line(error)}", file=str(folder)) from error


def position_limit(network: Any, tokenizer: Any) -> int | None:
    """Return the most tokens that go through a network at once, special ones included; None where nothing says.

    Networks of the RoBERTa family, ESM too, count positions from behind the padding's id, so that they have fewer than
    ``max_position_embeddings``.
    """
    found = []
    rows = getattr(network.config, "max_position_embeddings", None)
    if isinstance(rows, int) and rows > 0:
        padding = getattr(getattr(network, "embeddings", None), "padding_idx", None)
        found.append(rows - (padding + 1 if isinstance(padding, int) else 0))
    told = getattr(tokenizer, "model_max_length", None)
    if isinstance(told, int) and 0 < told < 1 << 30:  # a tokenizer that knows no limit gives a number past all use
        found.append(told)
    return min(found) if found else None


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Hold back what Transformers logs of weights that it fills or leaves: here it is an error, or of no matter."""
    log = logging.getLogger("transformers")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
