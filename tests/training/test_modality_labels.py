"""Every label counts for the innermost segment it stands in."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from biomatrix.training.batches import Batch
from biomatrix.training.evaluation import TEXT, ModalityLabels

NAMES = ("chain", "molecule", "pair", "shelf")
PARTS = {"pair": {"chain": None, "molecule": None}, "shelf": {"pair": None}}
WORD = 0


class Nested:
    """What the labels ask of a vocabulary: two flat modalities, a composite of them and a composite of that."""

    modalities: ClassVar[tuple[str, ...]] = NAMES
    blocks: ClassVar[dict[str, SimpleNamespace]] = {name: SimpleNamespace(parts=PARTS.get(name, {})) for name in NAMES}

    def __len__(self) -> int:
        return 1 + 2 * len(NAMES)

    def start_id(self, name: str) -> int:
        return 1 + 2 * NAMES.index(name)

    def end_id(self, name: str) -> int:
        return 2 + 2 * NAMES.index(name)


VOCABULARY = Nested()
LABELS = ModalityLabels(VOCABULARY)  # type: ignore[arg-type]


def batch_of(rows: list[list[int]], positions: list[list[int]]) -> Batch:
    ids = np.array(rows, dtype=np.int64)
    return Batch(ids, ids, np.array(positions, dtype=np.int64), np.ones(ids.shape, dtype=np.float32), packed=True)


def opened(name: str, *inside: list[int]) -> list[int]:
    """Return a segment: its control pair round words and other segments."""
    return [VOCABULARY.start_id(name), WORD, *(id_ for part in inside for id_ in part), WORD, VOCABULARY.end_id(name)]


def names_of(row: list[int], positions: list[int] | None = None) -> list[str]:
    (numbers,) = LABELS.of(batch_of([row], [positions or list(range(len(row)))]))
    return [LABELS.names[number] for number in numbers.tolist()]


def test_behind_a_part_the_labels_are_the_composite_s_again() -> None:
    row = [WORD, *opened("pair", opened("chain"), opened("molecule")), WORD]
    chain, molecule = ["chain"] * 3, ["molecule"] * 3
    inner = ["pair", "pair", *chain, "pair", *molecule, "pair", "pair"]
    assert names_of(row) == [TEXT, *inner, TEXT, TEXT]


def test_any_depth() -> None:
    row = opened("shelf", opened("pair", opened("chain")), opened("pair"))
    assert names_of(row) == [
        *["shelf"] * 2,
        *["pair"] * 2,
        *["chain"] * 3,
        *["pair"] * 2,
        "shelf",
        *["pair"] * 3,
        *["shelf"] * 2,
        TEXT,
    ]


def test_a_new_document_is_inside_nothing() -> None:
    unclosed = opened("pair", opened("chain"))[:-1]
    row = [*unclosed, WORD, *opened("chain"), WORD, *opened("pair")]
    positions = [*range(len(unclosed)), *range(len(row) - len(unclosed))]
    found = names_of(row, positions)[len(unclosed) :]
    assert found == [TEXT, *["chain"] * 3, TEXT, TEXT, *["pair"] * 3, TEXT]
    straight = [*unclosed, *opened("chain"), WORD]
    assert names_of(straight, [*range(len(unclosed)), *range(5)])[-2:] == [TEXT, TEXT]


def test_what_a_composite_does_not_hold_ends_it() -> None:
    row = [VOCABULARY.start_id("pair"), *opened("shelf"), WORD]
    assert names_of(row) == ["pair", *["shelf"] * 3, TEXT, TEXT]
    assert names_of([VOCABULARY.start_id("pair"), VOCABULARY.end_id("shelf"), WORD]) == ["pair", TEXT, TEXT]
    assert names_of([VOCABULARY.start_id("pair"), VOCABULARY.start_id("chain"), VOCABULARY.end_id("pair")])[-1] == TEXT


def flat_names(row: list[int], positions: list[int]) -> list[str]:
    """Return the labels without nesting: the last control token or document start decides."""
    now, found = TEXT, []
    for id_, position in zip(row, positions, strict=True):
        if id_ != WORD:
            now = NAMES[(id_ - 1) // 2] if id_ % 2 else TEXT
        elif position == 0:
            now = TEXT
        found.append(now)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_rows_without_composites_are_as_the_last_control_token_says(seed: int) -> None:
    rng = random.Random(seed)
    row = [rng.choice([WORD, WORD, 1, 2, 3, 4]) for _ in range(40)]
    positions = [index % rng.randint(5, 40) for index in range(40)]
    assert names_of(row, positions) == flat_names(row, positions)
