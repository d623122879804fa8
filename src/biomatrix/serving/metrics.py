"""What a server counts, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

if TYPE_CHECKING:
    from biomatrix.serving.opening import Opened

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """The figures of one server.

    Parameters
    ----------
    opened : callable
        Returns what the server has opened, None until it is ready: the model's load is asked for when it is scraped.
    """

    def __init__(self, opened: Callable[[], Opened | None]) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "biomatrix_requests", "Requests answered", ("route", "method", "status"), registry=self.registry
        )
        self.refusals = Counter(
            "biomatrix_refusals", "Requests refused, by reason", ("reason",), registry=self.registry
        )
        self.lost_parsers = Counter(
            "biomatrix_parsers_replaced", "Parser processes ended, by reason", ("reason",), registry=self.registry
        )
        self.seconds = Histogram(
            "biomatrix_stage_seconds",
            "Seconds a request spent in a stage: waiting, parsing, working, first_event, whole",
            ("stage",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.waiting = Gauge(
            "biomatrix_waiting_requests", "Requests that wait for a thread", ("desk",), registry=self.registry
        )
        self.working = Gauge("biomatrix_working_requests", "Requests in work", ("desk",), registry=self.registry)
        self.registry.register(_Load(opened))

    def refused(self, reason: str) -> None:
        """Count one refusal, by the ``type`` that its answer carries: for every way in."""
        self.refusals.labels(reason).inc()

    def parsed(self, seconds: float, lost: str | None) -> None:
        """Count one reading of outside text, and why its process was ended, if it was."""
        self.seconds.labels("parsing").observe(seconds)
        if lost is not None:
            self.lost_parsers.labels(lost).inc()

    def text(self) -> bytes:
        """Return every figure as Prometheus reads it."""
        return generate_latest(self.registry)


class _Load:
    """The model's batch as it is at the moment of asking."""

    def __init__(self, opened: Callable[[], Opened | None]) -> None:
        self._opened = opened

    def collect(self) -> Iterator[Metric]:
        opened = self._opened()
        yield GaugeMetricFamily("biomatrix_ready", "Whether the model is open", value=float(opened is not None))
        load: Any = getattr(getattr(getattr(opened, "service", None), "model", None), "engine", None)
        load = getattr(load, "load", None)
        if load is None:
            return
        now = load()
        yield GaugeMetricFamily("biomatrix_batch_rows", "Answers that are written together now", value=now.rows)
        yield GaugeMetricFamily(
            "biomatrix_batch_waiting", "Answers that wait for a row of the batch", value=now.waiting
        )
        yield CounterMetricFamily("biomatrix_steps", "Steps of the model since the start", value=now.steps)
        yield CounterMetricFamily("biomatrix_tokens", "Tokens written since the start", value=now.tokens)
