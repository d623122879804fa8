"""BLEU, edit distance, ROUGE, METEOR, WordPieces, WordNet: against plain definitions, and what is absent named."""

from __future__ import annotations

import logging
import random
import warnings
from pathlib import Path

import numpy as np
import pytest

from biomatrix.errors import ConfigurationError
from biomatrix.metrics.bleu import corpus_bleu
from biomatrix.metrics.captions import molt5_caption_scores, smolinstruct_caption_scores
from biomatrix.metrics.edit_distance import levenshtein
from biomatrix.metrics.rouge import _scorer, bootstrap_median, rouge_scores
from biomatrix.metrics.scores import mean_score
from biomatrix.metrics.wordnet import LEXICOGRAPHER_FILES, NEEDED, load_wordnet, set_up, version_of
from biomatrix.metrics.wordpieces import load_wordpieces


def plain_distance(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for index, one in enumerate(first, 1):
        previous, row[0] = row[0], index
        for place, other in enumerate(second, 1):
            previous, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, previous + (one != other))
    return row[-1]


@pytest.mark.parametrize("seed", range(4))
def test_edit_distance_is_that_of_the_table(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(60):
        first, second = ("".join(draw.choices("CNO()=é", k=draw.randrange(90))) for _ in range(2))
        assert levenshtein(first, second) == levenshtein(second, first) == plain_distance(first, second)


@pytest.mark.parametrize("seed", range(3))
def test_bleu_is_that_of_nltk(seed: int) -> None:
    nltk = pytest.importorskip("nltk.translate.bleu_score")
    draw = random.Random(seed)
    references = [draw.choices("abcd", k=draw.randrange(1, 9)) for _ in range(12)]
    answers = [draw.choices("abce", k=draw.randrange(9)) for _ in range(12)]
    for order in (1, 2, 4):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nltk's, of orders without a match
            expected = nltk.corpus_bleu([[one] for one in references], answers, weights=(1 / order,) * order)
        assert corpus_bleu(references, answers, order) == pytest.approx(expected, abs=1e-12)


def test_rouge_of_equal_texts_is_1_and_of_none_0() -> None:
    scores = rouge_scores(["binds zinc ions", "x"], ["Binds zinc, ions.", ""])
    assert {score.value for name, score in scores.items() if name != "rouge_2"} == {0.5}
    assert scores["rouge_l"].empty == 1


def test_rouge_leaves_logging_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    _scorer.cache_clear()
    rouge_scores(["binds zinc ions"], ["binds zinc"], stemmed=True)
    assert logging.root.handlers == []


def test_the_bootstrap_is_seeded_and_near_the_mean() -> None:
    score = mean_score(np.linspace(0, 1, 101))
    assert bootstrap_median(score, 1).value == bootstrap_median(score, 1).value
    assert bootstrap_median(score, 1).value != bootstrap_median(score, 2).value
    assert bootstrap_median(score, 1).value == pytest.approx(0.5, abs=0.02)


def test_captions_drop_or_keep_empty_answers() -> None:
    true, mine = ["a b c", "d e"], ["a b c", " "]
    dropped = smolinstruct_caption_scores(true, mine, str.split, None)
    kept = molt5_caption_scores(true, ["[CLS] a b c", " "], str.split, None)
    assert (dropped["rouge_l"].value, dropped["rouge_l"].denominator, dropped["rouge_l"].empty) == (1.0, 1, 1)
    assert (kept["rouge_l"].value, kept["rouge_l"].denominator, kept["rouge_l"].empty) == (0.5, 2, 1)
    assert dropped["bleu2"].value == pytest.approx(1.0)
    assert kept["bleu2"].value < 1


def test_wordpieces_need_their_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="scibert_scivocab_uncased"):
        load_wordpieces(tmp_path / "vocab.txt")
    vocabulary = tmp_path / "tiny.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "prot", "##ein", "bind", "##s"]))
    tokenize = load_wordpieces(vocabulary)
    assert list(tokenize("Protein binds [SEP] zinc")) == ["prot", "##ein", "bind", "##s", "[UNK]"]
    assert len(tokenize("protein " * 600)) == 512


def write_wordnet(folder: Path) -> None:
    """Write a WordNet of two words for one thing."""
    folder.mkdir()
    for name in NEEDED:
        (folder / name).write_text("  1 WordNet 3.0 Copyright 2006 by nobody\n" if name.startswith("data") else "")
    head = (folder / "data.noun").read_text()
    place = f"{len(head):08d}"
    (folder / "data.noun").write_text(f"{head}{place} 27 n 02 alcohol 0 spirit 0 000 | a liquid  \n")
    lines = "".join(f"{word} n 1 0 1 0 {place}  \n" for word in ("alcohol", "spirit"))
    (folder / "index.noun").write_text(lines)


def test_wordnet_is_set_up_from_its_files_and_gives_synonyms(tmp_path: Path) -> None:
    meteor = pytest.importorskip("biomatrix.metrics.meteor").meteor_score
    with pytest.raises(ConfigurationError, match="biomatrix metrics wordnet"):
        load_wordnet(tmp_path / "absent")
    with pytest.raises(ConfigurationError, match=r"it lacks index\.noun"):
        set_up(tmp_path, tmp_path / "absent")
    write_wordnet(tmp_path / "source")
    folder, version = set_up(tmp_path / "source", tmp_path / "ready")
    assert version == version_of(folder) == "3.0"
    wordnet = load_wordnet(folder)
    words = ("alcohol", "spirit", "acid")
    same, synonym, other = (meteor([["an", "alcohol"]], [["an", word]], wordnet).value for word in words)
    assert same == synonym > other > 0


def test_lexicographer_files_are_in_their_order() -> None:
    assert len(LEXICOGRAPHER_FILES) == 45
    assert [LEXICOGRAPHER_FILES[number] for number in (3, 27, 44)] == ["noun.Tops", "noun.substance", "adj.ppl"]
