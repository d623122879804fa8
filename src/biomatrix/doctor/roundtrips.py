"""Round trips of bundled entities through every modality and shipped tokenizer, against a stated error."""

from __future__ import annotations

from collections.abc import Iterator

from biomatrix.doctor.finding import Finding, Status
from biomatrix.entities import Comparison, Entity, Modality, compare, kinds, modalities, modality
from biomatrix.entities.tokenizer_folder import load_weights, shipped_names
from biomatrix.errors import BioMatrixError, WeightsError

_AREA = "round trip"


def examine_round_trips() -> Iterator[Finding]:
    """Yield one finding per bundled entity, modality and shipped tokenizer."""
    entities = [(example.stem, example.entity) for one in kinds() for example in one.samples()]
    for plain in modalities():
        for label, entity in entities:
            if not plain.accepts(entity):
                continue
            shipped = shipped_names(plain.kind) if plain.needs_tokenizer else ()
            if not shipped:  # no tokenizer states an error to allow
                yield _examine(plain, f"{plain.name}, {label}", entity, None)
            for name in shipped:
                one = modality(plain.name, tokenizer=name)
                yield _examine(one, f"{plain.name} by {name!r}, {label}", entity, stated_error(plain.kind, name))


def stated_error(kind: str, name: str) -> float:
    """Return the RMSD in Angstrom below which a shipped tokenizer says that its round trips stay.

    Raises
    ------
    WeightsError
        The config states none.
    """
    stored = load_weights(kind, name)
    try:
        return float(stored.config["stated_error"]["rmsd_angstrom"])
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            'the config has no "stated_error": {"rmsd_angstrom": ...}', file=str(stored.folder)
        ) from error


def _examine(one: Modality, subject: str, entity: Entity, limit: float | None) -> Finding:
    try:
        agreement = compare(entity, one.decode(one.encode(entity)))
    except BioMatrixError as error:
        return Finding(_AREA, subject, "failed", str(error))
    if limit is None:
        same = all(answer.passed is not False for answer in agreement)
        return Finding(_AREA, subject, "ok" if same else "failed", str(agreement))
    return Finding(_AREA, subject, _judge(agreement, limit), f"{agreement} (limit {limit:.2f} A)")


def _judge(agreement: Comparison, limit: float) -> Status:
    """Return "failed" without an RMSD or past the stated error, and "warning" where only another check fails."""
    distance = agreement.value("RMSD")
    if distance is None or distance > limit:
        return "failed"
    return "warning" if any(answer.passed is False for answer in agreement) else "ok"
