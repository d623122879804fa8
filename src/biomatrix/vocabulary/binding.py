"""Which structure tokenizer a modality's tokens belong to, and the refusal of any other.

A structure code means nothing without the weights that made it: decoded with other weights it gives a structure
that looks fine and is wrong. So a vocabulary records the name and fingerprint, and checks them before first use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from biomatrix.entities.base_modality import Modality
from biomatrix.entities.modality_registry import modality as registered
from biomatrix.entities.tokenizer_folder import shipped_name_of
from biomatrix.errors import VocabularyError
from biomatrix.vocabulary.blocks import Block
from biomatrix.vocabulary.manifest import TokenizerRecord


def needs_tokenizer(modality: Modality) -> bool:
    """Return whether the modality's tokens come from a structure tokenizer. Loads nothing."""
    return modality.needs_tokenizer


def record_of(modality: Modality, tokens: Sequence[str] | None = None) -> TokenizerRecord | None:
    """Return the structure tokenizer that a modality's tokens belong to, None where it needs none.

    Parameters
    ----------
    modality : Modality
        Its structure tokenizer is loaded where ``tokens`` is not given.
    tokens : sequence of str, optional
        Tokens of unknown origin, each ending in its code: the record then gives only the smallest codebook
        that holds them.
    """
    if not needs_tokenizer(modality):
        return None
    if tokens is not None:
        codes = (modality.code_of(token) for token in tokens)
        return TokenizerRecord(None, None, 1 + max((code for code in codes if code is not None), default=-1))
    tokenizer = modality.tokenizer
    return TokenizerRecord(tokenizer.name, tokenizer.fingerprint, tokenizer.num_codes)


def bind(
    blocks: Mapping[str, Block], records: Mapping[str, TokenizerRecord], given: Mapping[str, Any]
) -> dict[str, Block]:
    """Return the blocks, each structure modality with the tokenizer that its tokens belong to.

    Parameters
    ----------
    blocks : mapping of str to Block
        By modality name.
    records : mapping of str to TokenizerRecord
        By modality name, what the folder records.
    given : mapping of str to (str or Path or structure tokenizer)
        By modality name, what the caller chose instead; compared with the record at once.

    Raises
    ------
    VocabularyError
        If the caller names a modality without a structure tokenizer, or a tokenizer other than the recorded one.
    """
    unknown = sorted(name for name in given if name not in blocks or not needs_tokenizer(blocks[name].modality))
    if unknown:
        raise VocabularyError(f"the vocabulary has no structure tokenizer for {', '.join(unknown)}")
    result = dict(blocks)
    for name, block in blocks.items():
        record = records.get(name)
        if name in given:
            chosen = registered(name, tokenizer=given[name])
            if record is not None:
                check_binding(chosen, record, trusted=True)
            result[name] = replace(block, modality=chosen)
        elif record is not None and record.name is not None and type(block.modality) is type(registered(name)):
            result[name] = replace(block, modality=registered(name, tokenizer=_name_now(block.modality, record)))
    return result


def with_settings(
    modalities: Sequence[Modality], recorded: Mapping[str, Mapping[str, Any]], *, given: bool
) -> list[Modality]:
    """Return modalities with the settings that a vocabulary records of them.

    Parameters
    ----------
    modalities : sequence of Modality
    recorded : mapping of str to mapping
        By modality name.
    given : bool
        Whether the caller chose the modalities: they are then compared with the record.

    Raises
    ------
    VocabularyError
        A modality that the caller chose has other settings than the tokens.
    """
    result = []
    for modality in modalities:
        settings = recorded.get(modality.name)
        if settings is not None and dict(modality.settings()) != settings:
            if given:
                raise VocabularyError(
                    f"the tokens of {modality.name} were made with other settings than those given; leave modalities "
                    f"out, or give modality({modality.name!r}, ...) with the settings that the vocabulary records"
                )
            modality = registered(modality.name, **settings)
        result.append(modality)
    return result


def _name_now(modality: Modality, record: TokenizerRecord) -> str | None:
    """Return the present name of a record's tokenizer: shipped weights may have been renamed."""
    if record.fingerprint is None:
        return record.name
    return shipped_name_of(modality.kind, record.fingerprint) or record.name


def check_binding(modality: Modality, record: TokenizerRecord, trusted: bool) -> None:
    """Refuse a modality whose structure tokenizer is not the one its tokens belong to.

    Parameters
    ----------
    modality : Modality
        Its structure tokenizer is loaded.
    record : TokenizerRecord
        The structure tokenizer that the tokens belong to.
    trusted : bool
        Whether the caller named the tokenizer: enough where the record has no fingerprint to compare.

    Raises
    ------
    VocabularyError
        If it is another tokenizer, if its codebook is too small, or if nothing says that it is the right one.
    """
    if record.fingerprint is None and not trusted:
        raise VocabularyError(
            f"the vocabulary does not say which structure tokenizer its {record.num_codes:,} "
            f"{modality.name} codes belong to; give its name or folder: --tokenizer {modality.name}=NAME "
            f"({modality.name}_tokenizer in Python)"
        )
    tokenizer = modality.tokenizer
    if record.fingerprint is not None and tokenizer.fingerprint != record.fingerprint:
        raise VocabularyError(
            f"{modality.name} tokens of this vocabulary belong to {record}; they cannot be used with "
            f"{tokenizer.name} (fingerprint {tokenizer.fingerprint})"
        )
    if tokenizer.num_codes < record.num_codes:
        raise VocabularyError(
            f"{modality.name} tokens of this vocabulary need {record.num_codes:,} codes; {tokenizer.name} "
            f"has {tokenizer.num_codes:,}"
        )
