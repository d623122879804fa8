"""Several right answers to one input: collected from all rows of the split that show the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from biomatrix.entities.rejects import Reject
from biomatrix.tasks.benchmarks.examples import Example


def with_all_golds(rows: Iterable[tuple[str, Example | Reject]]) -> Iterator[Example | Reject]:
    """Yield the examples in their order, each with the references of all that show the same.

    Its own reference comes first, the others follow in the order of the data: official code keeps them as a set, whose
    order differs from run to run.

    Parameters
    ----------
    rows : iterable of (str, Example or Reject)
        What each row shows, as the data write it, and the row.
    """
    kept = list(rows)
    golds: dict[str, dict[str, None]] = {}
    for shown, row in kept:
        if isinstance(row, Example):
            golds.setdefault(shown, {}).update(dict.fromkeys(row.references))
    for shown, row in kept:
        if isinstance(row, Example):
            yield replace(row, references=tuple(dict.fromkeys((*row.references, *golds[shown]))))
        else:
            yield row
