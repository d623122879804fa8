"""Text with entities between the control tokens of their modality, as items that a vocabulary encodes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from biomatrix.errors import ParseError
from biomatrix.vocabulary.tables import Tokens

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary


class MarkedText:
    """Reads the entities of marked text.

    What stands between a modality's control tokens becomes that modality's tokens, whether they are in the vocabulary
    is seen when they are encoded; everything else stays text, whatever it looks like.

    Parameters
    ----------
    vocabulary : Vocabulary
        Its modalities are looked for.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._backend = vocabulary.backend
        modalities = [block.modality for block in vocabulary.blocks.values()]
        self._starts = {modality.start_token: modality for modality in modalities}
        marks = [mark for modality in modalities for mark in (modality.start_token, modality.end_token)]
        self._marks = re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True))))

    def items(self, text: str) -> list[str | Tokens]:
        """Return texts and entities in order.

        Raises
        ------
        ParseError
            A segment has no end, or an end no segment.
        """
        items: list[str | Tokens] = []
        at = 0
        while found := self._marks.search(text, at):
            modality = self._starts.get(found.group())
            if modality is None:
                raise ParseError(f"{found.group()} ends nothing", position=found.start())
            end = text.find(modality.end_token, found.end())
            if end < 0:
                raise ParseError(f"{found.group()} has no {modality.end_token}", position=found.start())
            inside = text[found.end() : end]
            spelled = (
                [inside] if modality.spelled_as_text else self._backend.encode(inside, add_special_tokens=False).tokens
            )
            items += [text[at : found.start()], Tokens(modality.name, spelled)]
            at = end + len(modality.end_token)
        return [item for item in (*items, text[at:]) if item]
