"""Structure tokenizers as options name them: ``MODALITY=NAME``, or a name that fits one modality alone."""

from __future__ import annotations

from collections.abc import Sequence

from biomatrix.entities.modality_registry import modality_class, modality_names
from biomatrix.errors import BioMatrixError, ConfigurationError

_OPTION = "--tokenizer"


def named_tokenizers(words: Sequence[str]) -> dict[str, str]:
    """Return the structure tokenizers that a user names, by the modality that each is for.

    Raises
    ------
    ConfigurationError
        A modality that takes none or gets two, a name that no tokenizer has, or one that does not tell its modality.
    """
    named: dict[str, str] = {}
    for word in words:
        try:
            modality, name = _split(word)
        except BioMatrixError as error:
            raise ConfigurationError(f"{_OPTION} {word[:80]}: {error.message}", file=error.file) from error.__cause__
        if named.setdefault(modality, name) != name:
            raise ConfigurationError(f"{_OPTION} names two structure tokenizers for {modality}; give one")
    return named


def _split(word: str) -> tuple[str, str]:
    from biomatrix.entities.tokenizer_names import check_tokenizer_name, modality_for_tokenizer

    before, separator, after = word.partition("=")
    if not separator or "/" in before:  # a folder may have the sign in its name
        return modality_for_tokenizer(word), word
    one = modality_class(before)
    if not one.needs_tokenizer:
        able = [name for name in modality_names() if modality_class(name).needs_tokenizer]
        raise ConfigurationError(f"{before} is written without a structure tokenizer; with one are: {', '.join(able)}")
    if not after:
        raise ConfigurationError(f"no structure tokenizer is named behind {before}=")
    check_tokenizer_name(after, (one.kind,))
    return before, after
