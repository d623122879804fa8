"""What a model's answers to a task were worth on held-out records: the scores that intervals and sets are made from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.trust.abstention import Abstention
from biomatrix.trust.calibration_files import FORMAT, read_scores, write_scores
from biomatrix.trust.conformal import aps_scores, checked_probabilities, conformal_quantile, lac_scores, records_needed
from biomatrix.trust.origin import Origin
from biomatrix.trust.recalibration import Recalibration

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

INTERVALS: Final = ("absolute", "normalised")
_MOST: Final = 1.0 + 1e-9
"""The largest score of a set, with what rounding adds."""
_SHOWN: Final = 200
_MOST_SAMPLES: Final = 100_000
"""As of one request."""
SETS: Final = {"lac": lac_scores, "aps": aps_scores}
_ORIGIN: Final = tuple(Origin.__annotations__)
_WORDS: Final = ("method", *_ORIGIN, "data_hash")
UNKNOWN: Final = "unknown"
"""Of ``held_out``: nobody looked."""
_HELD_OUT: Final = ("true", "false", UNKNOWN)
_BEFORE: Final = {
    **dict.fromkeys(("prompt", "output", "drawn", "model_hash", "vocabulary_hash", "projector_hash"), ""),
    "held_out": UNKNOWN,
}
"""Words that older files lack, and what they then are."""


@dataclass(frozen=True)
class Interval:
    """A range that holds the truth with a stated coverage, from a stated number of held-out records.

    Examples
    --------
    >>> str(Interval(1.2, 3.4, 0.9, 113))
    '90% interval 1.2 to 3.4 (calibrated on 113 records)'
    """

    low: float
    high: float
    coverage: float
    count: int

    def __str__(self) -> str:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            if self.count >= records_needed(self.coverage):
                return f"no {self.coverage:.0%} interval: its ends are past the largest number"
            return f"no {self.coverage:.0%} interval: {self.count} records are too few for it"
        bounds = f"{self.low:.3g} to {self.high:.3g}"
        return f"{self.coverage:.0%} interval {bounds} (calibrated on {self.count:,} records)"


@dataclass(frozen=True, eq=False)
class Calibration:
    """Scores of held-out records, and what they were made of. One file holds one; see :meth:`save`.

    Parameters
    ----------
    method : {"absolute", "normalised", "lac", "aps"}
        What the scores are: residuals, residuals over a difficulty, or those of :mod:`biomatrix.trust.conformal`.
    scores : ndarray, shape=(n,), dtype=float64
        One for each held-out record.
    coverage : float
        The nominal coverage where none is asked for.
    groups : tuple of str, length n
        The group of each record, for coverage within groups (Mondrian); empty for none.
    labels : tuple of str, length K
        The labels of a classification, in the order of its probabilities.
    floor : float
        Of ``normalised``: the constant that is added to the spread of samples.
    recalibration : Recalibration, optional
        Of two labels: what makes the probability of the last one come true; applied before scores are read.
    samples : int
        The samples whose median each prediction was; 0 where that is not known or does not apply.
    abstention : Abstention, optional
        How sure an answer must be to be given.
    task, model, unit, data : str
        What was asked, of whom, in which unit, and which records.
    held_out : {"true", "false", "unknown"}
        Whether the model was trained on none of the records.
    prompt, output, drawn, model_hash, vocabulary_hash, projector_hash : str
        What it was made for, in the words of :class:`~biomatrix.trust.origin.Origin`; empty where that is not known.
    data_hash : str
        SHA-256 of the predictions and truths.
    """

    method: str
    scores: NDArray[np.float64]
    coverage: float = 0.9
    groups: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    floor: float = 0.0
    recalibration: Recalibration | None = None
    samples: int = 0
    task: str = ""
    model: str = ""
    unit: str = ""
    data: str = ""
    held_out: str = UNKNOWN
    prompt: str = ""
    output: str = ""
    drawn: str = ""
    model_hash: str = ""
    vocabulary_hash: str = ""
    projector_hash: str = ""
    data_hash: str = ""
    abstention: Abstention | None = None

    def __post_init__(self) -> None:
        if self.method not in (*INTERVALS, *SETS):
            raise ConfigurationError(f"no method {self.method!r}; known: {', '.join((*INTERVALS, *SETS))}")
        if self.groups and len(self.groups) != len(self.scores):
            raise ConfigurationError(f"{len(self.groups)} groups for {len(self.scores)} scores; give one for each")
        if (self.method in SETS) != bool(self.labels):
            raise ConfigurationError("a classification has labels, a regression has none")
        if len(set(self.labels)) < len(self.labels):
            raise ConfigurationError(f"a label stands twice among {', '.join(self.labels)}")
        if self.recalibration is not None and len(self.labels) != 2:
            raise ConfigurationError("probabilities are recalibrated for two labels only")
        for fault in self._faults():
            raise ConfigurationError(fault)

    def _faults(self) -> Iterator[str]:
        """Yield what is wrong with the numbers."""
        if self.scores.ndim != 1 or not np.isfinite(self.scores).all():
            yield "the scores are not a list of finite numbers"
        elif (self.scores < 0).any() or (self.method in SETS and (self.scores > _MOST).any()):
            yield f"scores of {self.method} are at least 0{' and at most 1' if self.method in SETS else ''}"
        if not 0.0 < self.coverage < 1.0:
            yield f"coverage is between 0 and 1, such as 0.9, not {self.coverage}"
        if not 0.0 <= self.floor < math.inf or (self.method == "normalised" and self.floor == 0.0):
            yield f"the floor of the spread is positive for normalised scores, not {self.floor}"
        if not 0 <= self.samples <= _MOST_SAMPLES:
            yield f"samples are counted from 0 to {_MOST_SAMPLES:,}, not {self.samples!s:.20}"
        if self.held_out not in _HELD_OUT:
            yield f"held_out is {', '.join(_HELD_OUT[:-1])} or {UNKNOWN}, not {self.held_out!r}"

    @property
    def origin(self) -> Origin:
        """What it was made for."""
        return cast("Origin", {word: getattr(self, word) for word in _ORIGIN})

    @property
    def is_interval(self) -> bool:
        """Whether it is of numbers, so that it makes intervals; else of labels, and makes sets."""
        return self.method in INTERVALS

    def threshold(self, coverage: float | None = None, group: str | None = None) -> float:
        """Return the score that a share ``coverage`` of new records does not exceed; of one group where named."""
        return conformal_quantile(self._scores_of(group), self.coverage if coverage is None else coverage)

    def interval(
        self, value: float, spread: float | None = None, coverage: float | None = None, group: str | None = None
    ) -> Interval:
        """Return the interval of a predicted number.

        Parameters
        ----------
        value : float
            The prediction, such as the median of samples.
        spread : float, optional
            Of ``normalised``: the :func:`~biomatrix.trust.spread_of` the samples.
        coverage : float, optional
            The nominal one when not given.
        group : str, optional
            Calibrate on the records of this group alone.

        Raises
        ------
        ConfigurationError
            It is of labels; a spread is missing; or there is no such group.
        """
        if not self.is_interval:
            raise ConfigurationError(f"a calibration of {', '.join(self.labels)} makes sets, not intervals")
        if self.method == "normalised" and spread is None:
            raise ConfigurationError("this calibration needs the spread of samples; ask for several, or use 'absolute'")
        width = self.threshold(coverage, group) * (self.floor + (spread or 0.0) if self.method == "normalised" else 1.0)
        return Interval(value - width, value + width, coverage or self.coverage, len(self._scores_of(group)))

    def label_set(
        self, probabilities: ArrayLike, coverage: float | None = None, group: str | None = None
    ) -> tuple[str, ...]:
        """Return the labels that the truth is among, likeliest first; of ``lac`` perhaps none.

        Parameters
        ----------
        probabilities : array, shape=(K,)
            As the model states them, in the order of ``labels``.
        coverage, group
            As for :meth:`interval`.
        """
        stated = self.probabilities(np.atleast_2d(np.asarray(probabilities, dtype=np.float64)))
        kept = SETS[self._checked_sets()](stated)[0] <= self.threshold(coverage, group)
        return tuple(self.labels[place] for place in np.argsort(-stated[0], kind="stable") if kept[place])

    def probabilities(self, stated: ArrayLike) -> NDArray[np.float64]:
        """Return probabilities as they come true, ``float64 [n, K]``; those stated where nothing was fitted."""
        return recalibrated(checked_probabilities(stated), self.recalibration)

    def reason_to_abstain(self, *, spread: float | None = None, probability: float | None = None) -> str | None:
        """Return why an answer with this spread of samples or probability is held back; None where it is given."""
        if self.abstention is None:
            return None
        return self.abstention.reason(None if spread is None else -spread, probability)

    def save(self, path: str | Path) -> None:
        """Write it as ``.json`` or ``.parquet``, whole or not at all."""
        write_scores(Path(path), self._described(), self.scores.tolist(), self.groups)

    @classmethod
    def from_file(cls, path: str | Path) -> Calibration:
        """Read what :meth:`save` wrote. Raises ConfigurationError, with the file, where it is none."""
        return cls.from_json(read_scores(Path(path)), str(path))

    @classmethod
    def from_json(cls, values: Mapping[str, Any], file: str) -> Calibration:
        """Return what the values of a file say. Raises ConfigurationError, with the file, where they are none."""
        try:
            if values.get("format") != FORMAT:
                raise ConfigurationError(f"no calibration: its format is not {FORMAT!r}")
            return cls._read(values)
        except BioMatrixError as error:
            raise error.at(file=file) from None
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise ConfigurationError(f"no calibration: {error!r}"[:_SHOWN], file=file) from error

    def _described(self) -> dict[str, Any]:
        fitted = self.recalibration
        return {
            **{word: getattr(self, word) for word in _WORDS},
            "coverage": self.coverage,
            "labels": list(self.labels),
            "floor": self.floor,
            "samples": self.samples,
            "recalibration": None if fitted is None else fitted.as_json(),
            "abstention": None if self.abstention is None else self.abstention.as_json(),
        }

    @classmethod
    def _read(cls, values: Mapping[str, Any]) -> Calibration:
        fitted, scores, samples = values["recalibration"], values["scores"], values["samples"]
        abstention = values.get("abstention")  # older files have none
        if not isinstance(scores, list) or not scores or any(isinstance(one, bool) for one in scores):
            raise ConfigurationError("its scores are no list of numbers, one for each record; calibrate again")
        if not isinstance(values["groups"], list) or not isinstance(values["labels"], list):
            raise ConfigurationError("its groups, one for each record, or its labels are no list; calibrate again")
        if isinstance(samples, bool) or not isinstance(samples, int):
            raise ConfigurationError(f"its samples are no whole number but {samples!r}; calibrate again")
        return cls(
            scores=np.asarray(scores, dtype=np.float64),
            coverage=float(values["coverage"]),
            groups=tuple(map(str, values["groups"])),
            labels=tuple(map(str, values["labels"])),
            floor=float(values["floor"]),
            samples=samples,
            recalibration=None if fitted is None else Recalibration.from_json(fitted),
            abstention=None if abstention is None else Abstention.from_json(abstention),
            **{word: str(values.get(word, _BEFORE[word]) if word in _BEFORE else values[word]) for word in _WORDS},
        )

    def _checked_sets(self) -> str:
        if self.is_interval:
            raise ConfigurationError("a calibration of numbers makes intervals, not sets of labels")
        return self.method

    def _scores_of(self, group: str | None) -> NDArray[np.float64]:
        if group is None:
            return self.scores
        if group not in self.groups:
            known = ", ".join(sorted(set(self.groups))) or "none"
            raise ConfigurationError(f"no group {group!r} in this calibration; it has: {known}")
        return np.asarray(self.scores[np.array(self.groups) == group])


def recalibrated(stated: NDArray[np.float64], fitted: Recalibration | None) -> NDArray[np.float64]:
    """Return probabilities of two labels after a fitted map, ``float64 [n, 2]``; as they are where there is none."""
    if fitted is None:
        return stated
    last = fitted.apply(stated[:, 1])
    return np.stack([1 - last, last], axis=1)
