"""On which side of the split the records of a recipe's own source stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from biomatrix.corpus.holdout import bucket
from biomatrix.corpus.table_recipes import HoldOutRecipe
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of, kinds
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError


def is_row_held_out(rule: HoldOutRecipe, row: Mapping[str, Any], entities: Sequence[Entity]) -> bool:
    """Return whether a recipe's rule holds a row out; entities without the key go by their identity.

    Parameters
    ----------
    rule : HoldOutRecipe
    row : mapping of str to Any
        Its columns; empty for records of files without columns.
    entities : sequence of Entity
    """
    if rule.column is not None:
        return str(row.get(rule.column) or "").strip().lower() in {value.lower() for value in rule.values}
    return any(bucket(_group(entity, str(rule.by)), rule.one_in) == 0 for entity in entities)


def check_key(rule: HoldOutRecipe | None, source: str) -> None:
    """Refuse a rule by a key that entities of no kind have."""
    if rule is None or rule.by is None:
        return
    known = {name for kind in kinds() for one in kind.examples()[:1] for name in kind.overlap_keys(one.entity)}
    if known and rule.by not in known:
        raise ConfigurationError(f"source {source}: hold_out.by: no key {rule.by!r}; {choices(rule.by, sorted(known))}")


def _group(entity: Entity, by: str) -> str:
    kind = kind_of(entity)
    key = kind.overlap_keys(entity).get(by)
    return f"hold_out:identity:{kind.identity(entity)}" if key is None else f"hold_out:{by}:{key}"
