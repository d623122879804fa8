"""Which records a recipe keeps: filters, duplicates, what test sets hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.entities.settings import Section

Count = Annotated[int, Field(le=2**31 - 1)]
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
