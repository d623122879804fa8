"""The structure tokenizer of a line: it is recorded beside the tokens, and no other reads them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from biomatrix.entities import Modality, modality
from biomatrix.entities.modality_registry import modality_class
from biomatrix.entities.tokenizer_folder import shipped_name_of
from biomatrix.errors import DecodeError


def with_tokenizer(name: str, tokenizer: str | None) -> Modality:
    """Return the modality with the named structure tokenizer, or unchanged where it has none."""
    if tokenizer is None or not modality_class(name).needs_tokenizer:
        return modality(name)
    return modality(name, tokenizer=tokenizer)


def tokenizer_record(one: Modality) -> dict[str, str] | None:
    """Return the name and fingerprint of a modality's structure tokenizer, None where it needs none."""
    if not one.needs_tokenizer:
        return None
    return {"name": str(one.tokenizer.name), "fingerprint": str(one.tokenizer.fingerprint)}


def modality_for(one: Modality, record: Mapping[str, str] | None, given: str | None) -> Modality:
    """Return the modality with the structure tokenizer of a line.

    Parameters
    ----------
    one : Modality
        The modality that the line's control tokens name.
    record : mapping, optional
        The :func:`tokenizer_record` of the line; without one, ``given`` or else the default is trusted.
    given : str, optional
        Name or folder of the tokenizer to use; the shipped one with the line's fingerprint when None.

    Raises
    ------
    DecodeError
        The line belongs to another tokenizer than the one given, or to one that is not shipped.
    """
    if not one.needs_tokenizer:
        return one
    fingerprint = record["fingerprint"] if record else None
    name = given or (fingerprint and _shipped(one.kind, fingerprint))
    target = with_tokenizer(one.name, name or None)
    if record is not None and target.tokenizer.fingerprint != fingerprint:
        origin = f"the {one.name} codes belong to the tokenizer {record.get('name', '')!r} (fingerprint {fingerprint})"
        if given is None:
            raise DecodeError(f"{origin}, which is not among the shipped ones; give its folder as the tokenizer")
        raise DecodeError(f"{origin}, not to {target.tokenizer.name!r} (fingerprint {target.tokenizer.fingerprint})")
    return target


@lru_cache(maxsize=256)
def _shipped(kind: str, fingerprint: str) -> str | None:
    return shipped_name_of(kind, fingerprint)
