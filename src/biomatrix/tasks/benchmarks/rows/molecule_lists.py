"""Sets of molecules for unconditional generation: what was trained on, and what is held out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.answers import GOLD
from biomatrix.tasks.benchmarks.examples import FOLDER, Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.row_files import LINE, read_rows
from biomatrix.tasks.benchmarks.rows.row_folds import is_of_fold
from biomatrix.tasks.benchmarks.rows.split_files import of_split


@dataclass(frozen=True)
class MoleculeLists:
    """Files of SMILES by split.

    Parameters
    ----------
    folder : str
        Of a local copy.
    settings : str
        As JSON: ``files``, a path for each split; or ``file`` with ``split_column`` and ``splits``, the values of each
        split, or with ``fold_by``. ``column`` of the SMILES, ``line`` where there is none.
    """

    folder: str
    settings: str

    @classmethod
    def of(cls, folder: Path, settings: Mapping[str, Any]) -> MoleculeLists:
        """Return the lists of a folder."""
        return cls(str(folder), json.dumps(dict(settings), sort_keys=True))

    @property
    def fact(self) -> dict[str, str]:
        """What an example says of them, for a judge to read the training set."""
        return {FOLDER: self.folder, "settings": self.settings}

    def rows(self, split: str) -> Iterator[tuple[int, str | BioMatrixError]]:
        """Yield the number, from 1, and the SMILES of each row of a split, the error in place of a broken row."""
        settings = json.loads(self.settings)
        files = settings.get("files")
        name = settings["file"] if files is None else of_split(files, split)
        path = official_file(Path(self.folder), name)
        for number, row in enumerate(read_rows(path), start=1):
            if isinstance(row, BioMatrixError):
                yield number, row.at(file=str(path))
            elif is_of_fold(row, split, settings):
                smiles = str(row.get(settings.get("column", LINE)) or "").strip()
                yield number, smiles or ParseError("a row without a SMILES string", file=str(path))


@lru_cache(maxsize=2)
def training_smiles(folder: str, settings: str) -> frozenset[str]:
    """Return the training set, as it is written; a large one takes about 100 bytes a molecule."""
    return frozenset(row for _, row in MoleculeLists(folder, settings).rows("train") if isinstance(row, str))


def drawn_examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield one example for each molecule that is to be drawn, or was drawn for training.

    Nothing is shown. A training example has its molecule as the reference; any other expects nothing, and holds a
    held-out molecule as one right answer. There are as many as the split has molecules, at most ``samples`` of the
    settings outside training.
    """
    lists = MoleculeLists.of(folder, settings)
    most = settings.get("samples") if split != "train" else None
    for number, row in islice(lists.rows(split), most):
        if isinstance(row, BioMatrixError):
            yield Reject.from_error(row, str(folder), number)
        elif split == "train":
            yield Example(str(number), {}, (row,))
        else:
            yield Example(str(number), {}, facts={"training": lists.fact, GOLD: row})


def training_of(examples: Sequence[Example]) -> frozenset[str]:
    """Return the training set that examples name; ConfigurationError where they name none."""
    fact = examples[0].facts.get("training") if examples else None
    if fact is None:
        raise ConfigurationError("novelty needs the training set, and the examples name none")
    return training_smiles(fact[FOLDER], fact["settings"])
