"""How a run asks: everything beside the model and the data that its answers depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, get_args

from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Benchmark

Notation = Literal["smiles", "selfies"]
MOST_SAMPLES: Final = 1_000_000


@dataclass(frozen=True)
class Settings:
    """The settings of a run.

    Parameters
    ----------
    limit : int, optional
        The most rows that are asked; see :func:`biomatrix.evaluation.rows.pick` for which. All when not given.
    first : bool
        Whether a limit takes the first rows in place of a sample.
    seeds : int
        How many runs, of the seeds ``seed``, ``seed + 1``, ...
    seed : int
    notation : {"smiles", "selfies"}
        How molecules are written, in prompts and answers.
    constrained : bool
        Whether answers are held to the modality, length and constraints of the benchmark.
    paraphrase : int, optional
        The index of the prompt; drawn for each row and seed when None.
    samples : int, optional
        How many answers to each row; as the benchmark says when not given.
    temperature, top_p : float, optional
        As the benchmark says when not given.
    max_new_tokens : int, optional
        As the benchmark says when not given.

    Raises
    ------
    ConfigurationError
        A setting is out of its range.
    """

    limit: int | None = None
    first: bool = False
    seeds: int = 1
    seed: int = 0
    notation: Notation = "smiles"
    constrained: bool = True
    paraphrase: int | None = 0
    samples: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_new_tokens: int | None = None

    def __post_init__(self) -> None:
        for name, least, most in (
            ("limit", 1, None),
            ("seeds", 1, 1000),
            ("seed", 0, None),
            ("paraphrase", 0, None),
            ("samples", 1, MOST_SAMPLES),
            ("max_new_tokens", 1, None),
        ):
            value = getattr(self, name)
            if value is not None and (value < least or (most is not None and value > most)):
                upper = "" if most is None else f" and at most {most:,}"
                raise ConfigurationError(f"{name} is at least {least}{upper}, not {value}")
        if self.notation not in get_args(Notation):
            raise ConfigurationError(f"notation is one of {', '.join(get_args(Notation))}, not {self.notation!r}")
        if self.temperature is not None and not 0 <= self.temperature < float("inf"):
            raise ConfigurationError(f"temperature is at least 0, not {self.temperature}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ConfigurationError(f"top_p is above 0 and at most 1, not {self.top_p}")

    def resolved(self, benchmark: Benchmark) -> Benchmark:
        """Return a benchmark whose decoding is that of the run.

        Raises
        ------
        ConfigurationError
            The benchmark has no prompt of that index.
        """
        prompts = len(benchmark.task.prompts)
        if self.paraphrase is not None and self.paraphrase >= prompts:
            raise ConfigurationError(f"paraphrase is at most {prompts - 1}: {benchmark.name} has {prompts} prompts")
        changed: dict[str, Any] = {
            "num_samples": self.samples,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_new_tokens": self.max_new_tokens,
        }
        decoding = replace(benchmark.decoding, **{name: value for name, value in changed.items() if value is not None})
        return replace(benchmark, decoding=decoding)

    def described(self, benchmark: Benchmark) -> Mapping[str, Any]:
        """Return every setting as it holds for a resolved benchmark, as JSON values."""
        return {**asdict(self), **asdict(benchmark.decoding), "samples": benchmark.decoding.num_samples}
