"""What a calibration was made for: the model, the question and how it was answered; and whether a request is the same.

Intervals and sets hold for records drawn alike and answered alike. Another model makes them worthless, which is
refused; other words or another temperature make them doubtful, which is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypedDict

from biomatrix.errors import ConfigurationError

TEXT: Final = "text"
"""The output of an answer in no modality."""
_SHOWN: Final = 80
_SHOWN_HASH: Final = 12
_HASHES: Final[Mapping[str, str]] = {
    "model_hash": "weights",
    "vocabulary_hash": "vocabulary",
    "projector_hash": "projector",
}


class Origin(TypedDict, total=False):
    """What a calibration was made of and for, one word or phrase each; absent or empty where it is not known.

    ``task`` is the name of the task and ``prompt`` its question, entities as the modality that shows them:
    ``Log solubility (mol/L) of {molecule_smiles}``. ``output`` is what the answer is, ``unit`` that of its numbers, and
    ``drawn`` says how answers were drawn. ``model`` is a name; ``model_hash`` and ``vocabulary_hash`` tell weights and
    tokens, ``projector_hash`` the projectors of entities that the prompt shows as vectors. ``data`` names the records,
    and ``held_out`` is ``true`` where the model was trained on none of them, ``false`` where it was on some,
    ``unknown`` where nobody looked.
    """

    task: str
    prompt: str
    output: str
    drawn: str
    model: str
    model_hash: str
    vocabulary_hash: str
    projector_hash: str
    unit: str
    data: str
    held_out: str


def origin_doubts(made_for: Origin, asked: Origin) -> tuple[str, ...]:
    """Return why a calibration may not hold for what is asked, one phrase each; none where it was made for the same.

    Parameters
    ----------
    made_for : Origin
        Of the calibration.
    asked : Origin
        Of the request, without task and data.

    Raises
    ------
    ConfigurationError
        It was made with other weights, another vocabulary, or for another output.

    Examples
    --------
    >>> made_for = Origin(model_hash="ab", prompt="How heavy is {molecule}", drawn="greedily", held_out="true")
    >>> origin_doubts(made_for, Origin(model_hash="ab", prompt="How heavy is {molecule}", drawn="at random"))
    ('calibrated on answers drawn greedily, not at random',)
    """
    for word, what in _HASHES.items():
        made, now = made_for.get(word, ""), asked.get(word, "")
        if made and now and made != now:
            of = made_for.get("model") or "another model"
            raise ConfigurationError(
                f"the calibration was made with the {what} of {of} ({made[:_SHOWN_HASH]}), not with this model's "  # type: ignore[index]
                f"({now[:_SHOWN_HASH]}), whose errors it does not know; calibrate this model with `biomatrix calibrate`"  # type: ignore[index]
            )
    if made_for.get("output", "") not in ("", asked.get("output", "")):
        raise ConfigurationError(f"the calibration is of answers in {made_for['output']}, not in {asked.get('output')}")
    return tuple(_doubts(made_for, asked))


def _doubts(made_for: Origin, asked: Origin) -> Iterator[str]:
    if not made_for.get("model_hash"):
        yield "the calibration does not say which weights it was made with"
    elif not asked.get("model_hash"):
        yield f"the engine does not tell whether it runs the weights of {made_for.get('model') or 'the calibration'}"
    question, now = made_for.get("prompt", ""), asked.get("prompt", "")
    if not question:
        yield "the calibration does not say which question it was made for"
    elif question != now:
        yield f"calibrated on {_cut(question)}, not on {_cut(now)}"
    drawn = made_for.get("drawn", "")
    if not drawn:
        yield "the calibration does not say how its answers were drawn"
    elif drawn != asked.get("drawn", ""):
        yield f"calibrated on answers drawn {drawn}, not {asked.get('drawn', '')}"
    if made_for.get("held_out") == "false":
        yield "calibrated on records that the model was trained on"
    elif made_for.get("held_out") != "true":
        yield "the calibration does not say whether its records were held out of training"


def _cut(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
