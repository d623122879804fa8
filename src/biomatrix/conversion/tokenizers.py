"""Which structure tokenizer the tokens of a line belong to: written with them, and the only one that reads them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from biomatrix.entities import Modality, modality
from biomatrix.entities.modality_registry import modality_class
from biomatrix.entities.tokenizer_folder import shipped_name_of
from biomatrix.errors import DecodeError


def with_tokenizer(name: str, tokenizer: str | None) -> Modality:
    """Return the modality with the named structure tokenizer, or as it is where it holds none."""
    if tokenizer is None or not modality_class(name).needs_tokenizer:
        return modality(name)
    return modality(name, tokenizer=tokenizer)


def tokenizer_record(one: Modality) -> dict[str, str] | None:
    """Return name and fingerprint of the structure tokenizer of a modality, None where it needs none."""
    if not one.needs_tokenizer:
        return None
    return {"name": str(one.tokenizer.name), "fingerprint": str(one.tokenizer.fingerprint)}


def modality_for(one: Modality, record: Mapping[str, str] | None, given: str | None) -> Modality:
    """Return the modality with the structure tokenizer that a line's tokens belong to.

    Parameters
    ----------
    one : Modality
        As the line's control tokens say.
    record : mapping, optional
        The :func:`tokenizer_record` of the line; without one the given tokenizer is trusted.
    given : str, optional
        Name or folder of the tokenizer to use; the shipped one of the line's fingerprint when not given.

    Raises
    ------
    DecodeError
        The line belongs to another tokenizer than the one given, or to one that is not shipped.
    """
    if not one.needs_tokenizer:
        return one
    fingerprint = record["fingerprint"] if record else None
    known = given or (fingerprint and _shipped(one.kind, fingerprint))
    chosen = with_tokenizer(one.name, known or None)
    if record is not None and chosen.tokenizer.fingerprint != fingerprint:
        origin = f"the {one.name} codes belong to the tokenizer {record.get('name', '')!r} (fingerprint {fingerprint})"
        if given is None:
            raise DecodeError(f"{origin}, which is not among the shipped ones; give its folder as the tokenizer")
        raise DecodeError(f"{origin}, not to {chosen.tokenizer.name!r} (fingerprint {chosen.tokenizer.fingerprint})")
    return chosen


@lru_cache(maxsize=256)
def _shipped(kind: str, fingerprint: str) -> str | None:
    return shipped_name_of(kind, fingerprint)
