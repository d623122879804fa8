"""Which sides of texts there are, and how one is opened by a line of text."""

from __future__ import annotations

import re
from typing import Final

from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.decoder import Decoder
from biomatrix.soft.alignment.network_texts import NetworkTexts
from biomatrix.soft.alignment.text_side import TextSide
from biomatrix.soft.alignment.word_counts import WordCounts

NAMES: Final = ("tfidf", "mean_embedding", "hidden_states", "network")
_WRITTEN: Final = "tfidf[,width=512][,words=1][,least_texts=1], mean_embedding, hidden_states or network:FOLDER"
_OPTION: Final = re.compile(r"(width|words|least_texts)=(\d+)")


def open_text_side(spec: str, decoder: Decoder) -> TextSide:
    """Open a side of texts.

    Parameters
    ----------
    spec : str
        ``tfidf`` with options as ``,width=512``: words counted and fitted on the training texts, as wide as the
        decoder's embeddings where no width is given; ``mean_embedding`` or ``hidden_states`` of the decoder;
        ``network:FOLDER``, any encoder that stock AutoModel opens.
    decoder : Decoder

    Raises
    ------
    ConfigurationError
        There is no such side or option.
    """
    name, _, rest = spec.partition(":") if spec.startswith("network") else spec.partition(",")
    if name not in NAMES:
        raise ConfigurationError(f"no side of texts {name!r}; {choices(name, NAMES)}")
    if (name == "network") != bool(rest) and name != "tfidf":
        raise ConfigurationError(f"{spec!r} is not one; write {_WRITTEN}")
    if name == "network":
        return NetworkTexts(rest)
    if name == "mean_embedding":
        return decoder.embeddings
    if name == "hidden_states":
        return decoder.states
    options: dict[str, int] = {}
    for word in filter(None, rest.split(",")):
        match = _OPTION.fullmatch(word)
        if match is None:
            raise ConfigurationError(f"{word!r} is no option of tfidf; write {_WRITTEN}")
        options[match[1]] = int(match[2])
    return WordCounts(**{"width": options.get("width") or decoder.embeddings.width, **options})
