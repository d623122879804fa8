"""Options that say where a model runs: in this process, in vLLM, or on a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.generation.engine import Engine
    from biomatrix.soft.soft_tokens import SoftTokens

_SERVER: Final = "http"

EngineName = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="transformers|vllm|http",
        help="Where the model runs: in this process; in vLLM; on an OpenAI-compatible server, with --url.",
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="The server's address, such as http://localhost:8000/v1; --model then names the vocabulary. A key is "
        "read from BIOMATRIX_API_KEY.",
    ),
]
ServedAs = Annotated[
    str | None, typer.Option(metavar="NAME", help="What the server calls the model; its only one when not given.")
]
EnforcedBy = Annotated[
    str | None,
    typer.Option(
        metavar="checks|grammar|processor",
        help="How a server is held to what is asked: it is not told and answers are checked (as when not given), by "
        "an llguidance grammar, or by our logits processor in vLLM.",
    ),
]
SoftFolders = Annotated[
    list[str] | None,
    typer.Option(
        "--soft",
        metavar="FOLDER",
        help="A projector, or a folder of them: entities of its kind are shown as vectors, not as tokens; repeatable.",
    ),
]


def engine_settings(engine: str, url: str | None, served_as: str | None, enforced_by: str | None) -> dict[str, Any]:
    """Return the settings of the chosen engine, before anything is opened.

    Raises
    ------
    ConfigurationError
        There is no such engine, or the options belong to another one.
    """
    from biomatrix.entities.near_matches import choices
    from biomatrix.generation.engines import ENGINES

    if engine not in ENGINES:
        raise ConfigurationError(f"--engine {engine}: no engine has this name; {choices(engine, ENGINES)}")
    told = {"--url": url, "--served-as": served_as, "--enforced-by": enforced_by}
    given = {name: value for name, value in told.items() if value is not None}
    if engine != _SERVER:
        if given:
            raise ConfigurationError(f"{next(iter(given))} belongs to a server; give --engine http")
        return {}
    if url is None:
        raise ConfigurationError("--engine http needs --url, such as http://localhost:8000/v1")
    return {name[2:].replace("-", "_"): value for name, value in given.items()}


def open_chosen(
    engine: str,
    model: str,
    tokenizers: Mapping[str, str],
    settings: Mapping[str, Any],
    soft: SoftTokens | None = None,
) -> Engine:
    """Open a model in the chosen engine, with the projectors of soft parts of prompts where there are some."""
    from biomatrix.generation.engines import open_named_engine

    named = {f"{modality}_tokenizer": name for modality, name in tokenizers.items()}
    opened = open_named_engine(engine, model, **named, **settings)
    if soft is None:
        return opened
    from biomatrix.generation.model import Model

    return Model(opened, model).with_soft(soft).engine
