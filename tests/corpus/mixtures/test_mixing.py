"""Mixtures: factors that give the wanted shares, presets, and what comes out of a build."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biomatrix.corpus.build import build_corpus
from biomatrix.corpus.mixtures.mixing import factors_of, normalised, shares_of_rows
from biomatrix.corpus.mixtures.preset import preset
from biomatrix.corpus.recipe import CorpusRecipe, MixtureRecipe
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.statistics import corpus_statistics
from biomatrix.corpus.vocabulary_recipe import VocabularyRecipe
from biomatrix.errors import ConfigurationError

POSITIVE = st.floats(1.0, 1e12)


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=8), st.floats(0.5, 20))
def test_factors_give_the_shares_and_keep_to_the_limit(pairs: list[tuple[float, float]], most: float) -> None:
    tokens = {str(number): pair[0] for number, pair in enumerate(pairs)}
    total = sum(pair[1] for pair in pairs)
    shares = {str(number): pair[1] / total for number, pair in enumerate(pairs)}
    factors = factors_of(tokens, shares, None, most)
    drawn = {name: factors[name] * tokens[name] for name in tokens}
    for name, share in shares.items():
        assert drawn[name] / sum(drawn.values()) == pytest.approx(share, rel=1e-4)
    assert max(factors.values()) == pytest.approx(most, rel=1e-4)


def test_more_than_the_sources_hold_is_refused_with_what_can_be_had() -> None:
    tokens, shares = {"a": 100.0, "b": 900.0}, {"a": 0.5, "b": 0.5}
    with pytest.raises(ConfigurationError, match=r"a 5 times.*at most 200 tokens"):
        factors_of(tokens, shares, 1000, 1.0)
    assert factors_of(tokens, shares, 1000, 5.0) == {"a": 5.0, "b": 0.555556}
    with pytest.raises(ConfigurationError, match=r"give no document.*b"):
        factors_of({"a": 1.0, "b": 0.0}, shares, None, 1.0)


def test_the_published_table_is_whole() -> None:
    rows = preset().rows
    assert sum(rows.values()) == pytest.approx(304.4e9)
    assert preset().tokens["cross_entity"]["3d"] == 11.4e9
    with pytest.raises(ConfigurationError, match="no preset"):
        preset("other")


def test_sources_of_a_row_share_it_by_what_they_hold() -> None:
    rows = {"a": ("protein", "1d"), "b": ("protein", "1d"), "c": ("text", "general")}
    shares = shares_of_rows(
        {("protein", "1d"): 36.0, ("text", "general"): 12.0, ("text", "scientific"): 1.0},
        rows,
        {"a": 1.0, "b": 2.0, "c": 5.0},
    )
    assert shares == pytest.approx({"a": 0.25, "b": 0.5, "c": 0.25})
    with pytest.raises(ConfigurationError, match=r"d \(rna/1d\)"):
        shares_of_rows({("protein", "1d"): 1.0}, {"d": ("rna", "1d")}, {"d": 1.0})


@pytest.mark.parametrize(
    "mixture",
    [
        {},
        {"preset": "biomatrix", "weights": {"a": 1.0}},
        {"weights": {"a": 0.0}},
        {"weights": {"a": 1}, "most_repeat": 0},
    ],
)
def test_a_mixture_that_says_too_little_or_too_much_is_refused(mixture: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"mixture|greater"):
        MixtureRecipe.model_validate(mixture)


def test_weights_name_every_source_and_no_other() -> None:
    with pytest.raises(ValueError, match="to no other: b, c"):
        CorpusRecipe.model_validate(
            {"name": "x", "sources": [{"name": "a"}, {"name": "b"}], "mixture": {"weights": {"a": 1, "c": 1}}}
        )


@pytest.mark.slow
def test_a_build_comes_out_with_the_shares(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    words = [f"Sample {number} was heated to {number % 90} degrees and weighed again." for number in range(600)]
    (data / "notes.csv").write_text("text\n" + "".join(f"{line}\n" for line in words))
    (data / "names.csv").write_text("smiles\n" + "".join(f"{'C' * (2 + number % 20)}O\n" for number in range(900)))
    sources = [
        SourceRecipe(name="notes", reader="csv", files=["notes.csv"], fields={"text": "text"}, licence=["CC0-1.0"]),
        SourceRecipe(
            name="names",
            reader="csv",
            files=["names.csv"],
            kind="molecule",
            entity="smiles",
            licence=["CC0-1.0"],
            part="1d",
        ),
    ]
    recipe = CorpusRecipe(
        name="mixed",
        sources=sources,
        views={"text": 1.0, "molecule_smiles": 1.0},
        modalities=["molecule_smiles"],
        vocabulary=VocabularyRecipe(text_entries=400),
        mixture=MixtureRecipe(weights={"notes": 3.0, "names": 1.0}, most_repeat=2.0),
    )
    build_corpus(recipe, data, tmp_path / "work")
    found = corpus_statistics(tmp_path / "work")
    shares = {one["name"]: one["share"] for one in found["sources"]}
    assert shares == pytest.approx({"notes": 0.75, "names": 0.25}, abs=0.03)
    assert sum(found["modalities"].values()) == found["tokens"] == sum(row["tokens"] for row in found["table"])
    rows = {(row["category"], row["part"]): row["tokens"] for row in found["table"]}
    assert rows["molecule", "1d"]
    assert rows["text", "other"]


@pytest.mark.parametrize("weights", [(1e308, 1e308), (5e-324, 5e-324), (1.0, 1.0)])
def test_weights_of_any_size_are_shares(weights: tuple[float, float]) -> None:
    assert normalised(dict(zip("ab", weights, strict=True))) == {"a": 0.5, "b": 0.5}
