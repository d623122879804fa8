"""From measured rates to cores, GPUs, days, storage and cost of a whole mixture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
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
    """What a mixture wants of a source: its row, tokens, and the records that are published, 0 where not known."""

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
    hours : dict of str to float
        Hours of one core by step: records, each modality, documents.
    kept, shards : float
        Bytes between the steps and of the shards.
    basis : str
        Where its rates come from.
    """

    source: str
    records: float
    tokens: float
    hours: dict[str, float]
    kept: float
    shards: float
    basis: str


def line(source: str, share: Share, rates: Rates, basis: str) -> Line:
    """Return the work for a source at its share.

    All published records are read, checked and written as tokens once; where their number is not known, as many as give
    the tokens wanted. Documents are drawn for the tokens wanted.
    """
    records = float(share.records or share.tokens / rates.tokens)
    drawn = share.tokens / rates.tokens
    hours = {"records": records * rates.record_seconds / _HOUR}
    hours |= {name: records * seconds / _HOUR for name, seconds in rates.modality_seconds.items()}
    hours["documents"] = drawn * rates.document_seconds / _HOUR
    kept, shards = records * rates.record_bytes, share.tokens * rates.token_bytes
    return Line(source, records, share.tokens, hours, kept, shards, basis)


def tokens_wanted(table: Mapping[Row, float], rows: Mapping[str, Row], total: float | None = None) -> dict[str, float]:
    """Return the tokens of each source: those of its row, in equal parts among the sources of the row.

    Parameters
    ----------
    table : mapping of (category, part) to float
    rows : mapping of str to (category, part)
    total : float, optional
        The tokens of the whole table; its own when not given.
    """
    members: dict[Row, int] = defaultdict(int)
    for row in rows.values():
        members[row] += 1
    scale = (total or sum(table.values())) / sum(table.values())
    return {name: scale * table.get(row, 0.0) / members[row] for name, row in rows.items()}


@dataclass(frozen=True)
class Plan:
    """A whole plan.

    Parameters
    ----------
    lines : tuple of Line
    machines : Machines
    on_gpu : frozenset of str
        The modalities that structure tokenizers write, which GPUs take over where there are any.
    """

    lines: tuple[Line, ...]
    machines: Machines
    on_gpu: frozenset[str]

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
        }
