"""The tasks that ways in are compared on: their data, how they are split, which encoder and tokens they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biomatrix.entities.cell.encoders.expression_pca import ExpressionPCA
from biomatrix.soft.tuning.task_data import TaskData, TaskExamples, read_task, subject


@dataclass(frozen=True)
class ContestTask:
    """A task and the ways in to it.

    Parameters
    ----------
    name : str
    data : mapping
        Settings of :class:`TaskData`; folders are below the folder of shared data.
    encoder : str
        Of soft tokens, as it is opened; ``expression_pca`` is fitted on the training cells first.
    modality : str
        Of discrete tokens.
    metric : str
        What decides.
    higher : bool
        Whether more of it is better.
    answer : int
        The most tokens of an answer.
    updates, train, test : int
        Of each training, examples to draw from, and examples that are asked, where nobody says otherwise: fewer where
        answers are long, since each of their tokens takes a pass through the table of outputs.
    """

    name: str
    data: Mapping[str, Any]
    encoder: str
    modality: str
    metric: str
    higher: bool = True
    answer: int = 24
    updates: int = 40
    train: int = 1000
    test: int = 150

    def task_data(self, shared: Path, most_train: int | None, most_test: int | None) -> TaskData:
        """Return its data, at most so many of each side."""
        values = {**self.data, "folder": shared / "data" / self.data["folder"]}
        return TaskData.model_validate({**values, "most_train": most_train, "most_test": most_test})

    def encoder_spec(self, examples: TaskExamples, folder: Path, parts: int) -> str:
        """Return how its encoder is opened with ``parts`` vectors an entity; one that is fitted is kept in a folder."""
        spec = self.encoder
        if spec == "expression_pca":
            place = (folder / f"pca-{self.name}-{len(examples.train)}").resolve()
            if not place.is_dir():
                cells: Any = [subject(one) for one in examples.train]
                fitted = ExpressionPCA.fit(
                    cells, components=min(50, len(cells) - 1), fitted_on=f"training cells of {self.name}"
                )
                fitted.save_pretrained(place)
            spec = f"{spec}:{place}"
        return spec if parts == 1 else f"{spec},parts={parts}"


TASKS: dict[str, ContestTask] = {
    one.name: one
    for one in (
        ContestTask(
            "pbmc",
            {
                "name": "annotate_pbmc", "folder": "single_cell/pbmc_three_chemistries", "shown_as": "genes",
                "entities": "pbmc_three_chemistries.h5ad",
            },
            "expression_pca", "cell_expression", "accuracy",
        ),
        ContestTask(
            "kang",
            {
                "name": "annotate_kang", "folder": "single_cell/kang_ifnb", "shown_as": "genes",
                "entities": "kang_ifnb.h5ad",
            },
            "expression_pca", "cell_expression", "accuracy",
        ),
        ContestTask(
            "esol",
            {"name": "mol_prop_esol", "folder": "molecule", "source": "moleculenet_esol", "split": "scaffold"},
            "morgan", "molecule_selfies", "rmse", higher=False,
        ),
        ContestTask(
            "chebi20",
            {
                "name": "mol_caption_smolinstruct", "folder": "molecule/chebi20", "source": "chebi20",
                "files": {"train": "validation.txt", "test": "test.txt"},
            },
            "morgan", "molecule_selfies", "meteor", answer=96, updates=16, test=48,
        ),
        ContestTask(
            "localisation",
            {"name": "prot_subcell_loc", "folder": "protein/localization", "source": "peer_localization"},
            "kmers,length=2", "protein_sequence", "accuracy",
        ),
    )
}  # fmt: skip
"""ChEBI-20 is learned from its validation set and asked from its test set. The sides of the localisation data are
those of DeepLoc, which keep sequences of 30% identity together. Cells are apart by chemistry and by donor."""


def examples_of(task: ContestTask, shared: Path, most_train: int | None, most_test: int | None) -> TaskExamples:
    """Return the examples of a task."""
    return read_task(task.task_data(shared, most_train, most_test))
