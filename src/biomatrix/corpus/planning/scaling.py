"""From measured rates to cores, GPUs, days, storage and cost of a whole mixture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from biomatrix.corpus.mixtures.preset import Row
from biomatrix.corpus.planning.rates import Rates

_HOUR: Final = 3600.0


@dataclass(frozen=True)
class Machines:
    """What the work is done on, and what that costs.

    Parameters
    ----------
    nodes, cores, gpus : int
        Machines, and processor cores and GPUs of each.
    gpu_speedup : float
        How many cores one GPU replaces in structure tokenizers: assumed, not measured.
    core_hour, gpu_hour, terabyte_month : float
        Prices, in dollars.
    efficiency : float
        The share of the time of a core that is spent on slices: the rest is waiting, uneven slices and restarts.
    """

    nodes: int = 1
    cores: int = 64
    gpus: int = 0
    gpu_speedup: float = 50.0
    core_hour: float = 0.05
    gpu_hour: float = 2.5
    terabyte_month: float = 20.0
    efficiency: float = 0.8


@dataclass(frozen=True)
class Share:
    """What a mixture wants of a source: its row, tokens, and the records that it has, 0 where not known."""

    row: Row
    tokens: float
    records: float


@dataclass(frozen=True)
class Line:
    """The work for one source.

    Parameters
    ----------
    source : str
    records, tokens : float
        That are read and written.
    draws : float
        How often documents are drawn of a record, in multiples of what the views say.
    hours : dict of str to float
        Hours of one core by step: records, each modality, documents.
    kept, shards : float
        Bytes between the steps and of the shards.
    rates : Rates
    basis : str
        Where its rates come from.
    spread : float
        Half the range of the seconds of a record in repeated measurements, as a share of their mean.
    """

    source: str
    records: float
    tokens: float
    draws: float
    hours: dict[str, float]
    kept: float
    shards: float
    rates: Rates
    basis: str
    spread: float = 0.0


def line(source: str, share: Share, rates: Rates, basis: str, spread: float = 0.0) -> Line:
    """Return the work for a source at its share.

    All records that it has are read, checked and written as tokens once; where their number is not known, as many as
    give the tokens wanted. Documents are drawn for the tokens wanted.
    """
    records = float(share.records or share.tokens / rates.tokens)
    drawn = share.tokens / rates.tokens
    hours = {
        "records": records * rates.record_seconds / _HOUR,
        "selection": records * rates.selection_seconds / _HOUR,
    }
    hours |= {name: records * seconds / _HOUR for name, seconds in rates.modality_seconds.items()}
    hours["documents"] = drawn * rates.document_seconds / _HOUR
    kept, shards = records * rates.record_bytes, share.tokens * rates.token_bytes
    repeat = drawn / records if records else 0.0
    return Line(source, records, share.tokens, repeat, hours, kept, shards, rates, basis, spread)


def tokens_wanted(
    table: Mapping[Row, float],
    rows: Mapping[str, Row],
    total: float | None = None,
    gives: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Return the tokens of each source.

    Sources whose number of records is known give what their records give, and the others fill the row in equal parts.
    Where there are no others, or the row has less room than that, those that are known share it in proportion: the
    rule by which a build shares a row.

    Parameters
    ----------
    table : mapping of (category, part) to float
    rows : mapping of str to (category, part)
    total : float, optional
        The tokens of the whole table; its own when not given.
    gives : mapping of str to float, optional
        The tokens of all records, each drawn once, of the sources whose number of records is known.
    """
    scale = (total or sum(table.values())) / sum(table.values())
    wanted: dict[str, float] = {}
    for row in dict.fromkeys(rows.values()):
        members = [name for name, own in rows.items() if own == row]
        known = {name: gives[name] for name in members if name in gives} if gives else {}
        wanted |= _shared(scale * table.get(row, 0.0), known, [name for name in members if name not in known])
    return wanted


def _shared(room: float, known: Mapping[str, float], others: Sequence[str]) -> dict[str, float]:
    given = sum(known.values())
    if others and given < room:
        return {**known, **dict.fromkeys(others, (room - given) / len(others))}
    return {**{name: room * one / given for name, one in known.items()}, **dict.fromkeys(others, 0.0)}


@dataclass(frozen=True)
class Plan:
    """A whole plan.

    Parameters
    ----------
    lines : tuple of Line
    machines : Machines
    on_gpu : frozenset of str
        The modalities that structure tokenizers write, which GPUs take over where there are any.
    test_sets : int
        The test sets that records were compared with.
    repeats : tuple of Plan
        The plan by each of several measurements; this one is by their mean.
    """

    lines: tuple[Line, ...]
    machines: Machines
    on_gpu: frozenset[str]
    test_sets: int = 0
    repeats: tuple[Plan, ...] = ()

    @property
    def without_gpus(self) -> Plan:
        """The same work done by cores alone."""
        alone = replace(self.machines, gpus=0)
        return replace(self, machines=alone, repeats=tuple(replace(one, machines=alone) for one in self.repeats))

    def span(self, total: str) -> tuple[float, float]:
        """Return the least and the greatest value of one of the totals over the repeats."""
        values = [one.totals[total] for one in self.repeats or (self,)]
        return min(values), max(values)

    @property
    def step_hours(self) -> dict[str, float]:
        """Hours of one core by step, over all sources."""
        total: dict[str, float] = defaultdict(float)
        for one in self.lines:
            for step, hours in one.hours.items():
                total[step] += hours
        return dict(total)

    @property
    def totals(self) -> dict[str, float]:
        """Core hours and GPU hours, days, bytes and dollars; storage is paid for a month."""
        machines, hours = self.machines, self.step_hours
        moved = sum(one for step, one in hours.items() if step in self.on_gpu) if machines.gpus else 0.0
        cores = (sum(hours.values()) - moved) / machines.efficiency
        gpus = moved / machines.gpu_speedup / machines.efficiency
        on_cores = cores / (machines.nodes * machines.cores)
        on_gpus = gpus / (machines.nodes * machines.gpus) if machines.gpus else 0.0
        size = sum(one.kept + one.shards for one in self.lines)
        storage = size / 1e12 * machines.terabyte_month
        return {
            "records": sum(one.records for one in self.lines),
            "tokens": sum(one.tokens for one in self.lines),
            "core_hours": cores,
            "gpu_hours": gpus,
            "days": max(on_cores, on_gpus) / 24,
            "bytes": size,
            "dollars": cores * machines.core_hour + gpus * machines.gpu_hour + storage,
        }

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "sources": [asdict(one) for one in self.lines],
            "steps": self.step_hours,
            "on_gpu": sorted(self.on_gpu),
            "machines": asdict(self.machines),
            "totals": self.totals,
            "without_gpus": self.without_gpus.totals,
            "repeats": [one.totals for one in self.repeats],
            "test_sets": self.test_sets,
        }
