"""Figures of several tokenizers side by side."""

from __future__ import annotations

from collections.abc import Mapping


def print_table(title: str, columns: Mapping[str, Mapping[str, float]]) -> None:
    """Print figures side by side: one column a tokenizer, one row a figure."""
    rows = list(dict.fromkeys(row for found in columns.values() for row in found))
    width = max(14, *(len(name) + 2 for name in columns))
    print(f"\n{title}\n{'':50}" + "".join(f"{name:>{width}}" for name in columns))
    for row in rows:
        cells = (f"{found[row]:>{width}.4g}" if row in found else f"{'-':>{width}}" for found in columns.values())
        print(f"{row:50}" + "".join(cells), flush=True)
