"""From what a person types as a model to what answers questions."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.kind_registry import load_attribute
from biomatrix.entities.modality_registry import modalities
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.answering import Answerer
from biomatrix.evaluation.functions import open_function

BASELINE: Final = "baseline:"
_BASELINES: Final = "biomatrix.evaluation.baselines:open_baseline"
ENGINES: Final = ("transformers", "vllm")
"""What runs a model of our vocabulary that is no server."""
_WAYS: Final = ("checks", "grammar", "processor")
_SERVER: Final = re.compile(r"https?://")
_FUNCTION: Final = re.compile(r"[A-Za-z_]\w*(\.\w+)*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Opening:
    """How models are opened.

    Parameters
    ----------
    engine : {"transformers", "vllm"}
        What runs a model of our vocabulary; a server is named by its address.
    vocabulary : str, optional
        The model whose vocabulary a server's model has; without, it is asked in plain text.
    served_as : str, optional
        What a server calls the model.
    enforced_by : {"checks", "grammar", "processor"}, optional
        How a server of our vocabulary is held to what is asked.
    tokenizers : mapping of str to str
        The structure tokenizer of a modality, where the model names none.
    device, dtype : str, optional
        Of models that run in this process.

    Raises
    ------
    ConfigurationError
        There is no such engine, device, number type or way, whether or not the model that is opened has use for it.
    """

    engine: str = "transformers"
    vocabulary: str | None = None
    served_as: str | None = None
    enforced_by: str | None = None
    tokenizers: Mapping[str, str] = field(default_factory=dict)
    device: str | None = None
    dtype: str | None = None

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise ConfigurationError(f"engine {self.engine[:40]!r}: no such engine; {choices(self.engine, ENGINES)}")
        if self.enforced_by is not None and self.enforced_by not in _WAYS:
            raise ConfigurationError(f"enforced_by is one of {', '.join(_WAYS)}, not {self.enforced_by[:40]!r}")
        if self.device is not None or self.dtype is not None:
            from biomatrix.generation.devices import torch_device, torch_dtype

            torch_dtype(self.dtype, torch_device(self.device))


def open_answerer(name: str, how: Opening | None = None) -> Answerer:
    """Open what answers.

    Parameters
    ----------
    name : str
        ``baseline:NAME``; the address of an OpenAI-compatible server; ``package.module:function``; or a model: a
        shipped name, a folder or a hub id of any causal language model. One whose tokenizer has tokens of a modality
        is asked in tokens, any other in plain text.
    how : Opening, optional

    Raises
    ------
    BioMatrixError
        It cannot be opened.
    """
    how = how or Opening()
    if name.startswith(BASELINE):
        baseline: Answerer = load_attribute(_BASELINES)(name.removeprefix(BASELINE))
        return baseline
    if _SERVER.match(name):
        return _server(name, how)
    if _FUNCTION.fullmatch(name) and not Path(name).exists():
        return open_function(name)
    return _model(name, how)


def _server(url: str, how: Opening) -> Answerer:
    from biomatrix.evaluation.engine_answerer import EngineAnswerer
    from biomatrix.evaluation.text_server import TextServer
    from biomatrix.generation.engines import open_named_engine
    from biomatrix.generation.json_client import JsonClient

    if how.vocabulary is None:
        if how.enforced_by is not None:
            raise ConfigurationError("a server is held to what is asked only with a vocabulary; name the model's")
        key = os.environ.get("BIOMATRIX_API_KEY") or None
        return TextServer(JsonClient(url, key), url, how.served_as)
    given = {"served_as": how.served_as, "enforced_by": how.enforced_by}
    settings = {key: value for key, value in given.items() if value is not None}
    engine = open_named_engine("http", how.vocabulary, url=url, **_named(how), **settings)
    described = {"engine": "http", "url": url, "vocabulary": how.vocabulary, **settings}
    return EngineAnswerer(engine, url, described)


def _model(name: str, how: Opening) -> Answerer:
    from biomatrix.generation.loading import model_folder

    folder = model_folder(name)
    if not _knows_entities(folder):
        from biomatrix.evaluation.text_model import TextModel

        return TextModel(folder, name, device=how.device, dtype=how.dtype)
    from biomatrix.evaluation.engine_answerer import EngineAnswerer
    from biomatrix.generation.engines import open_named_engine

    settings: dict[str, Any] = {} if how.engine != "transformers" else {"device": how.device, "dtype": how.dtype}
    given = {key: value for key, value in settings.items() if value is not None}
    engine = open_named_engine(how.engine, name, **_named(how), **given)
    described = {"engine": how.engine, **given, "tokenizers": dict(how.tokenizers)}
    return EngineAnswerer(engine, name, described)


def _knows_entities(folder: Path) -> bool:
    """Return whether a tokenizer has the control pair of some modality."""
    from biomatrix.vocabulary.folder import read_backend

    backend, _ = read_backend(folder)
    added = {token.content for token in backend.get_added_tokens_decoder().values()}
    return any({one.start_token, one.end_token} <= added for one in modalities())


def _named(how: Opening) -> dict[str, str]:
    return {f"{modality}_tokenizer": name for modality, name in how.tokenizers.items()}
