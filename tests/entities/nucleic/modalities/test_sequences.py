"""Bases, 6-mers and codons: exact there and back, one way of writing each, and guided to nothing else."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest

from biomatrix import NucleicAcid
from biomatrix.entities import Modality
from biomatrix.entities.automaton import Bounds
from biomatrix.entities.constraints.positional import PositionalAutomaton
from biomatrix.entities.nucleic.bases import LETTERS
from biomatrix.entities.nucleic.features import Feature
from biomatrix.entities.nucleic.modalities.codons import MrnaCodons
from biomatrix.entities.nucleic.modalities.kmers import DnaKmer
from biomatrix.entities.nucleic.modalities.sequence import DnaSequence, RnaSequence
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import ConfigurationError, DecodeError, UnsupportedError

from ....walks import explore, needed, random_walk

WRITERS: tuple[Modality, ...] = (DnaSequence(), RnaSequence(), DnaKmer(), MrnaCodons())
each = pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)


def with_cds(letters: str, start: int, stop: int, phase: int = 0) -> NucleicAcid:
    return NucleicAcid(letters, "rna", features=(Feature("CDS", ((start, stop),), phase=phase),))


def random_acid(writer: Modality, rng: random.Random) -> NucleicAcid:
    letters, length = LETTERS[writer.kind], rng.randint(1, 60)  # type: ignore[index]
    weights = [9] * 4 + [rng.choice((0, 0, 0.1, 1))] * 12
    sequence = "".join(rng.choices(letters, weights if "T" in letters or "U" in letters else None, k=length))
    if writer.name != "mrna_codons":
        return NucleicAcid(sequence, writer.kind)
    start, stop = sorted(rng.sample(range(length + 1), 2))
    return with_cds(sequence, start, stop, rng.randint(0, min(2, stop - start)))


@each
def test_ten_thousand_random_ones_come_back(writer: Modality) -> None:
    rng = random.Random(0)
    known = writer.vocabulary()
    for _ in range(10_000):
        acid = random_acid(writer, rng)
        tokens = writer.encode(acid)
        assert writer.decode(tokens) == acid, tokens
        assert writer.length(tokens) == len(acid)
    assert set(tokens) <= set(known)
    assert all(writer.token_pattern.fullmatch(token) for token in known)
    assert writer.split("".join(tokens)) == tokens
    assert list(chain(*writer.units(tokens))) == list(range(len(acid)))


def real_dna(shared: Path) -> list[NucleicAcid]:
    """Return a thousand windows of genomes, of up to 8,000 bases, some with ambiguity letters."""
    rng, found = random.Random(1), []
    for name in ("lambda_virus.fa.gz", "phix174_variants.fna.gz", "GCF_001457455.1_NCTC11397.fna.gz"):
        with gzip.open(shared / "data" / "nucleic" / "genomes" / name, "rt") as stream:
            letters = "".join(line.strip() for line in stream if line[0] != ">").upper()
        starts = [rng.randrange(len(letters)) for _ in range(334)]
        found += [NucleicAcid(letters[start : start + rng.randint(1, 1500)]) for start in starts]
    return found[:1000]


def real_mrna(shared: Path) -> list[NucleicAcid]:
    path = shared / "data" / "nucleic" / "mrna" / "ecoli_translation_efficiency.csv.gz"
    with gzip.open(path, "rt") as stream:
        rows = [row["cds"].upper().replace("T", "U") for row in islice(csv.DictReader(stream), 1000)]
    return [with_cds(f"GGAGA{letters}AAUAA", 5, 5 + len(letters)) for letters in rows]


def test_a_thousand_real_ones_come_back(shared: Path) -> None:
    dna, mrna = real_dna(shared), real_mrna(shared)
    assert len(dna) == len(mrna) == 1000
    rna = [one.transcribe() for one in dna]
    for writer, acids in zip(WRITERS, (dna, rna, dna, mrna), strict=True):
        for acid in acids:
            tokens = writer.encode(acid)
            assert writer.decode(tokens) == acid
    assert len(WRITERS[2].encode(dna[0])) < len(dna[0]) / 6 + 6


@each
@pytest.mark.parametrize("length", [None, 1, 20, (5, 12)])
def test_random_walks_parse_in_one_way_and_close_in_time(
    writer: Modality, length: Any, guide_of: Callable[..., Any]
) -> None:
    automaton, token_of = guide_of(writer)
    rng = random.Random(2)
    least = needed(automaton, length)
    for budget in (least, least + 3, 40):
        for _ in range(6):
            ids = random_walk(automaton, Bounds(max(budget, least), length), rng)
            tokens = [token_of[id_] for id_ in ids[:-1]]
            acid = writer.decode(tokens)
            assert writer.encode(acid) == tokens
            if length is not None:
                low, high = (length, length) if isinstance(length, int) else length
                assert low <= len(acid) <= high  # type: ignore[arg-type]


def test_a_length_in_bases_takes_as_few_tokens_as_it_can(guide_of: Callable[..., Any]) -> None:
    automaton, _ = guide_of(DnaKmer())
    assert [needed(automaton, bases) - 1 for bases in (1, 5, 6, 11, 12, 600)] == [1, 5, 1, 6, 2, 100]
    with pytest.raises(ConfigurationError, match="at least 101 tokens"):
        automaton.start(Bounds(100, 600))
    codons, _ = guide_of(MrnaCodons())
    assert [needed(codons, bases) - 1 for bases in (1, 3, 4, 300)] == [1, 1, 2, 100]


def test_every_state_of_few_tokens_is_sound() -> None:
    """All that a small budget reaches: no dead end, and what is said to close it is right."""
    writer = MrnaCodons()
    few = ("<utr A>", "<codon AUG>", "<cds A>", "<cds N>", "<phase 1>", "<phase 2>")
    automaton = writer.automaton(SegmentIds(1, 2, {token: 4 + n for n, token in enumerate(few)}, None))  # type: ignore[arg-type]
    assert explore(automaton, Bounds(9)) > 20
    assert explore(automaton, Bounds(9, 7)) > 20


@each
def test_wrong_tokens_are_refused_with_their_place(writer: Modality) -> None:
    tokens = list(writer.vocabulary())[:2]
    for wrong in ([], [*tokens, "<A M>"], [1]):
        with pytest.raises(DecodeError):
            writer.decode(wrong)  # type: ignore[arg-type]
    with pytest.raises(DecodeError) as caught:
        writer.decode([*tokens, "<A M>"])
    assert caught.value.position == 2


def test_tokens_of_a_transcript_out_of_place_are_refused() -> None:
    read = MrnaCodons().decode
    for text, position in (
        ("<utr A>", 1),
        ("<codon AUG><utr A><codon AUG>", 2),
        ("<codon AUG><cds A><cds A><cds A>", 3),
        ("<codon AUG><phase 1>", 1),
        ("<phase 2><cds A><codon AUG>", 2),
    ):
        with pytest.raises(DecodeError) as caught:
            read(MrnaCodons().split(text))
        assert caught.value.position == position


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ((), "no coding part"),
        ((Feature("CDS", ((0, 3),)), Feature("CDS", ((3, 6),))), "2 coding parts"),
        ((Feature("CDS", ((0, 6),), strand=-1),), "other strand"),
        ((Feature("CDS", ((0, 6), (5, 9))),), "not one stretch: behind 6 it is read on from 5"),
        ((Feature("CDS", ((0, 1),), phase=2),), "1 bases, fewer"),
    ],
)
def test_transcripts_without_one_coding_part_are_refused(features: Any, message: str) -> None:
    mrna = NucleicAcid("AUGAAAUAG", "rna", features=features)
    with pytest.raises(UnsupportedError, match=message):
        MrnaCodons().encode(mrna)
    assert MrnaCodons().accepts(mrna) == (len(features) == 1)


def test_exons_side_by_side_are_one_coding_part() -> None:
    joined = NucleicAcid("GAUGAAAUAG", "rna", features=(Feature("CDS", ((1, 5), (5, 10))),))
    assert MrnaCodons().encode(joined) == MrnaCodons().encode(with_cds("GAUGAAAUAG", 1, 10))


def test_nothing_vanishes_silently() -> None:
    plain = NucleicAcid("ACGT")
    assert DnaSequence().losses(plain) == DnaKmer().losses(plain) == ()
    said = DnaKmer().losses(
        NucleicAcid("ACGTNN", circular=True, strands=1, soft_masked=((1, 3),), modified=((0, "5MC"),))
    )
    assert [word in sentence for word, sentence in zip(("circular", "single", "2 of 6", "1 mod"), said, strict=True)]
    other = NucleicAcid("AUGUAG", "rna", features=(Feature("CDS", ((0, 6),), table=11),))
    assert "genetic code 11" in MrnaCodons().losses(other)[0]
    with pytest.raises(UnsupportedError, match=r"transcribe\(\)"):
        RnaSequence().encode(plain)
    with pytest.raises(UnsupportedError, match="no bases"):
        DnaSequence().encode(NucleicAcid(""))


def test_positions_are_kept_where_a_token_is_a_base_and_refused_elsewhere(guide_of: Callable[..., Any]) -> None:
    ids = SegmentIds(1, 2, {token: 10 + n for n, token in enumerate(DnaSequence().vocabulary())}, None)  # type: ignore[arg-type]
    assert isinstance(PositionalAutomaton.over(DnaSequence().automaton(ids), DnaSequence(), ids), PositionalAutomaton)
    kmers = SegmentIds(1, 2, {token: 10 + n for n, token in enumerate(DnaKmer().vocabulary())}, None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="not written one token per position"):
        PositionalAutomaton.over(DnaKmer().automaton(kmers), DnaKmer(), kmers)
