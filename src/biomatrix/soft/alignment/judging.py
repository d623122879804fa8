"""How well entities find their texts, beside what must fail and what has to be beaten: always in one table.

Legend of shapes: n training pairs, m asked, k vectors of an entity, d numbers of each, D of a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.fitting import (
    FitSettings,
    TextTable,
    fit_contrastive,
    new_projector,
    projected,
    ridge_map,
)
from biomatrix.soft.alignment.linear_map import nearest_rows
from biomatrix.soft.alignment.retrieval import Recall, both_ways

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

ALIGNED: Final = "aligned projector"
BY_ENTITY: Final = "aligned projector, each text for itself"
RIDGE: Final = "linear map (ridge)"
NEAREST: Final = "text of the nearest training entity"
SHUFFLED: Final = "shuffled pairs"
RANDOM_TEXTS: Final = "random vectors for texts"
UNTRAINED: Final = "untrained projector"
LEFT_OUT: Final = "key left out of training"
LEFT_OUT_RIDGE: Final = "key left out, linear map"
CLASSIFICATION: Final = (
    "Every key that is looked for was in training, and random vectors in place of the texts do about as well as the "
    "texts: recall here is classification. It says that entities are told apart, not that the texts are read; only "
    "keys left out of training say that."
)
_AS_WELL: Final = 0.05
"""Recall@1 by which random texts may fall behind and the recall still be called classification."""

_FEW: Final = 20
"""Keys below which the table is called small."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    name : str
    role : {"result", "baseline", "control"}
        A control shows what is found where nothing can be, or where nothing was read.
    found : mapping of str to Recall
        ``to_text`` and ``to_entity``.
    note : str
    """

    name: str
    role: str
    found: dict[str, Recall]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Side:
    """Encoded pairs.

    Parameters
    ----------
    vectors : ndarray, shape=(n, k, d), dtype=float32
        Of the entities.
    keys : tuple of str, length n
    table : TextTable
    """

    vectors: Vectors
    keys: tuple[str, ...]
    table: TextTable

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, chosen: NDArray[np.bool_]) -> Side:
        """Return some of the pairs."""
        keys = tuple(key for key, kept in zip(self.keys, chosen.tolist(), strict=True) if kept)
        return Side(self.vectors[chosen], keys, replace(self.table, wordings=self.table.wordings[chosen]))

    def pool(self) -> tuple[Vectors, tuple[str, ...]]:
        """Return each key's first text once, with its key."""
        first = {key: at for at, key in reversed(list(enumerate(self.keys)))}
        order = sorted(first.values())
        return self.table.first[order], tuple(self.keys[at] for at in order)


def found_in(placed: NDArray[np.floating], asked: Side, pool: Side | None = None) -> dict[str, Recall]:
    """Return the recall of asked entities that lie at ``float [m, D]`` among the texts of a pool, their own if None."""
    texts, keys = (pool or asked).pool()
    return both_ways(placed, texts, asked.keys, keys)


def judge(
    train: Side,
    test: Side,
    place: Callable[[Vectors], Vectors],
    settings: FitSettings,
    *,
    controls: bool = True,
) -> list[Row]:
    """Return the row of a trained projector and those of its baselines and controls, on the same pairs.

    Parameters
    ----------
    train, test : Side
    place : callable
        From vectors ``[m, k, d]`` to where entities lie, ``[m, D]``: the projector that is judged.
    settings : FitSettings
        With which the controls are trained as the projector was.
    controls : bool
        False leaves out the two that are trained; for runs over seeds that have them once.
    """
    placed = place(test.vectors)
    rows = [Row(ALIGNED, "result", found_in(placed, test))]
    if len(set(test.keys)) < len(set(test.table.wordings[:, 0].tolist())):
        # Several texts of one key: only the one beside the entity counts, where by key any of them does.
        own = range(len(test))
        rows.append(Row(BY_ENTITY, "result", both_ways(placed, test.table.first, own, own), "ties count against"))
    rows.append(ridge_row(train, test, settings))
    nearest = train.table.first[nearest_rows(train.vectors, test.vectors)]
    rows.append(Row(NEAREST, "baseline", found_in(nearest, test)))
    untrained = new_projector(train.vectors, train.table.vectors.shape[1], settings).eval()
    rows.append(Row(UNTRAINED, "control", found_in(projected(untrained, test.vectors), test)))
    if controls:
        rows += [shuffled_row(train, test, settings), random_texts_row(train, test, settings)]
    return rows


def ridge_row(train: Side, test: Side, settings: FitSettings) -> Row:
    """Return the row of ridge regression, its penalty chosen on a part of the training pairs."""
    fitted = ridge_map(train.vectors, train.keys, train.table, settings.alignment.seed)
    return Row(RIDGE, "baseline", found_in(fitted(test.vectors), test), f"penalty {fitted.penalty:g}")


def shuffled_row(train: Side, test: Side, settings: FitSettings) -> Row:
    """Return the row of a projector that was trained on pairs whose texts were dealt out anew."""
    order = np.random.default_rng([settings.alignment.seed, 3]).permutation(len(train))
    table = replace(train.table, wordings=train.table.wordings[order])
    keys = [train.keys[at] for at in order]
    projector, _ = fit_contrastive(train.vectors, keys, table, settings, label=SHUFFLED)
    return Row(SHUFFLED, "control", found_in(projected(projector, test.vectors), test), "texts dealt out anew")


def random_texts_row(train: Side, test: Side, settings: FitSettings) -> Row:
    """Return the row of a projector trained on true pairs with a random vector for each text, found among the same.

    A text of both sides has one vector; those of the test alone have others, which no training can tell.
    """
    texts = tuple(dict.fromkeys((*train.table.texts, *test.table.texts)))
    width = train.table.vectors.shape[1]
    noise = np.random.default_rng([settings.alignment.seed, 2]).normal(size=(len(texts), width)).astype(np.float32)
    place = {text: at for at, text in enumerate(texts)}

    def drawn(table: TextTable) -> TextTable:
        return replace(table, vectors=noise[[place[text] for text in table.texts]])

    projector, _ = fit_contrastive(train.vectors, train.keys, drawn(train.table), settings, label=RANDOM_TEXTS)
    asked = replace_table(test, drawn(test.table))
    return Row(RANDOM_TEXTS, "control", found_in(projected(projector, test.vectors), asked))


def left_out_rows(
    train: Side,
    test: Side,
    settings: FitSettings,
    pool: Side | None = None,
    extra: Side | None = None,
    keep_extra: bool = False,
) -> list[Row]:
    """Return how often entities of a key that was left out of training find it, among all keys, every key in turn.

    Parameters
    ----------
    train, test : Side
    settings : FitSettings
    pool : Side, optional
        Whose keys are looked among; those of the test when not given.
    extra : Side, optional
        Further training pairs, such as made-up cells of lists of markers.
    keep_extra : bool
        Whether those of the key stay in: then what is learned of it is what they say.

    Raises
    ------
    ConfigurationError
        Fewer than three keys are in training: two must be left.
    """
    among = pool or test
    asked_keys = [key for key in dict.fromkeys(test.keys) if key in set(among.keys)]
    if len(set(train.keys)) < 3:
        raise ConfigurationError("leaving a key out needs three keys in training")
    placed, ridged, rows = [], [], []
    for key in asked_keys:
        kept = np.array([each != key for each in train.keys])
        seen = train.of(kept)
        if extra is not None:
            seen = joined(seen, extra.of(np.array([keep_extra or each != key for each in extra.keys])))
        these = test.of(np.array([each == key for each in test.keys]))
        projector, _ = fit_contrastive(seen.vectors, seen.keys, seen.table, settings, label=f"without {key}")
        placed.append(projected(projector, these.vectors))
        ridged.append(ridge_map(seen.vectors, seen.keys, seen.table, settings.alignment.seed)(these.vectors))
        rows.append(these)
    asked = rows[0]
    for each in rows[1:]:
        asked = joined(asked, each)
    note = f"each of {len(asked_keys)} keys in turn, among {len(set(among.keys))}"
    return [
        Row(LEFT_OUT, "result", found_in(np.concatenate(placed), asked, among), note),
        Row(LEFT_OUT_RIDGE, "baseline", found_in(np.concatenate(ridged), asked, among), note),
    ]


def verdict(rows: Sequence[Row], train_keys: Sequence[str], test_keys: Sequence[str]) -> str:
    """Return what the table says in a sentence, the honest one where recall is classification."""
    by_name = {row.name: row.found["to_text"].within[1] for row in rows}
    unseen = set(test_keys) - set(train_keys)
    if not unseen and by_name.get(RANDOM_TEXTS, 0.0) >= by_name[ALIGNED] - _AS_WELL:
        return CLASSIFICATION
    if not unseen:
        return (
            "Every key that is looked for was in training; only keys left out of training say whether texts are read."
        )
    kept = f"{len(unseen):,} of the {len(set(test_keys)):,} keys that are looked for were not in training"
    names = (RIDGE, NEAREST)
    beaten = [name for name in names if by_name[ALIGNED] > by_name.get(name, 0.0)]
    lost = [name for name in names if name not in beaten]
    told = [f"{kept}.", f"The projector finds more than {' and '.join(beaten) or 'no baseline'}."]
    if lost:
        told.append(f"It does not find more than {' and '.join(lost)}.")
    return " ".join([*told, *_of_controls(by_name, len(set(test_keys)))])


def _of_controls(by_name: Mapping[str, float], keys: int) -> list[str]:
    """Return what the trained controls say: one fails that finds no more than guessing, or a fifth of the projector."""
    ran = [name for name in (SHUFFLED, RANDOM_TEXTS) if name in by_name]
    most = max(by_name[ALIGNED] / 5, 1 / keys)
    failed = [name for name in ran if by_name[name] <= most and by_name[name] < by_name[ALIGNED]]
    told = [f"Controls that fail, as they must: {' and '.join(failed)}."] if failed else []
    if stood := [name for name in ran if name not in failed]:
        told.append(f"Controls that do not fail, so that nothing is shown: {' and '.join(stood)}.")
    if not ran:
        told.append("The controls that are trained were left out.")
    if keys < _FEW:
        told.append(f"{keys} keys are few: guessing finds {1 / keys:.2f}, and one entity more or less decides.")
    return told


def joined(first: Side, second: Side) -> Side:
    """Return the pairs of both, the first's first."""
    offset = len(first.table.texts)
    width = max(first.table.wordings.shape[1], second.table.wordings.shape[1])
    moved = np.where(second.table.wordings >= 0, second.table.wordings + offset, -1)
    wordings = np.concatenate([_widened(first.table.wordings, width), _widened(moved, width)])
    table = TextTable(
        (*first.table.texts, *second.table.texts),
        np.concatenate([first.table.vectors, second.table.vectors]),
        wordings,
    )
    return Side(np.concatenate([first.vectors, second.vectors]), (*first.keys, *second.keys), table)


def replace_table(side: Side, table: TextTable) -> Side:
    """Return the pairs with other vectors of their texts."""
    return Side(side.vectors, side.keys, table)


def _widened(wordings: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    return np.pad(wordings, ((0, 0), (0, width - wordings.shape[1])), constant_values=-1)
