"""The structure tokenizers of a line: they are recorded beside the tokens, and no others read them.

A plain modality has at most one, recorded as ``{name, fingerprint}``. A composite has those of its parts, recorded as
one such mapping per part, by the part's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from biomatrix.entities import Modality, modality
from biomatrix.entities.composite import CompositeModality
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.tokenizer_folder import shipped_name_of
from biomatrix.errors import ConfigurationError, DecodeError


def with_tokenizer(one: Modality, tokenizer: str | None) -> Modality:
    """Return the modality with the named structure tokenizer, or unchanged where it needs none.

    Raises
    ------
    ConfigurationError
        Several parts of a composite need one, so that one name cannot serve.
    """
    parts = tokenized(one)
    if tokenizer is None or not parts:
        return one
    if len(parts) > 1:
        raise ConfigurationError(
            f"{one.name} is written with one structure tokenizer for each of {', '.join(parts)}, so {tokenizer!r} "
            "cannot be that of all; give no tokenizer"
        )
    return _rebuilt(one, dict.fromkeys(parts, tokenizer))


def tokenizer_record(one: Modality) -> dict[str, Any] | None:
    """Return what a line records of a modality's structure tokenizers, None where it needs none."""
    parts = {name: _record_of(part) for name, part in tokenized(one).items()}
    return (parts if isinstance(one, CompositeModality) else parts[one.name]) if parts else None


def modality_for(one: Modality, record: Mapping[str, Any] | None, given: str | None) -> Modality:
    """Return the modality with the structure tokenizers of a line.

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
    ConfigurationError
        One is given where several parts of a composite need one.
    """
    parts = tokenized(one)
    if not parts:
        return one
    fingerprints = _fingerprints(one, parts, record)
    target = with_tokenizer(one, given)
    if given is None:
        shipped = {name: _shipped(parts[name].kind, fingerprint) for name, fingerprint in fingerprints.items()}
        target = _rebuilt(one, {name: found for name, found in shipped.items() if found is not None})
    for name, part in tokenized(target).items():
        if name in fingerprints and part.tokenizer.fingerprint != fingerprints[name]:
            raise _mismatch(part, fingerprints[name], _of_part(one, name, record), given)
    return target


def trusted_tokenizers(one: Modality, record: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the names of the tokenizers by which the codes of a line are read though the line names none."""
    return () if record is not None else tuple(str(part.tokenizer.name) for part in tokenized(one).values())


def tokenized(one: Modality) -> dict[str, Modality]:
    """Return the modalities that structure tokenizers write: itself, or parts of a composite, theirs included."""
    return {part.name: part for part in one.written_with() if part.needs_tokenizer}


def _rebuilt(one: Modality, tokenizers: Mapping[str, str]) -> Modality:
    """Return the modality with structure tokenizers by the name of the part that needs them."""
    if isinstance(one, CompositeModality):
        return one.with_parts({name: _rebuilt(one.part(name), tokenizers) for name in one.parts})
    if one.name not in tokenizers:
        return one
    return modality(one.name, tokenizer=tokenizers[one.name], **one.settings())


def _record_of(one: Modality) -> dict[str, str]:
    return {"name": str(one.tokenizer.name), "fingerprint": str(one.tokenizer.fingerprint)}


def _of_part(one: Modality, name: str, record: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the record of one part; an empty one where the line has none."""
    found = (record or {}).get(name) if isinstance(one, CompositeModality) else record
    return found if isinstance(found, Mapping) else {}


def _fingerprints(one: Modality, parts: Mapping[str, Modality], record: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the fingerprints that a line records, by part; a record that names none of them is refused."""
    found = {name: _of_part(one, name, record).get("fingerprint") for name in parts}
    known = {name: fingerprint for name, fingerprint in found.items() if isinstance(fingerprint, str)}
    if record is not None and len(known) < len(parts):
        missing = next(name for name in parts if name not in known)
        raise DecodeError(f'"tokenizer" of the line has no fingerprint for {missing}')
    return known


def _mismatch(part: Modality, fingerprint: str, record: Mapping[str, Any], given: str | None) -> DecodeError:
    origin = f"the {part.name} codes belong to the tokenizer {record.get('name', '')!r} (fingerprint {fingerprint})"
    if given is None:
        former = kind_named(part.kind).former_tokenizers.get(str(record.get("name")))
        why = f" ({former})" if former else ""
        return DecodeError(f"{origin}, which is not among the shipped ones{why}; give its folder with --tokenizer")
    return DecodeError(f"{origin}, not to {part.tokenizer.name!r} (fingerprint {part.tokenizer.fingerprint})")


@lru_cache(maxsize=256)
def _shipped(kind: str, fingerprint: str) -> str | None:
    return shipped_name_of(kind, fingerprint)
