"""A linker that works offline: the names of a table, found by one pass of an Aho-Corasick automaton over each text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from biomatrix.corpus.linking.entity_tables import EntityTables, Unresolved
from biomatrix.corpus.linking.linker import Linker, Linking, Mention, Text, apart
from biomatrix.corpus.linking.name_rules import can_be_found, is_symbol, plain, stands_alone, with_plural
from biomatrix.errors import BioMatrixError, ConfigurationError


class DictionaryLinker(Linker):
    """Finds whole names, the longest at each place.

    Parameters
    ----------
    tables : EntityTables
        Loaded with names.
    stop : sequence of str
        Names that are not linked, besides the package's common words.

    Raises
    ------
    ConfigurationError
        If the package pyahocorasick is not installed, or the tables hold no name that is looked for.
    """

    def __init__(self, tables: EntityTables, stop: Sequence[str] = ()) -> None:
        self._tables = tables
        stopped = frozenset(map(plain, stop))
        self._names: dict[str, list[str]] = defaultdict(list)
        for name in tables.by_name:
            if can_be_found(name, stopped):
                self._names[plain(name)].append(name)
        if not self._names:
            raise ConfigurationError("the tables of entities hold no name that is looked for")
        self._automaton = _automaton(self._names)

    def link(self, texts: Sequence[Text]) -> list[Linking | BioMatrixError]:
        """Return the names found in each text."""
        return [self._link(text.text) for text in texts]

    def _link(self, text: str) -> Linking:
        unlinked: Counter[str] = Counter()
        mentions = []
        for start, end, form in self._found(plain(text)):
            spelled = text[start : start + len(form)]
            resolved = self._resolved(form, spelled)
            if resolved is None:
                continue
            if isinstance(resolved, Unresolved):
                unlinked[resolved.reason] += 1
            else:
                mentions.append(Mention(start, end, *resolved))
        return Linking(apart(mentions, unlinked), unlinked)

    def _found(self, form: str) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, name) of the whole names in a plain text, without those inside longer ones."""
        last = -1
        spans = []
        for place, name in self._automaton.iter(form):
            start, end = place + 1 - len(name), place + 1
            whole = with_plural(form, start, end)
            if stands_alone(form, start, whole):
                spans.append((start, whole, name))
        for start, end, name in sorted(spans, key=lambda span: (span[0], -span[1])):
            if end > last:
                yield start, end, name
                last = end

    def _resolved(self, form: str, spelled: str) -> Any:
        """Return what the names of a plain form lead to; None where each is a symbol that is spelled otherwise."""
        names = self._names[form]
        allowed = [name for name in names if name == spelled or not is_symbol(name)]
        if not allowed:
            return None
        exact = [name for name in allowed if name == spelled] or allowed
        found = [self._tables.of_name(name) for name in exact]
        keys = {one[1] for one in found if not isinstance(one, Unresolved)}
        if len(keys) > 1:
            return Unresolved("the name stands for several entities")
        return next((one for one in found if not isinstance(one, Unresolved)), found[0])


def automaton_class() -> Any:
    """Return the automaton of pyahocorasick; ConfigurationError where it is not installed."""
    try:
        from ahocorasick import Automaton
    except ImportError as error:
        raise ConfigurationError(
            "linking by a dictionary needs pyahocorasick: pip install 'biomatrix[linking]'"
        ) from error
    return Automaton


def _automaton(names: Iterable[str]) -> Any:
    automaton = automaton_class()()
    for name in names:
        automaton.add_word(name, name)
    automaton.make_automaton()
    return automaton
