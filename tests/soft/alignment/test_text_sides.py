"""Sides of texts: frozen, the same for a text whatever is beside it, saved and opened, empty texts refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.soft.alignment.decoder import Decoder
from biomatrix.soft.alignment.network_texts import NetworkTexts
from biomatrix.soft.alignment.text_sides import open_text_side
from biomatrix.soft.alignment.text_space import TextSpace
from biomatrix.soft.alignment.word_counts import WordCounts

TEXTS = [
    "a fatty acid with two double bonds",
    "a long chain fatty acid",
    "an aromatic ether of a phenol",
    "a phenol that is a plant metabolite",
    "a plant metabolite and a steroid",
    "a steroid ester",
]


@pytest.fixture(scope="module")
def fitted() -> WordCounts:
    side = WordCounts(width=4)
    side.fit(TEXTS)
    return side


def test_singular_vectors_keep_the_angles_of_the_whole_space() -> None:
    side = WordCounts(width=100)
    side.fit(TEXTS)
    assert side.width == len(TEXTS)
    whole = side._weighted(TEXTS).to_dense().numpy()
    vectors = side.encode(TEXTS)
    assert np.allclose(vectors @ vectors.T, whole @ whole.T, atol=1e-5)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_has_one_vector_whatever_is_beside_it(fitted: WordCounts) -> None:
    together = fitted.encode([*TEXTS, TEXTS[0]])
    assert np.allclose(together[0], fitted.encode([TEXTS[0]])[0], atol=1e-6)
    assert np.array_equal(together[0], together[-1])


def test_it_learns_the_same_again_and_is_the_same_when_opened(fitted: WordCounts, tmp_path: Path) -> None:
    again = WordCounts(width=4)
    again.fit(TEXTS)
    assert again.hash == fitted.hash
    fitted.save_pretrained(tmp_path / "side")
    opened = WordCounts.from_pretrained(tmp_path / "side")
    assert opened.hash == fitted.hash
    assert np.array_equal(opened.encode(TEXTS), fitted.encode(TEXTS))
    (tmp_path / "side" / "text_side.safetensors").write_bytes(b"cut")
    with pytest.raises(WeightsError):
        WordCounts.from_pretrained(tmp_path / "side")


def test_what_says_nothing_is_refused(fitted: WordCounts) -> None:
    with pytest.raises(ConfigurationError, match="empty text"):
        fitted.encode(["a phenol", "  "])
    with pytest.raises(ConfigurationError, match="knows nothing in 'xyzzy'"):
        fitted.encode(["xyzzy"])
    with pytest.raises(ConfigurationError, match="call fit"):
        WordCounts(4).encode(["a phenol"])


def test_a_network_in_a_folder_is_a_side_and_padding_changes_nothing(bert: Path) -> None:
    side = NetworkTexts(bert, "cpu")
    texts = ["A G V L", "A G", "L L L L L L A"]
    alone = np.concatenate([side.encode([text]) for text in texts])
    assert np.allclose(side.encode(texts), alone, atol=1e-5)
    assert len(side.hash) == 64


@pytest.mark.slow
def test_sides_of_a_decoder_and_the_isometry_into_its_space() -> None:
    decoder = Decoder("nano")
    for name in ("mean_embedding", "hidden_states"):
        side = open_text_side(name, decoder)
        alone = np.concatenate([side.encode([text]) for text in TEXTS])
        assert np.allclose(side.encode(TEXTS), alone, atol=1e-4)
        assert side.width == decoder.embeddings.width
    side = open_text_side("tfidf,width=5", decoder)
    space = TextSpace.fit(side, TEXTS, decoder.embeddings)
    placed = space.encode(TEXTS)
    centred = side.encode(TEXTS) - space.mean
    assert placed.shape == (len(TEXTS), decoder.embeddings.width)
    assert np.allclose(placed @ placed.T, centred @ centred.T, atol=1e-5)


def test_a_side_that_is_not_one_is_refused() -> None:
    decoder = Decoder("nano")
    for spec in ("tfdf", "tfidf,width=x", "network", "mean_embedding,width=3"):
        with pytest.raises(ConfigurationError):
            open_text_side(spec, decoder)


def test_texts_that_are_cut_are_counted_and_told(bert: Path, caplog: pytest.LogCaptureFixture) -> None:
    long = "a molecule of many rings " * 400
    opened = Decoder("nano")
    for side in (NetworkTexts(bert), open_text_side("mean_embedding", opened), open_text_side("hidden_states", opened)):
        caplog.clear()
        with caplog.at_level("WARNING", logger="biomatrix.soft"):
            side.encode(["short", long, "a ring"])
        assert [record.getMessage().split(": ")[-1] for record in caplog.records if "cut" in record.getMessage()] == [
            "1 of 3 texts are longer than it reads, and were cut at their end"
        ]
