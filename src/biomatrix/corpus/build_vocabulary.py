"""Third step of a build: a vocabulary of the corpus's own, for a model trained from scratch or one that goes on.

The records are read several times and never kept: memory grows with the number of distinct tokens, not with the
corpus.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from biomatrix.corpus.base_vocabulary import BaseVocabulary
from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.launching import Workers, launcher_of
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.records import TokenRecord
from biomatrix.corpus.saved_vocabulary import ORIGIN
from biomatrix.corpus.slices import fingerprint
from biomatrix.corpus.token_counts import summed
from biomatrix.corpus.vocabulary_recipe import CoverageRecipe, VocabularyRecipe
from biomatrix.entities import default_modality_names, modality
from biomatrix.entities.base_modality import Modality
from biomatrix.tasks.registry import package_definitions
from biomatrix.vocabulary import Coverage, Vocabulary, coverage_of, joint_tokens, train_byte_bpe

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

log = logging.getLogger(__name__)

VERSION = 1
"""Raised when the same tokens and settings would give another vocabulary."""

Slices = Mapping[str, Sequence[TokenisedSlice]]
"""Finished token slices, by source."""

PLAIN_COVERAGE = CoverageRecipe(share=0.999)
"""The tokens of an open-ended modality that are kept where the recipe says nothing."""
CODED_COVERAGE = CoverageRecipe(share=0.99, limit=1800)
"""The same where a token holds a structure code: every pair of symbol and code is a token, so there are very many."""

_TEMPLATE_REPEATS = 50
"""How often each prompt is read when merges are learned: prompts are short and occur in every exchange."""
_RECORDS_PER_TURN = 20
"""The number of records read from one source before the next one's turn."""
_NOT_PROSE = ("licence", "repository")


def training_records(
    slices: Sequence[TokenisedSlice], modalities: Collection[str] | None = None
) -> Iterator[TokenRecord]:
    """Yield the training records of slices, in order, with the tokens of ``modalities``, all by default."""
    for item in slices:
        yield from item.read(("train",), modalities)


def _limit(texts: Iterator[str], characters: int) -> Iterator[str]:
    """Yield texts until they hold this many characters."""
    for text in texts:
        if characters <= 0:
            return
        characters -= len(text)
        yield text


def _prose(slices: Slices) -> Iterator[str]:
    """Yield the prose of prompts and records, sources interleaved so that a limit cuts none of them off."""
    for task in package_definitions().tasks.values():
        yield from (*task.prompts, task.answer) * _TEMPLATE_REPEATS
    queues = [filter(_has_words, training_records(group, ())) for group in slices.values()]
    while queues:
        for queue in list(queues):
            records = list(islice(queue, _RECORDS_PER_TURN))
            if not records:
                queues.remove(queue)
            for record in records:
                yield from (value for name, value in record.fields.items() if name not in _NOT_PROSE)


def _has_words(record: TokenRecord) -> bool:
    return any(not value.replace(".", "").replace("-", "").isdigit() for value in record.fields.values())


def _entity_texts(slices: Slices, names: Sequence[str]) -> Iterator[str]:
    """Yield two thirds of the entities as text, every third one first, so that a limit cuts off no source.

    The last third is left out: reading it too would change the vocabularies of every corpus within the limit.
    """
    items = [item for group in slices.values() for item in group if item.writes(names)]
    for turn in (0, 1):
        records = training_records(items, names)
        strings = (tokens[0] for record in records for name, tokens in record.written() if name in names)
        yield from islice(strings, turn, None, 3)


def choose_tokens(counts: Mapping[str, int], coverage: float, limit: int | None = None) -> tuple[list[str], float]:
    """Return the most frequent tokens that cover a share of occurrences, at most ``limit``, and their share."""
    tokens = joint_tokens(counts, coverage)[:limit]
    total = sum(counts.values())
    return tokens, sum(counts[token] for token in tokens) / total if total else 1.0


def coverage_settings(given: CoverageRecipe | None, writer: Modality) -> tuple[float, int | None]:
    """Return the share of occurrences to cover and the largest number of tokens of an open-ended modality."""
    default = CODED_COVERAGE if writer.needs_tokenizer else PLAIN_COVERAGE
    settings = given or CoverageRecipe()
    share = settings.share if settings.share is not None else default.share
    return share or 0.0, settings.limit if settings.limit is not None else default.limit


def count_open_tokens(slices: Slices, writers: Sequence[Modality]) -> dict[str, Counter[str]]:
    """Return how often each token of each open-ended modality occurs in training records, composites included.

    They were counted when the tokens were written.
    """
    written = {writer.name for writer in writers}
    folders = (
        folder for item in chain.from_iterable(slices.values()) for name, folder in item.tokens if name in written
    )
    return summed(folders, [writer.name for writer in writers if writer.open_ended])


def build_vocabulary(
    slices: Slices, recipe: CorpusRecipe, *, base: BaseVocabulary | None = None, workers: Workers = 1
) -> Vocabulary:
    """Build a vocabulary from the training records of finished token slices.

    The text entries are those of the base, else a byte-level BPE learned on the records' prose and on entities spelled
    as text. Of an open-ended modality, whose tokens only a corpus can list, the most frequent tokens are kept that
    cover the share set in the recipe; of the others, all.
    """
    settings = recipe.vocabulary
    names = recipe.modalities or default_modality_names()
    writers = [modality(name, tokenizer=recipe.structure_tokenizers.get(name)) for name in names]
    tokenizer, rows = base.open() if base else (_learned(slices, settings, writers), None)
    counts = count_open_tokens(slices, writers)
    tokens_of: dict[str, list[str]] = {}
    for writer in writers:
        if writer.open_ended:
            share, limit = coverage_settings(settings.coverage.get(writer.name), writer)
            tokens_of[writer.name], covered = choose_tokens(counts[writer.name], share, limit)
            whole = coverage_in(slices, writer.name, tokens_of[writer.name], workers)
            log.info("%s", describe(writer.name, covered, whole))
    vocabulary = Vocabulary.build(tokenizer, tokens=tokens_of, modalities=writers, base_rows=rows)
    log.info("%d entries in all: %r", len(vocabulary), vocabulary)
    return vocabulary


def _learned(slices: Slices, settings: VocabularyRecipe, writers: Sequence[Modality]) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE learned on prose and on entities spelled as text."""
    prose = _limit(_prose(slices), settings.text_characters)
    entity_texts = _entity_texts(slices, [writer.name for writer in writers if writer.spelled_as_text])
    characters = settings.text_characters + settings.smiles_characters
    log.info("learning %d text entries on at most %d characters", settings.text_entries, characters)
    return train_byte_bpe(chain(prose, _limit(entity_texts, settings.smiles_characters)), settings.text_entries)


def coverage_in(slices: Slices, name: str, kept: Sequence[str], workers: Workers = 1) -> Coverage:
    """Return how much of what training records are written with in a modality consists of the kept tokens."""
    items = [item for group in slices.values() for item in group if item.writes((name,))]
    with launcher_of(workers).crew(len(items)) as crew:
        parts = [part for _, part in crew(partial(_coverage_in_slice, name=name, kept=frozenset(kept)), items)]
    return sum(parts, start=coverage_of(kept, ()))


def _coverage_in_slice(item: TokenisedSlice, name: str, kept: frozenset[str]) -> Coverage:
    records = training_records([item], (name,))
    return coverage_of(kept, (tokens for record in records for other, tokens in record.written() if other == name))


def describe(name: str, covered: float, found: Coverage) -> str:
    """Return one line on how much of a corpus the kept tokens of a modality write, and how many records whole."""
    if not found.sequences:
        return f"{name}: no record is written in it"
    return (
        f"{name}: {found.tokens} tokens cover {covered:.4f} of occurrences; {found.sequences_covered} of "
        f"{found.sequences} records ({found.sequence_share:.3f}) can be written whole"
    )


def vocabulary_fingerprint(slices: Slices, recipe: CorpusRecipe, base: BaseVocabulary | None) -> str:
    """Return the hash of the token slices, the base and the parts of a recipe that a vocabulary depends on."""
    names = list(recipe.modalities or default_modality_names())
    marks = {source: [item.fingerprint for item in group] for source, group in slices.items()}
    settings = recipe.vocabulary.model_dump(exclude={"base"})  # it may be named in several ways: its content counts
    return fingerprint(VERSION, settings, names, list(marks.items()), *((base.fingerprint,) if base else ()))


def save_vocabulary(
    slices: Slices, recipe: CorpusRecipe, folder: Path, *, base: BaseVocabulary | None, workers: Workers = 1
) -> None:
    """Build the vocabulary of finished token slices; save it in the ordinary layout, with what it was built from."""
    build_vocabulary(slices, recipe, base=base, workers=workers).save_pretrained(folder)
    origin = {"fingerprint": vocabulary_fingerprint(slices, recipe, base)}
    (folder / ORIGIN).write_text(json.dumps(origin) + "\n", encoding="utf-8")


def is_vocabulary_of(slices: Slices, recipe: CorpusRecipe, folder: Path, base: BaseVocabulary | None) -> bool:
    """Return whether a folder holds the vocabulary that these slices, this recipe and this base would give."""
    try:
        origin = json.loads((folder / ORIGIN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    same = origin == {"fingerprint": vocabulary_fingerprint(slices, recipe, base)}
    return same and (folder / "tokenizer.json").is_file()
