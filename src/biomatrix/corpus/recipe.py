"""The recipe of a corpus, a TOML file: sources, how often each view and task is drawn, and limits."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from biomatrix.corpus.selection_recipes import Count, DecontaminationRecipe, DeduplicationRecipe, FilterRecipe
from biomatrix.corpus.source_recipe import Mean, SourceRecipe
from biomatrix.corpus.vocabulary_recipe import VocabularyRecipe
from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.settings import LARGEST_INTEGER, Section, checked


class MixtureRecipe(Section):
    """How many tokens of a corpus come from each source.

    Parameters
    ----------
    weights : dict of str to float
        By source, all of them: its share of tokens, as numbers of any sum.
    preset : str, optional
        In place of weights, a table of shares by category and part: ``biomatrix``, the published one. The sources of
        one part share it by what they hold.
    tokens : int, optional
        The tokens of the whole corpus; as many as `most_repeat` allows when not given.
    most_repeat : float
        The largest factor on the number of documents of a source that the mixture may ask for, above its ``repeat``.
    """

    weights: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    preset: str | None = None
    tokens: int | None = Field(default=None, ge=1, le=LARGEST_INTEGER)
    most_repeat: float = Field(default=1.0, gt=0, le=10_000)

    @model_validator(mode="after")
    def _weights_or_preset(self) -> MixtureRecipe:
        if bool(self.weights) == (self.preset is not None):
            raise ValueError("a mixture gives either weights by source or a preset")
        return self


class CorpusRecipe(Section):
    """A whole corpus.

    Parameters
    ----------
    name : str
        Its name in messages and in the manifest.
    seed : int
        All draws depend on it, on the record's source and id, on the view and on the copy, and on nothing else.
    max_tokens : int
        The longest document, in token ids.
    slice_rows : int
        The number of source rows in one slice of work.
    sources : list of SourceRecipe
        In the order of the recipe; no name twice.
    allow : list of str, optional
        The licences that sources may have; those under which weights may be shipped when not given.
    views : dict of str to float
        By view name, the mean number of documents drawn from a record that has the view.
    tasks : dict of str to float
        The same for tasks, by task name.
    task_files : list of str
        TOML files of further tasks and views that the two above may name.
    held_out_documents : int
        The largest number of held-out documents of each view and task.
    modalities : list of str, optional
        The modalities that entities are written in; every registered one when not given.
    structure_tokenizers : dict of str to str
        By modality name, a shipped tokenizer's name or a folder; the default where not named.
    vocabulary : VocabularyRecipe
        How the corpus's own vocabulary is built.
    mixture : MixtureRecipe, optional
        The shares of sources; what their views and repeats give when not given.
    filters : list of FilterRecipe
        The quality filters, in the order in which records meet them.
    deduplication : DeduplicationRecipe
        Nothing is compared when not given.
    decontamination : DecontaminationRecipe
        On when not given.
    """

    name: str
    seed: int = Field(default=0, ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)
    max_tokens: Count = Field(default=512, ge=16)
    slice_rows: Count = Field(default=5000, ge=1)
    sources: list[SourceRecipe] = Field(min_length=1)
    allow: list[str] | None = None
    views: dict[str, Mean] = Field(default_factory=dict)
    tasks: dict[str, Mean] = Field(default_factory=dict)
    task_files: list[str] = Field(default_factory=list)
    held_out_documents: Count = Field(default=300, ge=0)
    modalities: list[str] | None = None
    structure_tokenizers: dict[str, str] = Field(default_factory=dict)
    vocabulary: VocabularyRecipe = Field(default_factory=VocabularyRecipe)
    mixture: MixtureRecipe | None = None
    filters: list[FilterRecipe] = Field(default_factory=list)
    deduplication: DeduplicationRecipe = Field(default_factory=DeduplicationRecipe)
    decontamination: DecontaminationRecipe = Field(default_factory=DecontaminationRecipe)

    @model_validator(mode="after")
    def _weights_of_all_sources(self) -> CorpusRecipe:
        names = {entry.name for entry in self.sources}
        weights = self.mixture.weights if self.mixture else {}
        if weights and weights.keys() != names:
            different = ", ".join(sorted(weights.keys() ^ names))
            raise ValueError(f"a mixture gives a weight to every source of the recipe and to no other: {different}")
        return self

    @model_validator(mode="after")
    def _no_name_twice(self) -> CorpusRecipe:
        twice = sorted(name for name, count in Counter(entry.name for entry in self.sources).items() if count > 1)
        if twice:
            raise ValueError(f"sources named twice: {', '.join(twice)}")
        return self

    def source(self, name: str) -> SourceRecipe:
        """Return the entry of the source of that name."""
        return next(entry for entry in self.sources if entry.name == name)

    @classmethod
    def from_file(cls, path: str | Path) -> CorpusRecipe:
        """Read a TOML recipe; ConfigurationError, which names a wrong or unknown key, where it is not one."""
        return checked(read_toml(path), cls, path)
