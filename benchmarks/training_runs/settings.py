"""What a run of a small decoder depends on, and the recipe that the project's trainer runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from biomatrix.corpus.shards import TokenShards, held_out_folders
from biomatrix.corpus.work_folder import WorkFolder
from biomatrix.training import Recipe
from biomatrix.training.mixture import MixtureSection

if TYPE_CHECKING:
    from biomatrix.vocabulary import Vocabulary

HEAD_DIM = 32
REFERENCE_WIDTH = 128
"""The width that a rate is given for; it falls with the root of the width."""
ROW_MULTIPLE = 64


@dataclass(frozen=True)
class RunCorpus:
    """A corpus to train on, and the vocabulary of its ids.

    Parameters
    ----------
    folder : Path
        Training shards, beside which the held-out ones stand.
    vocabulary_folder : Path
    work : Path, optional
        The build's folder, which holds the records.
    """

    folder: Path
    vocabulary_folder: Path
    work: Path | None = None

    @classmethod
    def at(cls, work: Path) -> RunCorpus:
        """Return that of a build's work folder; ConfigurationError where there is no finished corpus."""
        found = WorkFolder.at(work)
        return cls(found.shards, found.work / "vocabulary", found.work)

    @cached_property
    def shards(self) -> TokenShards:
        """The training documents, mapped."""
        return TokenShards(self.folder)

    @cached_property
    def held_out(self) -> dict[str, TokenShards]:
        """The held-out documents by view or task, those that have any."""
        found = {view: TokenShards(folder) for view, folder in held_out_folders(self.folder).items()}
        return {view: documents for view, documents in found.items() if len(documents)}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary, opened when first needed."""
        from biomatrix.vocabulary import Vocabulary

        return Vocabulary.from_pretrained(self.vocabulary_folder)

    @cached_property
    def row_length(self) -> int:
        """The inputs of the longest row that no document exceeds, a whole multiple of `ROW_MULTIPLE`."""
        longest = max(int(documents.lengths.max()) for documents in (self.shards, *self.held_out.values()))
        return -(-max(longest - 1, 1) // ROW_MULTIPLE) * ROW_MULTIPLE


@dataclass(frozen=True)
class RunSettings:
    """A run of a small decoder.

    Parameters
    ----------
    steps : int
        Of the optimiser.
    tokens : int
        Of a step, padding included.
    width, layers : int
        Sizes of the decoder; the width is a multiple of 32.
    rate : float
        The highest learning rate at a width of 128; others get it times the root of 128 over their width.
    warmup : int
        Steps over which the rate rises.
    decay : float
        The share of the run over which the rate falls at its end; 0 for a run that stays level.
    seed : int
    documents : int
        Held-out rows of each view and task.
    threads : int
    initialisation : {"random", "description", "geometry"}
        Of the rows of modality tokens.
    spare_rows : int
        Rows of the embedding past those of the vocabulary.
    mixture : MixtureSection
    minutes : float, optional
        The most that the run takes; it is cut there.
    """

    steps: int
    tokens: int = 4096
    width: int = 128
    layers: int = 4
    rate: float = 2e-3
    warmup: int = 10
    decay: float = 0.3
    seed: int = 0
    documents: int = 24
    threads: int = 2
    initialisation: Literal["random", "description", "geometry"] = "random"
    spare_rows: int = 0
    mixture: MixtureSection = field(default_factory=MixtureSection)
    minutes: float | None = None

    def short_of(self, corpus: RunCorpus) -> RunSettings:
        """Return them with steps that hold at least one row of a corpus."""
        return replace(self, tokens=max(self.tokens, corpus.row_length))


def recipe(settings: RunSettings, corpus: RunCorpus, output: Path) -> Recipe:
    """Return the recipe of a run on a corpus."""
    settings = settings.short_of(corpus)
    heads = max(settings.width // HEAD_DIM, 1)
    rows = len(corpus.vocabulary) + settings.spare_rows
    return Recipe.model_validate(
        {
            "model": {
                "vocabulary": str(corpus.vocabulary_folder),
                "hidden_size": settings.width,
                "num_layers": settings.layers,
                "intermediate_size": 3 * settings.width,
                "num_heads": heads,
                "num_kv_heads": heads if heads % 2 else heads // 2,
                "head_dim": HEAD_DIM,
                "max_positions": max(2048, corpus.row_length + 1),
                "row_multiple": rows,
                "initialisation": settings.initialisation,
            },
            "data": {"train": str(corpus.folder)},
            "batches": {"tokens": settings.tokens, "max_length": corpus.row_length},
            "mixture": settings.mixture.model_dump(),
            "optimiser": {
                "peak_lr": settings.rate * (REFERENCE_WIDTH / settings.width) ** 0.5,
                "warmup_steps": settings.warmup,
                "shape": "wsd" if settings.decay else "constant",
                "decay_fraction": settings.decay,
            },
            "run": {
                "output": str(output),
                "max_steps": settings.steps,
                "max_minutes": settings.minutes,
                "seed": settings.seed,
                "evaluate_every": settings.steps + 1,
                "evaluate_documents": settings.documents,
                "save_every": max(settings.steps // 4, 50),
                "log_every": max(settings.steps // 5, 1),
                "threads": settings.threads,
            },
        }
    )
