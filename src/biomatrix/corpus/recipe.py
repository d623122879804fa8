"""The recipe of a corpus, a TOML file: sources, how often each view and task is drawn, and limits."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from biomatrix.corpus.link_recipe import LinkRecipe
from biomatrix.corpus.table_recipes import HoldOutRecipe, PartRecipe
from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.settings import LARGEST_INTEGER, Section, checked
from biomatrix.tasks.written_records import INTERACTION

Mean = Annotated[float, Field(ge=0, le=10_000)]
"""A mean number of documents drawn from one record."""
Count = Annotated[int, Field(le=2**31 - 1)]


_OF_ANY_SOURCE = {
    "name",
    "repeat",
    "embed_attempts",
    "largest",
    "embed",
    "conformers",
    "rewritings",
    "settings",
    "reader",
    "files",
    "link",
    "allowed_in",
}
"""Keys that need no reader."""


class SourceRecipe(Section):
    """One source, by name or described in full.

    Parameters
    ----------
    name : str
        A registered source where there is no reader, else any name; it seeds the draws for each record.
    repeat : float
        A factor on the number of documents drawn from each of its records.
    embed_attempts : int, optional
        For sources of SMILES, some of which are given a conformer: the starting positions tried for each, of either
        kind; by its size when not given.
    largest : dict of str to int
        The largest entity that is taken, in place of the source's own: of a molecule ``heavy_atoms`` and ``atoms``
        (hydrogens that are written included), of a protein ``residues``.
    embed : float, optional
        For sources of SMILES, the share of molecules that are given a conformer; the source's own when not given.
    conformers : int
        For sources of SMILES, the largest number of conformers of a molecule that is given any; alike ones are left
        out.
    rewritings : int
        The number of further ways in which each record's entities are written: atoms in another order, another
        conformer. Documents are drawn from each as from the first.
    settings : dict
        Settings of a published source's reader, such as the longest piece of text; see its page.
    reader : str, optional
        The format of its files: ``csv``, ``tsv``, ``jsonl``, ``parquet``, ``fasta``, one that a kind reads, or
        ``files`` for files that are each read as their name says.
    files : list of str
        Paths or patterns, relative to the data folder; of a published source, in place of those of its card.
    kind : str, optional
        The kind of entity in each row or record; ``text``, or not given, for rows of words alone.
    entity : str, optional
        The column that holds the entity as a person would type it, such as SMILES, or the name of its file.
    folder : str, optional
        Where `entity` names files: their folder, relative to the data folder.
    parts : dict of str to PartRecipe
        In place of an entity, several by role, as ``ligand`` and ``protein``: the rows are interactions.
    hold_out : HoldOutRecipe, optional
        Which records are held out besides those that the package's own rule holds out.
    id : str, optional
        The column with the record's name; its number when not given.
    fields : dict of str to str
        The columns that are kept, each with the name of its field in the record.
    licence : list of str
        Every licence that applies, SPDX names.
    origin : str
        The publisher, and what to cite.
    link : LinkRecipe, optional
        How the entities that its texts name are found, which makes interleaved records of them.
    category, part : str, optional
        Its row in the token table; the kind's name and ``other`` when not given.
    """

    name: str = Field(pattern=r"^\w[\w.-]*$")
    repeat: Mean = 1.0
    embed_attempts: int | None = Field(default=None, ge=1, le=LARGEST_INTEGER)
    largest: dict[str, Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]] = Field(default_factory=dict)
    embed: float | None = Field(default=None, ge=0, le=1)
    conformers: int = Field(default=1, ge=1, le=100)
    rewritings: int = Field(default=0, ge=0, le=100)
    settings: dict[str, Any] = Field(default_factory=dict)
    reader: str | None = None
    files: list[str] = Field(default_factory=list)
    kind: str | None = None
    entity: str | None = None
    folder: str | None = None
    parts: dict[str, PartRecipe] = Field(default_factory=dict)
    hold_out: HoldOutRecipe | None = None
    id: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    licence: list[str] = Field(default_factory=list)
    origin: str = ""
    link: LinkRecipe | None = None
    category: str | None = None
    part: str | None = None

    @model_validator(mode="after")
    def _described_or_named(self) -> SourceRecipe:
        keys = [name for name in sorted(self.model_fields_set - _OF_ANY_SOURCE) if getattr(self, name)]
        if self.reader is None and keys:
            raise ValueError(f"source {self.name}: {', '.join(keys)} need a reader, which says how files are read")
        if self.reader is not None and not self.files:
            raise ValueError(f"source {self.name}: a reader needs files")
        if self.reader is not None and self.settings:
            raise ValueError(f"source {self.name}: settings are those of a published source, which needs no reader")
        if self.parts and (self.entity or self.kind not in (None, INTERACTION)):
            raise ValueError(f"source {self.name}: rows of parts are interactions; leave entity and kind out")
        return self


class CoverageRecipe(Section):
    """The tokens that a vocabulary keeps of an open-ended modality, which has no fixed set of them.

    Parameters
    ----------
    share : float, optional
        The most frequent tokens are kept that cover more than this share of occurrences, in (0, 1).
    limit : int, optional
        The largest number of tokens.
    """

    share: float | None = Field(default=None, gt=0, lt=1)
    limit: Count | None = Field(default=None, ge=1)


_FORMER_KEYS = {
    "selfies_coverage": ("molecule_selfies", "share"),
    "joint_coverage": ("molecule_structure", "share"),
    "max_joint": ("molecule_structure", "limit"),
}
"""Keys of recipes written before coverage was by modality."""


class VocabularyRecipe(Section):
    """How a vocabulary is built from the corpus.

    Parameters
    ----------
    text_entries : int
        Entries of the byte-level BPE, its chat tokens included.
    coverage : dict of str to CoverageRecipe
        By modality name; the default keeps a larger share of plain tokens than of tokens with structure codes.
    text_characters, smiles_characters : int
        The largest number of characters of prose, and of entities spelled as text, that the BPE is learned on.
    """

    former_keys: ClassVar[tuple[str, ...]] = tuple(_FORMER_KEYS)

    text_entries: int = Field(default=1900, ge=300, le=2**24)
    coverage: dict[str, CoverageRecipe] = Field(default_factory=dict)
    text_characters: Count = Field(default=6_000_000, ge=1000)
    smiles_characters: Count = Field(default=2_000_000, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _take_former_keys(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not _FORMER_KEYS.keys() & given.keys():
            return given
        present = {key: value for key, value in given.items() if key not in _FORMER_KEYS}
        coverage = {name: dict(entry) for name, entry in dict(present.get("coverage", {})).items()}
        for key, (name, part) in _FORMER_KEYS.items():
            if key in given:
                coverage.setdefault(name, {}).setdefault(part, given[key])
        return {**present, "coverage": coverage}


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


Share = Annotated[float, Field(gt=0, le=1)]


class FilterRecipe(Section):
    """One quality filter.

    Parameters
    ----------
    name : str
        As ``biomatrix.corpus.filters`` or a kind names it.
    settings : dict
        Its own; each has a default.
    sources : list of str
        The sources it judges; all when empty.
    without : list of str
        The sources that it does not judge.
    """

    name: str
    settings: dict[str, Any] = Field(default_factory=dict)
    sources: list[str] = Field(default_factory=list)
    without: list[str] = Field(default_factory=list)

    def applies_to(self, source: str) -> bool:
        """Return whether it judges the records of a source."""
        return source not in self.without and (not self.sources or source in self.sources)


class DeduplicationRecipe(Section):
    """Which records are left out because another says the same.

    Parameters
    ----------
    exact : bool
        Whether records of equal identity are reduced to one, across all sources.
    near : dict of str to float
        By kind of record, ``text`` or one whose entities have letters, the least Jaccard similarity of two records of
        which one is left out.
    without : list of str
        The sources that are not compared, such as conformers of one molecule.
    permutations : int
        Values in a MinHash signature.
    """

    exact: bool = False
    near: dict[str, Share] = Field(default_factory=dict)
    without: list[str] = Field(default_factory=list)
    permutations: int = Field(default=128, ge=16, le=1024)

    @property
    def is_on(self) -> bool:
        """Whether anything is compared."""
        return self.exact or bool(self.near)


class TestSetRecipe(SourceRecipe):
    """A test set of one's own: a source whose records, or their parts, are not to be trained on.

    Parameters
    ----------
    allowed_in : list of str
        Sources that may hold it, because they are split by a rule of their own.
    """

    __test__ = False  # the name is not that of a test case

    allowed_in: list[str] = Field(default_factory=list)


class DecontaminationRecipe(Section):
    """What test sets hold, and how near a record may come to it.

    Parameters
    ----------
    enabled : bool
        Off only where a recipe says so; the manifest notes it.
    splits : list of str
        Of the benchmarks: ``test``, ``validation``.
    benchmarks : list of str
        Their names; all when empty.
    folders : dict of str to str
        By source of benchmarks, its folder below the data folder, where it is not called like the source.
    sets : list of TestSetRecipe
        Further test sets, described as sources are.
    interactions : str
        ``pair``: rows about two entities exclude the two together; ``any``: each of them alone too.
    stretch : int
        Letters in a row, such as residues, that a record must not share with a test sequence; 0 for any number.
    containment : float, optional
        The share of a test sequence's words of five letters that a record must not hold.
    tanimoto : float, optional
        The Tanimoto similarity to a test entity that a record must not reach, for kinds with fingerprints.
    words : int
        Words in a row that a text must not share with a test question or answer; 0 for any number.
    most_rows : int
        Runs of words that stand in more rows of one test set than this are its wording, and not compared.
    """

    enabled: bool = True
    splits: list[Literal["test", "validation"]] = Field(default=["test", "validation"], min_length=1)
    benchmarks: list[str] = Field(default_factory=list)
    folders: dict[str, str] = Field(default_factory=dict)
    sets: list[TestSetRecipe] = Field(default_factory=list)
    interactions: Literal["pair", "any"] = "pair"
    stretch: int = Field(default=20, ge=0, le=1000)
    containment: Share | None = None
    tanimoto: Share | None = None
    words: int = Field(default=13, ge=0, le=1000)
    most_rows: Count = Field(default=10, ge=1)


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
