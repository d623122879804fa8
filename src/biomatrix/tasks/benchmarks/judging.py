"""From predictions and examples to scores, by the judge that a benchmark names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final, TypeAlias

from biomatrix.entities.kind_registry import load_attribute
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.metrics.scores import Scores
from biomatrix.tasks.benchmarks import judges
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example, Prediction

Judge: TypeAlias = Callable[[Sequence[Prediction], Sequence[Example], Mapping[str, Any]], Scores]
"""Takes one prediction for each example, in the same order, and the benchmark's settings."""

_MODULES: Final = tuple(sorted(module.name for module in iter_modules(judges.__path__)))


def judge_of(name: str) -> Judge:
    """Return the judge of that name, ``module.function``; ConfigurationError where there is none.

    ``package.module:function`` names one from outside.
    """
    if ":" in name:
        outside: Judge = load_attribute(name, here=True)
        return outside
    module, _, function = name.partition(".")
    if module not in _MODULES:
        raise ConfigurationError(f"no judge {name!r}: no module {module!r}; {choices(module, _MODULES)}")
    found: Judge | None = getattr(import_module(f"{judges.__name__}.{module}"), function, None)
    if found is None:
        raise ConfigurationError(f"no judge {name!r}: {module} has no function {function!r}")
    return found


def requirement(name: str, metric: str) -> str:
    """Return what a judge lacks to give a metric, "" where it lacks nothing.

    A judge's module may say under ``REQUIREMENTS`` what its metrics need: by name a function that raises
    ConfigurationError where it is absent.
    """
    module = import_module(f"{judges.__name__}.{name.partition('.')[0]}")
    check: Callable[[], object] | None = getattr(module, "REQUIREMENTS", {}).get(metric)
    try:
        if check is not None:
            check()
    except ConfigurationError as error:
        return error.message
    return ""


def judge(benchmark: Benchmark, predictions: Sequence[Prediction], examples: Sequence[Example]) -> Scores:
    """Return the scores of answers to a benchmark, those it reports among them.

    Raises
    ------
    ConfigurationError
        There is no such judge, or the numbers of predictions and examples differ.
    """
    if len(predictions) != len(examples):
        raise ConfigurationError(f"{len(predictions)} predictions and {len(examples)} examples; give one for each")
    return judge_of(benchmark.judge)(predictions, examples, benchmark.judge_settings)
