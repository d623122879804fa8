"""What an audit found, task by task: as JSON, as Markdown, and as the lists of keys that an evaluation reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from biomatrix.evaluation.audit.index import Part
from biomatrix.evaluation.markdown_report import escaped

LEAKS: Final = ("inchikey", "connectivity", "parent", "sequence", "identity_90", "identity", "text")
"""The last words of the names of the keys by which a row counts as leaked, unless others are named."""
EXAMPLES: Final = 3
FORMAT: Final = 1


@dataclass(frozen=True)
class Overlap:
    """The rows that share one key with training data.

    Parameters
    ----------
    compared : int
        The rows that have such a key.
    some : tuple of str
        The keys of the rows of which some part was found.
    every : tuple of str
        Those of which every part with such a key was found.
    examples : tuple of (str, str)
        Rows with a training row that each was found in.
    """

    compared: int
    some: tuple[str, ...]
    every: tuple[str, ...]
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TaskAudit:
    """What was found for one task.

    Parameters
    ----------
    task : str
    source : str
        The name of the source of its test rows.
    is_official : bool
        Whether these are the official rows.
    rows : int
        How many there are.
    rejects : int
        How many could not be read.
    overlaps : mapping of str to Overlap
        By the name of the key.
    leaked : tuple of str
        The keys of the rows that count as leaked.
    """

    task: str
    source: str
    is_official: bool
    rows: int
    rejects: int
    overlaps: Mapping[str, Overlap] = field(default_factory=dict)
    leaked: tuple[str, ...] = ()

    def as_mapping(self) -> dict[str, Any]:
        """Return it as JSON values."""
        keys = {
            name: {
                "compared": one.compared,
                "some": len(one.some),
                "every": len(one.every),
                "examples": [{"row": row, "training": training} for row, training in one.examples],
            }
            for name, one in self.overlaps.items()
        }
        return {
            "source": self.source,
            "official": self.is_official,
            "rows": self.rows,
            "rejects": self.rejects,
            "leaked": len(self.leaked),
            "keys": keys,
        }


def overlaps(names: Sequence[str], parts: Sequence[Sequence[Part]]) -> dict[str, Overlap]:
    """Return the overlap of rows, given their names and parts, by the name of the key.

    Every key that some row has is there, also where nothing was found.
    """
    keys = dict.fromkeys(key for row in parts for part in row for key in part.keys)
    return {key: _overlap(key, names, parts) for key in keys}


def _overlap(key: str, names: Sequence[str], parts: Sequence[Sequence[Part]]) -> Overlap:
    compared = 0
    some, every, examples = [], [], []
    for name, row in zip(names, parts, strict=True):
        having = [part for part in row if key in part.keys]
        found = [part for part in having if key in part.found]
        compared += bool(having)
        if found:
            some.append(name)
            examples.append((name, found[0].found[key]))
        if found and len(found) == len(having):
            every.append(name)
    return Overlap(compared, tuple(some), tuple(every), tuple(examples[:EXAMPLES]))


def is_leaked(parts: Sequence[Part], leaks: Sequence[str] = LEAKS) -> bool:
    """Return whether training data hold every entity of a row, or all its texts where it has no entity.

    Parameters
    ----------
    parts : sequence of Part
        Of one row.
    leaks : sequence of str
        The keys that count: whole names, or what follows the kind in them.
    """
    entities = [part for part in parts if part.is_entity]
    asked = entities or [part for part in parts if part.is_text]
    return bool(asked) and all(any(counts(name, leaks) for name in part.found) for part in asked)


def counts(name: str, leaks: Sequence[str]) -> bool:
    """Return whether a key is one of those named, with or without its kind."""
    return name in leaks or name.rpartition(".")[2] in leaks


def training_lines(training: Mapping[str, int], rejects: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each set of training data: its rows, and those that could not be read and were not compared."""
    for name, rows in training.items():
        unread = f", {rejects[name]:,} more could not be read" if rejects.get(name) else ""
        yield f"{name}: {rows:,} row{'' if rows == 1 else 's'}{unread}"


def markdown(
    training: Mapping[str, int], rejects: Mapping[str, int], audits: Sequence[TaskAudit], leaks: Sequence[str]
) -> str:
    """Return a report to read: a table of all tasks, then a table and examples of each.

    Parameters
    ----------
    training : mapping of str to int
        The rows of each set of training data.
    rejects : mapping of str to int
        Those of each that could not be read.
    audits : sequence of TaskAudit
    leaks : sequence of str
        The keys by which rows count as leaked.
    """
    lines = ["# Audit of leakage", "", "Training data:", ""]
    lines += [f"- {escaped(line)}" for line in training_lines(training, rejects)]
    lines += [
        "",
        f"A row counts as leaked where training data hold every entity of it by one of {escaped(', '.join(leaks))};",
    ]
    lines += ["a row without entities, where they hold all its texts.", ""]
    lines += ["| task | rows of | rows | leaked | share |", "| --- | --- | ---: | ---: | ---: |"]
    lines += [
        f"| {escaped(one.task)} | {escaped(one.source)}{'' if one.is_official else ' (not the official data)'} | "
        f"{one.rows:,} | {len(one.leaked):,} | {_share(len(one.leaked), one.rows)} |"
        for one in audits
    ]
    for one in audits:
        lines += ["", *_task_lines(one)]
    return "\n".join(lines) + "\n"


def _task_lines(audit: TaskAudit) -> Iterator[str]:
    yield f"## {escaped(audit.task)}"
    yield ""
    yield "| key | rows that have it | some part found | every part found | share |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, one in audit.overlaps.items():
        share = _share(len(one.every), one.compared)
        yield f"| {name} | {one.compared:,} | {len(one.some):,} | {len(one.every):,} | {share} |"
    shown = [(name, row, where) for name, one in audit.overlaps.items() for row, where in one.examples]
    if shown:
        yield ""
    for name, row, where in shown:
        yield f"- {name}: row {_plain(row)} is in {_plain(where)}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _plain(text: str) -> str:
    """Return a name from outside as one line that no Markdown reads anything into."""
    return "`" + " ".join(text.split()).replace("`", "'").replace("|", "/")[:80] + "`"
