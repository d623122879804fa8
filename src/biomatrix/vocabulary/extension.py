"""Modality tokens added to a base tokenizer, which is otherwise left as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tokenizers import AddedToken, Tokenizer

from biomatrix.entities.base_modality import Modality
from biomatrix.errors import VocabularyError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


def extend(
    base: PreTrainedTokenizerFast, modalities: Sequence[Modality], tokens: Mapping[str, Sequence[str]]
) -> Tokenizer:
    """Return a copy of the base tokenizer that holds the modalities' tokens.

    The control pairs come first, then one contiguous block per modality. Ids of the base stay as they are; the
    first new id is the number of entries of the base, which in Qwen3 is an embedding row that already exists.

    Parameters
    ----------
    base : PreTrainedTokenizerFast
        Any Hugging Face fast tokenizer; left untouched.
    modalities : sequence of Modality
        In the order of their blocks. A composite adds its control pair and its own tokens, not those of its parts.
    tokens : mapping of str to sequence of str
        By modality name, the tokens to add in order; ``modality.vocabulary()`` where a name is missing.

    Raises
    ------
    VocabularyError
        If the base is not a fast tokenizer, or a token is a piece of the base model or does not belong to its modality.
    """
    if not getattr(base, "is_fast", False):
        raise VocabularyError(f"{type(base).__name__} is not a fast tokenizer; only those can be extended")
    backend = Tokenizer.from_str(base.backend_tokenizer.to_str())
    backend.no_padding()
    backend.no_truncation()
    pairs = [token for modality in modalities for token in (modality.start_token, modality.end_token)]
    _add(backend, pairs, special=True)
    for modality in modalities:
        if not modality.spelled_as_text:
            _add(backend, _own_tokens(modality, tokens), special=False)
    return backend


def _own_tokens(modality: Modality, tokens: Mapping[str, Sequence[str]]) -> list[str]:
    choice = tokens.get(modality.name)
    own_tokens = list(modality.vocabulary()) if choice is None else list(choice)
    wrong = next((token for token in own_tokens if modality.token_pattern.fullmatch(token) is None), None)
    if wrong is not None:
        raise VocabularyError(f"{wrong!r} is not a token of {modality.name}")
    return own_tokens


def _add(backend: Tokenizer, tokens: Sequence[str], special: bool) -> None:
    size = backend.get_vocab_size(with_added_tokens=True)
    new: list[AddedToken] = []
    added = {token.content for token in backend.get_added_tokens_decoder().values()}
    for token in dict.fromkeys(tokens):
        if token in added:
            continue
        if backend.token_to_id(token) is not None:
            raise VocabularyError(f"{token!r} is already a piece of the base tokenizer, so text would turn into it")
        new.append(AddedToken(token, special=special, normalized=False))
    backend.add_special_tokens(new) if special else backend.add_tokens(new)
    if backend.get_vocab_size(with_added_tokens=True) != size + len(new):
        raise VocabularyError("the tokenizer did not take every new token")
