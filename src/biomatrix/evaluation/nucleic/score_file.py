"""Log-likelihoods that were computed elsewhere: a table of sequences to score, and a table of the scores.

So a model that needs other hardware or another environment is a row like any other: :func:`write_questions` writes the
sequences that will be asked for, the model's own environment adds the columns, and :class:`ScoreFile` answers.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.delimited import Delimited
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.entities.tables import columns_of, container_of, parquet_rows
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.evaluation.nucleic.likelihood import LogLikelihood, SequenceModel, checked_likelihood

KEY, SEQUENCE, TOTAL, TOKENS = "sha256", "sequence", "log_likelihood", "tokens"
_NEEDED: Final = (KEY, TOTAL, TOKENS)


class ScoreFile(SequenceModel):
    """A table of log-likelihoods.

    Parameters
    ----------
    path : str or Path
        CSV or Parquet (``.parquet``) with the columns ``sha256`` (of the sequence, as :func:`digest` gives it),
        ``log_likelihood`` (nats, the sum) and ``tokens`` (how many were predicted); others are not read.

    Raises
    ------
    ParseError
        It cannot be read, lacks a column, or holds what is no log-likelihood; with the record.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(Path(path).stem)
        self._path = str(path)
        self._scores: dict[str, LogLikelihood] = {}
        for number, row in enumerate(_rows(Path(path)), 1):
            DEFAULT_LIMITS.check("records", number, "number of records")
            try:
                score = checked_likelihood(_number(row[TOTAL]), _number(row[TOKENS]), "the table")
            except BioMatrixError as error:
                raise ParseError(error.message, file=self._path, record=number) from None
            key = str(row[KEY])
            if self._scores.setdefault(key, score) != score:
                raise ParseError(f"scores {key[:12]} a second time, otherwise", file=self._path, record=number)

    def __len__(self) -> int:
        """Return how many sequences have a score."""
        return len(self._scores)

    def log_likelihoods(self, sequences: Sequence[str]) -> list[LogLikelihood]:
        """Return the scores of sequences; ConfigurationError where some have none."""
        keys = [digest(sequence) for sequence in sequences]
        missing = [number for number, key in enumerate(keys, 1) if key not in self._scores]
        if missing:
            raise ConfigurationError(
                f"holds no score for {len(missing):,} of {len(keys):,} sequences, the first being number "
                f"{missing[0]:,}; write what is asked for with write_questions, and score that",
                file=self._path,
            )
        return [self._scores[key] for key in keys]


def write_questions(sequences: Iterable[str], path: str | Path) -> int:
    """Write the sequences to be scored, each once, with ``sha256`` and ``sequence``; return how many.

    Parameters
    ----------
    sequences : iterable of str
    path : str or Path
        A new CSV file.

    Raises
    ------
    ConfigurationError
        It is there already.
    """
    seen: set[str] = set()
    try:
        with Path(path).open("x", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow((KEY, SEQUENCE))
            for sequence in sequences:
                key = digest(sequence)
                if key not in seen:
                    seen.add(key)
                    writer.writerow((key, sequence))
    except FileExistsError:
        raise ConfigurationError("is there already; name another file or remove it", file=str(path)) from None
    return len(seen)


def digest(sequence: str) -> str:
    """Return the SHA-256 of a sequence's letters, case and all, in hexadecimal."""
    return hashlib.sha256(sequence.encode()).hexdigest()


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    missing = [name for name in _NEEDED if name not in columns_of(path)]
    if missing:
        raise ParseError(f"lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}", file=str(path))
    if container_of(path) == "parquet":
        yield from parquet_rows(path, _NEEDED)
        return
    for number, row in enumerate(Delimited(path).rows(whole=True), 1):
        if isinstance(row, ParseError):
            raise row.at(file=str(path), record=number)
        yield row


def _number(value: object) -> object:
    """Return a number that CSV gives as text; what is none stays what it is."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
