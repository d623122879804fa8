"""What a request asks of which model, so that a calibration can be held against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.base_entity import Entity
from biomatrix.errors import ConfigurationError
from biomatrix.trust.origin import TEXT, Origin, origin_doubts
from biomatrix.vocabulary.tables import Deferred
from biomatrix.vocabulary.token_table import token_table_fingerprint

if TYPE_CHECKING:
    from biomatrix.generation.engine import Engine
    from biomatrix.generation.requests import Request
    from biomatrix.generation.resolving import PromptResolver
    from biomatrix.trust.calibration import Calibration
    from biomatrix.vocabulary.tables import Item
    from biomatrix.vocabulary.vocabulary import Vocabulary

SCORED: Final = "by the likelihood of each label"
"""How an answer is drawn that is chosen among labels."""


def origin_of(engine: Engine, request: Request, *, drawn: str | None = None) -> Origin:
    """Return what a request asks of the model that an engine runs.

    Parameters
    ----------
    engine : Engine
        One that runs elsewhere may not tell its weights: ``model_hash`` is then empty.
    request : Request
    drawn : str, optional
        How the answer comes about, where it is not written as the request says.
    """
    found: str = getattr(engine, "model_hash", "")
    resolver: PromptResolver | None = getattr(engine, "resolver", None)
    parts = [part for part in request.parts if isinstance(part, Deferred)]
    return Origin(
        prompt=question_of(engine.vocabulary, request),
        output=", ".join(request.outputs) or TEXT,
        drawn=" ".join(_drawn(request)) if drawn is None else drawn,
        model_hash=found,
        vocabulary_hash=token_table_fingerprint(engine.vocabulary),
        projector_hash=resolver.hash_of(parts) if resolver is not None and parts else "",
    )


def question_of(vocabulary: Vocabulary, request: Request) -> str:
    """Return the prompt of a request on one line, its entities as the modality that shows them."""
    words = " ".join("".join(_shown(vocabulary, part) for part in request.parts).split())
    if request.raw:
        return f"(as a document) {words}"
    return words if request.system is None else f"(after {' '.join(request.system.split())!r}) {words}"


def calibration_doubts(calibration: Calibration | None, engine: Engine, request: Request) -> tuple[str, ...]:
    """Return why a calibration may not hold for a request; none without a calibration.

    Raises
    ------
    ConfigurationError
        It cannot hold: see :func:`refuse_calibration` and :func:`biomatrix.trust.origin.origin_doubts`.
    """
    if calibration is None:
        return ()
    refuse_calibration(calibration, request.outputs)
    drawn = None if calibration.is_interval else SCORED
    return origin_doubts(calibration.origin, origin_of(engine, request, drawn=drawn))


def refuse_calibration(calibration: Calibration, outputs: Sequence[str]) -> None:
    """Refuse a calibration for an answer in these modalities; none for text.

    Raises
    ------
    ConfigurationError
        The answer is neither a number nor a choice in text.
    """
    if outputs:
        made = "intervals of numbers" if calibration.is_interval else "sets of labels"
        raise ConfigurationError(f"a calibration makes {made} in text, not of {', '.join(outputs)}")


def _shown(vocabulary: Vocabulary, part: Item) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Entity):
        return f"{{{vocabulary.default_modality(part)}}}"
    return f"{{{part[1]}}}" if isinstance(part, tuple) else f"{{{_modality_of(part)}}}"


def _modality_of(written: Any) -> str:
    """Return the modality of an entity that is given as tokens; of codes, which do not say theirs, that they are."""
    return getattr(written, "modality", "codes")


def _drawn(request: Request) -> Iterator[str]:
    """Yield how the answers to a request are drawn, in words."""
    sampling = request.sampling
    if request.beams is not None:
        yield f"with {request.beams} beams"
    elif sampling.greedy or sampling.temperature == 0:
        yield "greedily"
    else:
        yield f"at temperature {sampling.temperature:g} and top-p {sampling.top_p:g}"
    if request.best_of > 1:
        yield f"as the best of {request.best_of}"
    if request.constraints:
        yield f"under {', '.join(getattr(one, 'name', 'a constraint') for one in request.constraints)}"
    if not request.guided:
        yield "unguided"
