"""Nothing but lengths: what unconditional generation is asked for.

Settings: ``lengths``, numbers of residues; ``samples``, how many of each; and for what a baseline learns from,
``chains``, a table of chains (see :mod:`biomatrix.tasks.benchmarks.rows.chain_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.rows.chain_rows import chain_examples


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield one question for each protein that is asked for, or the chains of a training split."""
    if split == "test":
        for residues in settings["lengths"]:
            for number in range(settings["samples"]):
                yield Example(f"{residues}-{number}", {"residues": str(residues)}, facts={"residues": residues})
    elif "chains" in settings:
        for each in chain_examples(folder, split, settings):
            yield replace(each, fields={"residues": str(each.facts["residues"])}) if isinstance(each, Example) else each
    else:
        raise ConfigurationError(f"no split {split!r}; there is: test, which asks for lengths alone")
