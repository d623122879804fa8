"""The engines by name, each imported when it is first opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.kind_registry import load_attribute
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.generation.engine import Engine

ENGINES: Final[Mapping[str, str]] = {
    "transformers": "biomatrix.generation.loading:open_engine",
    "vllm": "biomatrix.generation.vllm_engine:open_vllm",
    "http": "biomatrix.generation.http_engine:open_server",
}
"""Name to ``module:function``: it takes a model's name or folder, and settings of its own."""


def open_named_engine(name: str, model: str | Path = "nano", **settings: Any) -> Engine:
    """Open a model in an engine.

    Parameters
    ----------
    name : {"transformers", "vllm", "http"}
        In this process; in vLLM; on a server.
    model : str or Path
        A shipped name, a folder, or a hub id: for a server, of the vocabulary.
    **settings
        ``MODALITY_tokenizer=`` of each engine, and its own: ``device`` and ``dtype`` of "transformers"; those of
        ``vllm.LLM`` and ``runner`` of "vllm"; ``url`` and those of
        :class:`~biomatrix.generation.http_engine.HttpEngine` of "http".

    Raises
    ------
    ConfigurationError
        There is no such engine or setting, or what the engine needs is not installed.

    Examples
    --------
    >>> from biomatrix.generation import Model
    >>> Model(open_named_engine("http", "nano", url="http://localhost:8000/v1"))  # doctest: +SKIP
    """
    if name not in ENGINES:
        raise ConfigurationError(f"no engine named {name!r}; {choices(name, ENGINES)}")
    try:
        engine: Engine = load_attribute(ENGINES[name])(model, **settings)
    except TypeError as error:
        if "argument" not in str(error):
            raise
        raise ConfigurationError(f"the engine {name!r} does not open so: {error}") from error
    return engine
