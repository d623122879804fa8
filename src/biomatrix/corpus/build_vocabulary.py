"""Third step of a build: a vocabulary of the corpus's own, for a model that starts from nothing."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.recipe import CorpusRecipe, VocabularyRecipe
from biomatrix.corpus.records import TokenRecord
from biomatrix.corpus.templates import TASKS
from biomatrix.entities import modality, modality_names
from biomatrix.vocabulary import Coverage, Vocabulary, coverage_of, joint_tokens, train_byte_bpe

log = logging.getLogger(__name__)

_TEMPLATE_REPEATS = 50
"""How often each prompt is read when merges are learned: prompts are short and come up in every exchange."""


def training_records(slices: Mapping[str, Sequence[TokenisedSlice]]) -> Iterator[TokenRecord]:
    """Yield every training record, in order."""
    for group in slices.values():
        for item in group:
            yield from item.read(("train",))


def _limited(texts: Iterator[str], characters: int) -> Iterator[str]:
    """Yield texts until so many characters have passed."""
    for text in texts:
        if characters <= 0:
            return
        characters -= len(text)
        yield text


def _prose(records: Sequence[TokenRecord]) -> Iterator[str]:
    """Yield what records say in words, sources interleaved so that a limit cuts none of them off."""
    for task in TASKS.values():
        yield from (*task.prompts, task.answer) * _TEMPLATE_REPEATS
    by_source: dict[str, list[TokenRecord]] = {}
    for record in records:
        if any(not value.replace(".", "").replace("-", "").isdigit() for value in record.fields.values()):
            by_source.setdefault(record.source, []).append(record)
    queues = [iter(group) for group in by_source.values()]
    while queues:
        for queue in list(queues):
            chunk = list(islice(queue, 20))
            if not chunk:
                queues.remove(queue)
            for record in chunk:
                yield from (value for name, value in record.fields.items() if name not in ("licence", "repository"))


def _smiles(records: Sequence[TokenRecord]) -> Iterator[str]:
    """Yield SMILES strings, every third first: a limit must not cut off the last sources."""
    strings = [record.tokens["molecule_smiles"][0] for record in records if "molecule_smiles" in record.tokens]
    yield from strings[::3]
    yield from strings[1::3]


def choose_tokens(counts: Mapping[str, int], coverage: float, limit: int | None = None) -> tuple[list[str], float]:
    """Return the most frequent tokens that cover a share of occurrences, and their share."""
    kept = joint_tokens(counts, coverage)[:limit]
    total = sum(counts.values())
    return kept, sum(counts[token] for token in kept) / total if total else 1.0


def build_vocabulary(records: Sequence[TokenRecord], settings: VocabularyRecipe, recipe: CorpusRecipe) -> Vocabulary:
    """Build a vocabulary from training records.

    The text entries are a byte-level BPE learned on the records' prose and SMILES; SELFIES symbols and joint
    molecule tokens are those that cover the wanted share of occurrences; residues and codes are all there.
    """
    prose = _limited(_prose(records), settings.text_characters)
    smiles = _limited(_smiles(records), settings.smiles_characters)
    base = train_byte_bpe((text for group in (prose, smiles) for text in group), settings.text_entries)
    selfies, selfies_share = choose_tokens(_counts(records, "molecule_selfies"), settings.selfies_coverage)
    joint, joint_share = choose_tokens(
        _counts(records, "molecule_structure"), settings.joint_coverage, settings.max_joint
    )
    log.info("%d SELFIES symbols cover %.4f of occurrences", len(selfies), selfies_share)
    log.info("%d joint molecule tokens cover %.4f of occurrences", len(joint), joint_share)
    report = coverage_of(joint, _sequences(records, "molecule_structure"))
    log.info("%s", describe(report))
    vocabulary = Vocabulary.build(
        base,
        tokens={"molecule_selfies": selfies, "molecule_structure": joint},
        modalities=[
            modality(name, tokenizer=recipe.structure_tokenizers.get(name))
            for name in recipe.modalities or modality_names()
        ],
    )
    log.info("%d entries in all: %r", len(vocabulary), vocabulary)
    return vocabulary


def describe(report: Coverage) -> str:
    """Return one line on how many 3D molecules can be written whole."""
    share = report.sequence_share
    return f"{report.sequences_covered} of {report.sequences} 3D molecules ({share:.3f}) can be written whole"


def _sequences(records: Sequence[TokenRecord], name: str) -> Iterator[Sequence[str]]:
    return (record.tokens[name] for record in records if name in record.tokens)


def _counts(records: Sequence[TokenRecord], name: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for tokens in _sequences(records, name):
        counts.update(tokens)
    return counts


def vocabulary_for(slices: Mapping[str, Sequence[TokenisedSlice]], recipe: CorpusRecipe, folder: Path) -> Vocabulary:
    """Build the vocabulary of finished token slices and save it in the ordinary layout."""
    vocabulary = build_vocabulary(list(training_records(slices)), recipe.vocabulary, recipe)
    vocabulary.save_pretrained(folder)
    return vocabulary
