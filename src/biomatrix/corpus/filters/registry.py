"""The filters by name, the package's own and those of the kinds, and those that a recipe applies to a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from biomatrix.corpus.filters.gopher import GopherQuality, GopherRepetition
from biomatrix.corpus.filters.interactions import InteractionRange, InteractionRelation
from biomatrix.corpus.filters.record_filter import OfEntities, RecordFilter
from biomatrix.corpus.filters.texts import TextBoilerplate, TextCharacters, TextLanguage, TextLength
from biomatrix.corpus.records import Record
from biomatrix.corpus.selection_recipes import FilterRecipe
from biomatrix.entities.entity_filter import EntityFilter
from biomatrix.entities.kind_registry import kind, kind_names, load_attribute
from biomatrix.entities.near_matches import choices
from biomatrix.entities.settings import checked
from biomatrix.errors import ConfigurationError

OWN: Final[Mapping[str, type[RecordFilter]]] = {
    "text_length": TextLength,
    "text_characters": TextCharacters,
    "text_language": TextLanguage,
    "text_boilerplate": TextBoilerplate,
    "gopher_quality": GopherQuality,
    "gopher_repetition": GopherRepetition,
    "interaction_relation": InteractionRelation,
    "interaction_range": InteractionRange,
}
"""The filters of records that hold no single entity."""


class Judge(Protocol):
    """What a filter does."""

    def reason(self, record: Record) -> str | None:
        """Return why a record does not pass, None where it does."""


class Applied:
    """The filters that a recipe applies to one source, in its order.

    Parameters
    ----------
    entries : sequence of FilterRecipe
        Of the recipe.
    source : str
        The source's name.
    """

    def __init__(self, entries: Sequence[FilterRecipe], source: str) -> None:
        self._judges = [(entry.name, open_filter(entry)) for entry in entries if entry.applies_to(source)]

    def __bool__(self) -> bool:
        return bool(self._judges)

    def refusal(self, record: Record) -> tuple[str, str] | None:
        """Return the name of the first filter that a record does not pass, and the reason; None where it passes all."""
        for name, judge in self._judges:
            reason = judge.reason(record)
            if reason is not None:
                return name, reason
        return None


def filter_names() -> list[str]:
    """Return the name of every filter."""
    return [*OWN, *(name for owner in kind_names() for name in kind(owner).filters)]


def open_filter(entry: FilterRecipe) -> Judge:
    """Return a filter with the settings of a recipe.

    Raises
    ------
    ConfigurationError
        There is no filter of that name, or it has no such setting.
    """
    place = f"filter {entry.name}"
    if entry.name in OWN:
        rule = checked(entry.settings, OWN[entry.name], place)
        return _OfKinds(rule)
    for owner in kind_names():
        home = kind(owner).filters.get(entry.name)
        if home is not None:
            form: type[EntityFilter] = load_attribute(home)
            return OfEntities(owner, checked(entry.settings, form, place))
    raise ConfigurationError(f"no filter {entry.name!r}; {choices(entry.name, filter_names())}")


class _OfKinds:
    """A filter of records that is asked about its own kinds of record alone."""

    def __init__(self, rule: RecordFilter) -> None:
        self._rule = rule

    def reason(self, record: Record) -> str | None:
        return self._rule.reason(record) if record.kind in self._rule.kinds else None


def check_filters(entries: Iterable[FilterRecipe], sources: Iterable[str]) -> None:
    """Raise ConfigurationError where a recipe names a filter, a setting or a source that is not there."""
    known = set(sources)
    for entry in entries:
        open_filter(entry)
        for name in (*entry.sources, *entry.without):
            if name not in known:
                there = choices(name, sorted(known))
                raise ConfigurationError(f"filter {entry.name}: the recipe has no source {name!r}; {there}")


def settings_of(entries: Iterable[FilterRecipe], source: str) -> list[Any]:
    """Return what the filters of a source depend on, as plain values."""
    return [[entry.name, entry.settings] for entry in entries if entry.applies_to(source)]
