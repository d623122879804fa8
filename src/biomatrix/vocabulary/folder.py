"""A vocabulary's folder: the ordinary Hugging Face tokenizer layout, read and written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from biomatrix.entities import hub
from biomatrix.entities.files.json_files import read_head, read_object
from biomatrix.errors import LimitError, ParseError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

MAX_TOKENIZER_BYTES = 512 * 1024 * 1024
"""The size in bytes of the largest ``tokenizer.json`` that is opened."""

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "vocab.json",
    "merges.txt",
    "config.json",
    "biomatrix.json",
)
LAYOUT_FILES = (
    *(name for name in TOKENIZER_FILES if name != "config.json"),
    "vocab.txt",
    "tokenizer.model",
    "spiece.model",
    "chat_template.json",
    "additional_chat_templates/*.jinja",
)
"""Every file that a reader of the layout may take for part of the tokenizer: of an older one none may stay."""

_NAMED_TOKENS = ("bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token")
_KEPT_SETTINGS = (*_NAMED_TOKENS, "model_max_length", "chat_template")


def locate(path_or_id: str | Path) -> Path:
    """Return the local folder of a path, or of a hub repository's tokenizer files, downloaded if need be."""
    return hub.locate(path_or_id, what="tokenizer", patterns=TOKENIZER_FILES, holds=None)


def read_backend(folder: Path) -> tuple[Tokenizer, dict[str, Any]]:
    """Return a folder's tokenizer and the settings of its configuration.

    Raises
    ------
    LimitError
        If ``tokenizer.json`` is larger than `MAX_TOKENIZER_BYTES`.
    ParseError
        If the folder holds no tokenizer that can be read.
    """
    settings = _read_json(folder / "tokenizer_config.json")
    path = folder / "tokenizer.json"
    if not path.exists():
        return _convert(folder), _settings(folder, settings)
    read_head(path, 64, ParseError)
    if path.stat().st_size > MAX_TOKENIZER_BYTES:
        raise LimitError(f"{path.stat().st_size:,} bytes; at most {MAX_TOKENIZER_BYTES:,} are read", file=str(path))
    try:
        backend = Tokenizer.from_file(str(path))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise ParseError(f"not a tokenizer this version of tokenizers reads: {error}", file=str(path)) from error
    backend.no_padding()
    backend.no_truncation()
    return backend, _settings(folder, settings)


def read_rows(folder: Path) -> int | None:
    """Return the embedding rows of the model beside the tokenizer, None where there is none."""
    rows = _read_json(folder / "config.json").get("vocab_size")
    return rows if isinstance(rows, int) else None


def write_stock_files(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write ``tokenizer.json`` and ``tokenizer_config.json``, the chat template inside the latter."""
    tokenizer.save_pretrained(str(folder), save_jinja_files=False)
    path = folder / "tokenizer_config.json"
    config = _read_json(path)
    # Every release of transformers knows this name; the name that it writes itself is new in release 5.
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    config.pop("backend", None)
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def _convert(folder: Path) -> Tokenizer:
    """Build the tokenizer of a folder that holds only the older vocabulary files."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False)
    except Exception as error:  # broken vocabulary files fail anywhere in Transformers, with any exception
        reason = " ".join(str(error).split())[:300]
        raise ParseError(f"no tokenizer that transformers can open: {reason}", file=str(folder)) from error
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise ParseError("only a slow tokenizer is there; a vocabulary needs a fast one", file=str(folder))
    return backend


def _settings(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    merged = {**_read_json(folder / "special_tokens_map.json"), **config}
    settings = {key: _content(merged[key]) for key in _KEPT_SETTINGS if merged.get(key) is not None}
    template = folder / "chat_template.jinja"
    if template.is_file():
        try:
            settings["chat_template"] = template.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ParseError(f"cannot be read as UTF-8 text: {error}", file=str(template)) from error
    return settings


def _content(value: Any) -> Any:
    """Return a token's string, which older files wrap in its flags."""
    return value["content"] if isinstance(value, dict) and "content" in value else value


def _read_json(path: Path) -> dict[str, Any]:
    return read_object(path, ParseError) if path.exists() else {}
