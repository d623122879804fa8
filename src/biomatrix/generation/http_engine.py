"""The engine over any OpenAI-compatible server: vLLM, SGLang, llama.cpp and others, on this machine or another."""

from __future__ import annotations

import os
from pathlib import Path
from threading import RLock
from typing import Any

from biomatrix.errors import ConfigurationError, ServerError
from biomatrix.generation.answering import AnsweringEngine
from biomatrix.generation.checked import checked_whole
from biomatrix.generation.checking import CheckingReader
from biomatrix.generation.http_writer import Enforcement, HttpWriter
from biomatrix.generation.json_client import JsonClient
from biomatrix.generation.loading import by_modality, model_folder
from biomatrix.vocabulary.vocabulary import Vocabulary

_MOST_AT_ONCE = 1024
_LONGEST_CONTEXT = 1 << 40


class HttpEngine(AnsweringEngine):
    """A model that a server runs.

    A server writes freely unless it is told otherwise (``enforced_by``). Every answer in a modality is therefore held
    against the guide of its request; one that the guide would not have allowed is refused, counted in
    ``Answer.refused`` and written again, up to the request's ``drafts`` (a greedy answer has one).

    Answers depend on what the server makes of a seed, which is a function of seed, prompt, sample and draft. Samples of
    a request are asked for together (``n``) where the server seeds its choices one behind the other, as vLLM does; it
    is tried out once, so that answers are those of single requests.
    Log-probabilities are the server's: commonly among all tokens; NaN where it tells none, or tells text alone.

    Parameters
    ----------
    base_url : str
        Such as ``http://localhost:8000/v1``.
    model : str, optional
        What the server calls the model; its only one when not given.
    vocabulary : Vocabulary
        Of the same model.
    api_key : str, optional
        Sent as a bearer token.
    timeout : float
        Seconds without a byte after which a try is given up.
    retries : int
        How often a try that failed for a passing reason (no connection, 429, 500s) is repeated, with growing waits.
    concurrency : int
        The most requests at once.
    enforced_by : {"checks", "grammar", "processor"}
        "checks": the server is not told. "grammar": it is sent the table of the modality as an llguidance grammar, as
        vLLM takes in ``structured_outputs`` where it runs with that backend. "processor": it has loaded our logits
        processor (``--logits-processors``), and keeps every guide exactly.
    context_length : int, optional
        The most tokens of prompt and answer together, where the server does not say (``max_model_len``).

    Raises
    ------
    ServerError
        The server is not reached.
    ConfigurationError
        It has no such model, does not say its context, or wants a key.
    """

    max_rows = _MOST_AT_ONCE

    def __init__(
        self,
        base_url: str,
        model: str | None,
        vocabulary: Vocabulary,
        *,
        api_key: str | None = None,
        timeout: float = 120.0,
        retries: int = 4,
        concurrency: int = 8,
        enforced_by: Enforcement = "checks",
        context_length: int | None = None,
    ) -> None:
        if context_length is not None:
            context_length = checked_whole(context_length, "context_length", 1, _LONGEST_CONTEXT)
        client = JsonClient(base_url, api_key, timeout, checked_whole(retries, "retries", 0, 100))
        served = served_model(client, model)
        length = context_length or _told_length(client, served)
        if length is None:
            raise ConfigurationError(f"{client.base_url} does not say how much it reads at once; give context_length")
        workers = checked_whole(concurrency, "concurrency", 1, _MOST_AT_ONCE)
        writer = HttpWriter(client, str(served["id"]), vocabulary, workers, enforced_by)
        guides = RLock()  # each request is the server's own, so that any number of threads may ask
        super().__init__(writer, vocabulary, length, guides)
        self._reader = CheckingReader(vocabulary, guides)


def open_server(
    model: str | Path, *, url: str, served_as: str | None = None, api_key: str | None = None, **settings: Any
) -> HttpEngine:
    """Open a model on a server.

    Parameters
    ----------
    model : str or Path
        A shipped name, a folder or a hub id, of which the vocabulary alone is opened.
    url : str
        Of the server.
    served_as : str, optional
        What the server calls the model; its only one when not given.
    api_key : str, optional
        ``BIOMATRIX_API_KEY`` of the environment when not given.
    **settings
        ``MODALITY_tokenizer=``, and the others of :class:`HttpEngine`.
    """
    own = {name: settings.pop(name) for name in list(settings) if not name.endswith("_tokenizer")}
    vocabulary = Vocabulary.from_pretrained(model_folder(model), structure_tokenizers=by_modality(settings))
    key = api_key or os.environ.get("BIOMATRIX_API_KEY") or None
    return HttpEngine(url, served_as, vocabulary, api_key=key, **own)


def served_model(client: JsonClient, model: str | None) -> dict[str, Any]:
    """Return what a server says about a model."""
    answer = client.get("models")
    listed = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise ServerError(
            f"{client.base_url}/models answers what is no list of models: {str(answer)[:200]!r}; is it "
            "OpenAI-compatible?"
        )
    models = [one for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)]
    named = [one for one in models if model in (None, one["id"])]
    if len(named) == 1 or (named and model is not None):
        return named[0]
    names = ", ".join(str(one["id"]) for one in models) or "no models"
    asked = "more than one model" if model is None else f"no model {model!r}"
    raise ConfigurationError(f"{client.base_url} has {asked}; it serves {names}")


def _told_length(client: JsonClient, served: dict[str, Any]) -> int | None:
    """Return how much a server says that it reads at once; None where it does not say."""
    told = served.get("max_model_len")
    if told is None:
        return None
    whole = isinstance(told, int) and not isinstance(told, bool) and 0 < told <= _LONGEST_CONTEXT
    if not whole:
        raise ServerError(
            f"{client.base_url}/models says that it reads {str(told)[:40]!r} tokens at once (max_model_len), which is "
            "no number of tokens; give context_length"
        )
    return int(told)
