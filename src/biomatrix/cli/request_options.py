"""Options of a request to a model, checked before a model is opened and in the words in which they were typed."""

from __future__ import annotations

import math

from biomatrix.errors import BioMatrixError, ConfigurationError


def check_request(
    words: str,
    entities: int,
    *,
    answer: str | None,
    written_as: str | None,
    length: int | None,
    temperature: float,
    top_p: float,
) -> None:
    """Refuse what makes no sense whatever the model.

    Parameters
    ----------
    words : str
        The prompt.
    entities : int
        How many entities were given.
    answer, written_as : str, optional
        The modalities of ``--answer`` and ``--as``.
    length : int, optional
        ``--length``.
    temperature, top_p : float
        The options of these names.

    Raises
    ------
    ConfigurationError
        Names the option, the value and what is allowed.
    """
    if not words.strip() and not entities:
        raise ConfigurationError("the prompt is empty: ask something in words, or give an entity to go on from")
    if written_as is not None and not entities:
        raise ConfigurationError(f"--as {written_as} says how an entity is shown, but none was given")
    if length is not None and answer is None:
        raise ConfigurationError(f"--length {length} needs --answer MODALITY: text has no exact length")
    if length is not None and length < 1:
        raise ConfigurationError(f"--length {length} is no length: it is a whole number from 1")
    if not math.isfinite(temperature):
        raise ConfigurationError(f"--temperature {temperature} is no temperature: it is a number from 0, 0 for greedy")
    if not 0.0 < top_p <= 1.0:
        raise ConfigurationError(f"--top-p {top_p:g} is no share: it is above 0 and at most 1")
    for option, name in (("--answer", answer), ("--as", written_as)):
        if name is not None:
            _check_modality(option, name)


def _check_modality(option: str, name: str) -> None:
    from biomatrix.entities.modality_registry import modality_class

    try:
        modality_class(name)
    except BioMatrixError as error:
        raise ConfigurationError(f"{option} {name}: {error.message}") from error
