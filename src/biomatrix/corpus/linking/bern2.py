"""Linking by BERN2 (Sung et al., Bioinformatics 38, 4837 (2022)), asked over HTTP.

A server answers ``{"annotations": [...]}``, each annotation with ``id`` (such as ``mesh:D001241``, ``CHEBI:15365``,
``NCBIGene:1956``, or ``CUI-less``), ``obj`` (its type), ``mention`` and ``span`` (``begin`` and ``end``, characters).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from biomatrix.corpus.linking.answer_cache import AnswerCache
from biomatrix.corpus.linking.entity_tables import EntityTables, Unresolved
from biomatrix.corpus.linking.linker import Linker, Linking, Text, apart
from biomatrix.corpus.linking.text_service import TextService
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

TYPES: Final = ("drug", "gene", "protein")
"""The types of annotations that name molecules and proteins."""
_NONE: Final = "cui-less"


class Bern2Linker(Linker):
    """Asks a BERN2 server for the mentions of texts, and looks their identifiers up.

    Parameters
    ----------
    service : TextService
        The server.
    tables : EntityTables
        Loaded with identifiers.
    cache : AnswerCache
        What it has answered before.
    types : collection of str
        The types of annotations that are looked up; others are passed over.
    parallel : int
        The number of texts that are asked about at the same time.
    """

    def __init__(
        self,
        service: TextService,
        tables: EntityTables,
        cache: AnswerCache,
        types: Collection[str] = TYPES,
        parallel: int = 4,
    ) -> None:
        self._service, self._tables, self._cache = service, tables, cache
        self._types = frozenset(map(str.lower, types))
        self._parallel = parallel

    def link(self, texts: Sequence[Text]) -> list[Linking | BioMatrixError]:
        """Return what the server finds in each text, or the error of one that it refuses or answers wrongly.

        Raises
        ------
        ConfigurationError
            The server cannot be reached.
        """
        with ThreadPoolExecutor(self._parallel) as pool:
            return list(pool.map(self._attempt, texts))

    def _attempt(self, text: Text) -> Linking | BioMatrixError:
        try:
            return self._link(text.text)
        except ConfigurationError:
            raise
        except BioMatrixError as error:
            return error

    def _link(self, text: str) -> Linking:
        if not text.strip():
            return Linking()
        asked = f"{self._service.url}\n{text}"
        known = self._cache.get(asked)
        answer = self._service.ask(text) if known is None else known
        try:
            annotations = _annotations(answer)
        except ParseError:
            if known is not None:
                self._cache.drop(asked)
                return self._link(text)
            raise
        if known is None:
            self._cache.put(asked, answer)
        return self._resolved(annotations, text)

    def _resolved(self, annotations: Sequence[Any], text: str) -> Linking:
        unlinked: Counter[str] = Counter()
        mentions = []
        for annotation in annotations:
            try:
                start, end, identifiers, kind = _read(annotation, text)
            except (KeyError, TypeError, ValueError) as error:
                unlinked[f"an annotation that cannot be read ({type(error).__name__})"] += 1
                continue
            if kind not in self._types:
                continue
            found = self._tables.mention(start, end, identifiers)
            if isinstance(found, Unresolved):
                unlinked[found.reason] += 1
            else:
                mentions.append(found)
        return Linking(apart(mentions, unlinked), unlinked)


def _annotations(answer: bytes) -> Sequence[Any]:
    """Return the annotations of an answer; ParseError where it is none."""
    try:
        content = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"BERN2 answered with no JSON: {answer[:60]!r}") from error
    annotations = content.get("annotations") if isinstance(content, dict) else None
    if not isinstance(annotations, list):
        fault = str(content.get("error_message", content) if isinstance(content, dict) else content)
        raise ParseError(f"BERN2 answered without annotations: {fault[:80]}")
    return annotations


def _read(annotation: Any, text: str) -> tuple[int, int, list[str], str]:
    """Return start, end, identifiers and type of an annotation; ValueError where it does not fit the text."""
    start, end = annotation["span"]["begin"], annotation["span"]["end"]
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise ValueError("not a span of the text")
    if text[start:end] != annotation.get("mention", text[start:end]):
        raise ValueError("not what stands at its span")
    identifiers = annotation["id"] if isinstance(annotation["id"], list) else [annotation["id"]]
    named = [str(one) for one in identifiers if str(one).lower() != _NONE]
    return start, end, named, str(annotation["obj"]).lower()
