"""Tables of entities under names and identifiers: what mentions are resolved to.

Names, identifiers and the written entities are kept in memory, about 200 bytes an entity; an entity is parsed when it
is first mentioned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.link_recipe import EntityTableRecipe
from biomatrix.corpus.linking.linker import Mention
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources.generic import TABLE_READERS, TableSource
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError

_PARSED: Final = 4096
"""Entities that are kept parsed."""
_MESH: Final = "mesh:"


@dataclass(frozen=True)
class Entry:
    """One entity of a table as it is written there."""

    kind: str
    written: str


@dataclass(frozen=True)
class Unresolved:
    """Why a name or an identifier leads to no entity."""

    reason: str


def identifier_key(identifier: str) -> str:
    """Return an identifier as it is compared: in lower case, and without the prefix of MeSH, which many leave out.

    Examples
    --------
    >>> identifier_key("MESH:D001241"), identifier_key("D001241"), identifier_key("EntrezGene:1956")
    ('d001241', 'd001241', 'ncbigene:1956')
    """
    key = identifier.strip().lower().removeprefix(_MESH)
    return key.replace("entrezgene:", "ncbigene:", 1) if key.startswith("entrezgene:") else key


class EntityTables:
    """Entities by name and by identifier.

    Parameters
    ----------
    recipes : iterable of EntityTableRecipe
        The tables, in order.
    root : Path
        The data folder.

    Attributes
    ----------
    sources : list of TableSource
        The readers of the tables, which know their files.
    """

    def __init__(self, recipes: Iterable[EntityTableRecipe], root: Path) -> None:
        self._recipes = list(recipes)
        self.sources = [_source(number, recipe, root) for number, recipe in enumerate(self._recipes)]
        self.by_name: Mapping[str, tuple[Entry, ...]] = {}
        self._by_identifier: Mapping[str, tuple[Entry, ...]] = {}

    def load(self, *, names: bool) -> EntityTables:
        """Read the tables, with names or else identifiers; return the tables."""
        found: defaultdict[str, dict[Entry, None]] = defaultdict(dict)
        for recipe, source in zip(self._recipes, self.sources, strict=True):
            for _, row in source.rows():
                written = row.get(recipe.entity)
                if not isinstance(written, str) or not written:
                    continue
                for name in _values(row, recipe, names):
                    found[name if names else identifier_key(name)][Entry(recipe.kind, written)] = None
        entries = {name: tuple(group) for name, group in found.items()}
        if names:
            self.by_name = entries
        else:
            self._by_identifier = entries
        return self

    def of_name(self, name: str) -> tuple[str, str, Entity] | Unresolved:
        """Return (kind, key, entity) of a name, or why it leads to none."""
        return _only(self.by_name.get(name, ()), "name")

    def of_identifier(self, identifier: str) -> tuple[str, str, Entity] | Unresolved:
        """Return (kind, key, entity) of an identifier, or why it leads to none."""
        return _only(self._by_identifier.get(identifier_key(identifier), ()), "identifier")

    def mention(self, start: int, end: int, identifiers: Iterable[str]) -> Mention | Unresolved:
        """Return the mention of the first identifier that leads to an entity, or why none does."""
        why = Unresolved("no identifier")
        for identifier in identifiers:
            resolved = self.of_identifier(identifier)
            if not isinstance(resolved, Unresolved):
                return Mention(start, end, *resolved)
            why = resolved
        return why


def _source(number: int, recipe: EntityTableRecipe, root: Path) -> TableSource:
    if recipe.reader not in TABLE_READERS:
        raise ConfigurationError(f"entities: no reader {recipe.reader!r}; {choices(recipe.reader, TABLE_READERS)}")
    columns = [*recipe.names, *([recipe.id] if recipe.id else [])]
    described = SourceRecipe(
        name=f"entities_{number + 1}",
        reader=recipe.reader,
        files=recipe.files,
        kind=recipe.kind,
        entity=recipe.entity,
        fields={column: column for column in columns},
    )
    return TableSource(described, root)


def _values(row: Mapping[str, Any], recipe: EntityTableRecipe, names: bool) -> Iterator[str]:
    """Yield the names, or the identifiers, of a row."""
    for column in recipe.names if names else filter(None, [recipe.id]):
        value = row.get(column)
        values = value if isinstance(value, list) else str(value or "").split(recipe.separator)
        yield from filter(None, (str(one).strip() for one in values))


def _only(entries: Iterable[Entry], what: str) -> tuple[str, str, Entity] | Unresolved:
    """Return the one entity that entries write, perhaps in several ways; Unresolved where it is none or several."""
    parsed = [_parsed(entry) for entry in entries]
    read = {one[1]: one for one in parsed if not isinstance(one, Unresolved)}
    if len(read) == 1:
        return next(iter(read.values()))
    if read:
        return Unresolved(f"the {what} stands for several entities")
    faults = [one for one in parsed if isinstance(one, Unresolved)]
    return faults[0] if faults else Unresolved(f"no entity of the {what}")


@lru_cache(maxsize=_PARSED)
def _parsed(entry: Entry) -> tuple[str, str, Entity] | Unresolved:
    kind = kind_named(entry.kind)
    try:
        entity = kind.parse(entry.written)
        return kind.name, f"{kind.name}:{kind.identity(entity)}", entity
    except BioMatrixError as error:
        return Unresolved(f"the entity cannot be read: {error.message[:120]}")
