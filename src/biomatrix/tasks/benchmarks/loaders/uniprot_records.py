"""Records of UniProtKB as a Parquet table, which stand in for data that were made from Swiss-Prot.

Columns are ``accession``, ``sequence`` and comments as in the flat files: ``function``, ``catalytic_activity``, ...
Evidence tags and references to papers are taken out of texts; Gene Ontology terms keep their names alone, as in OPI.
The records have no official split: one in so many is a test row, by a hash of its accession.

Settings: ``file``; ``answer``, the column that is asked for; ``test_one_in``; ``show``, the placeholder of
the sequence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.rejects import Reject
from biomatrix.entities.tables import columns_of, parquet_rows
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.placeholder_values import placeholder_value
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples

_EVIDENCE: Final = re.compile(
    r"\s*\{ECO:[^}]*\}|\s*\((?:PubMed:\d+(?:,\s*)?|Ref\.\d+(?:,\s*)?|By similarity|Probable)+\)"
)
_GO_TERM: Final = re.compile(r"GO:\d{7} [CFP]:(.+)")
_REACTION: Final = re.compile(r"Reaction=(.+?);(?= Xref=| EC=| Evidence=|$)")


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the records of a split that have an answer; a key is the accession.

    Raises
    ------
    ConfigurationError
        The file is missing or lacks a column; there is no such split.
    ParseError
        It is no Parquet table.
    """
    if split not in {"train", "test"}:
        raise ConfigurationError(f"no {split} rows; there are: train, test")
    path, column = official_file(folder, settings["file"]), settings["answer"]
    columns = ("accession", "sequence", column)
    missing = next((name for name in columns if name not in columns_of(path)), None)
    if missing is not None:
        raise ConfigurationError(f"no column {missing!r}", file=str(path))

    def make(_: int, row: Mapping[str, Any]) -> Iterator[Example]:
        answer, accession = ANSWERS[column](row[column] or ""), row["accession"]
        if answer and _is_test(accession, settings["test_one_in"]) == (split == "test"):
            shown = placeholder_value(settings["show"], row["sequence"])
            yield Example(accession, {settings["show"]: shown}, (answer,), facts={"accession": accession})

    return row_examples(parquet_rows(path, columns), path, make)


def plain_text(text: str) -> str:
    """Return a comment without evidence tags and references.

    Examples
    --------
    >>> plain_text("Binds DNA (PubMed:1, PubMed:2). {ECO:0000269|PubMed:1}.")
    'Binds DNA.'
    """
    return re.sub(r"\.+", ".", _EVIDENCE.sub("", text)).strip()


def term_names(text: str) -> str:
    """Return the names of Gene Ontology terms.

    Examples
    --------
    >>> term_names("GO:0005829 C:cytosol; GO:0003723 F:RNA binding")
    'cytosol; RNA binding'
    """
    return "; ".join(match[1] for term in text.split("; ") if (match := _GO_TERM.fullmatch(term)))


def reactions(text: str) -> str:
    """Return the equations of the reactions of a catalytic activity, each as a sentence.

    Examples
    --------
    >>> reactions("Reaction=ATP + H2O = ADP + phosphate; Xref=Rhea:RHEA:13065; EC=3.6.1.3;")
    'ATP + H2O = ADP + phosphate.'
    """
    return " ".join(equation.removesuffix(".") + "." for equation in _REACTION.findall(text))


ANSWERS: Final[Mapping[str, Callable[[str], str]]] = {
    "function": plain_text,
    "keywords": str,
    "go": term_names,
    "catalytic_activity": reactions,
}
"""How the text of each column becomes an answer; "" where it holds none."""


def _is_test(accession: str, one_in: int) -> bool:
    return int(hashlib.sha256(accession.encode()).hexdigest(), 16) % one_in == 0
