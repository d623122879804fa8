"""Files of nucleic acids: read as they say, written back exactly, broken ones refused with their place."""

from __future__ import annotations

import csv
import gzip
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix import NucleicAcid, read
from biomatrix.entities import Limits, Reject, kind, read_entities
from biomatrix.entities.nucleic.features import Feature, Interval
from biomatrix.entities.nucleic.files.brackets import brackets_of
from biomatrix.entities.nucleic.files.fasta_windows import FastaWindows, write_index
from biomatrix.entities.nucleic.files.intervals import VariantWindow, read_intervals, read_variants
from biomatrix.entities.nucleic.files.locations import read_location, written_location
from biomatrix.entities.nucleic.genetic_code import genetic_code
from biomatrix.errors import BioMatrixError, LimitError, ParseError, UnsupportedError
from biomatrix.metrics.nucleic.dot_bracket import balanced_pairs, pairs_of

HAIRPIN = NucleicAcid("GGCAAAAGCCAU", "rna", pairs=((0, 9), (1, 8), (2, 7)), soft_masked=((3, 5),), name="hairpin")
KNOT = NucleicAcid("GGGAAACCCAAAUUU", "rna", pairs=((0, 8), (1, 7), (3, 13), (4, 12)), name="knot")
GENOME = NucleicAcid(
    "ATGAAATAGCCCTTTCAT",
    circular=True,
    name="plasmid",
    features=(
        Feature(
            "CDS", ((0, 9),), table=11, qualifiers={"gene": "a", "note": 'says "so", twice over, in a long line ' * 3}
        ),
        Feature("CDS", (Interval(12, 18), Interval(9, 12)), -1, phase=2, name="b"),
        Feature(
            "gene", (Interval(15, 18), Interval(0, 3, -1), Interval(3, 6, 0, True, True)), qualifiers={"pseudo": ""}
        ),
        Feature("misc_feature", ((4, 4),), qualifiers={"db_xref": "A:1\nB:2"}),
    ),
)


@pytest.mark.parametrize("extension", ["fasta", "gb", "dbn", "ct", "bpseq"])
def test_what_is_written_is_read_back(extension: str, tmp_path: Path) -> None:
    for acid in (HAIRPIN, KNOT) if extension != "gb" else (GENOME,):
        path = tmp_path / f"{acid.name}.{extension}.gz"
        acid.to_file(path)
        (back,) = read(path)
        assert isinstance(back, NucleicAcid)
        assert back.name == acid.name
        if extension == "fasta":
            assert (back.sequence, back.soft_masked) == (acid.sequence, acid.soft_masked)
        elif extension == "gb":
            assert [(one.intervals, one.strand, one.phase, one.table) for one in back.features] == [
                (one.intervals, one.strand, one.phase, one.table) for one in acid.features
            ]
            assert back.features[0].qualifiers == acid.features[0].qualifiers
            assert back.features[3].qualifiers == acid.features[3].qualifiers
            assert (back.circular, back.sequence) == (True, acid.sequence)
        else:
            assert back == acid


def test_brackets_spell_any_pairs_and_say_where_they_do_not_close() -> None:
    rng = random.Random(1)
    for _ in range(200):
        places = rng.sample(range(40), 2 * rng.randint(0, 15))
        pairs = tuple(sorted((min(two), max(two)) for two in zip(places[::2], places[1::2], strict=True)))
        assert pairs_of(brackets_of(pairs, 40)) == pairs
    with pytest.raises(ParseError, match=r"'\(' at 0, '\]' at 5") as raised:
        pairs_of("((..)]")
    assert raised.value.position == 0
    with pytest.raises(ParseError, match="no dot and no bracket"):
        pairs_of("(.*)")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.dbn", ">x\nGGAACC\n((..)\n", "5 places, the sequence 6"),
        ("a.dbn", ">x\nGGAACC\n((..).\n", "1 bracket has no partner"),
        ("a.dbn", ">x\nGGAACC\n(...).\n......\n", "not 3 lines"),
        ("a.ct", "3 x\n1 G 0 2 3 1\n2 A 1 3 0 2\n3 C 2 0 2 3\n", "base 1 pairs with 3, and 3 with 2"),
        ("a.ct", "3 x\n1 G 0 2 0 1\n", "ends 2 bases before"),
        ("a.ct", "x 3\n", "begins with its number of bases"),
        ("a.bpseq", "1 G 4\n2 A 0\n3 C 0\n", "pairs with 4, of 3 bases"),
        ("a.bpseq", "# only\n", "no bases"),
        ("a.gb", "LOCUS       x 4 bp DNA linear\nORIGIN\n        1 acgt\n", "ends inside a record"),
        ("a.gb", "LOCUS       x 5 bp DNA linear\nORIGIN\n        1 acgt\n//\n", "says 5 bases, the record holds 4"),
        ("a.gb", "LOCUS       x 4 bp DNA linear\nORIGIN\n        1 acg-\n//\n", "is a gap"),
        ("a.gb", "LOCUS       x 4 bp DNA linear\nCONTIG      join(a:1..4)\n//\n", "no sequence"),
        ("a.gb", "LOCUS       x 4 aa linear\nORIGIN\n        1 mktw\n//\n", "a protein's"),
        (
            "a.gb",
            "LOCUS       x 4 bp DNA linear\nFEATURES             Location/Qualifiers\n     CDS             2..9\n"
            "ORIGIN\n        1 acgt\n//\n",
            "the feature CDS: the location '2..9' lies past the 4 bases",
        ),
        (
            "a.pdb",
            "ATOM      1  CA  UNX A   1      11.000  11.000  11.000  1.00  0.00           C\n",
            "no protein chain|no strand",
        ),
    ],
)
def test_broken_files_are_refused_with_a_reason(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BioMatrixError, match=message):
        read(tmp_path / name)


def test_a_protein_in_a_file_of_dna_is_hinted_at_and_the_batch_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.fasta"
    path.write_text(">one\nACGTACGTACGTACGT\n>two\nMKTWLEVVLL\n>three\nacgtnnnnacgtacgt\n")
    entries = read(path, kind="dna")
    assert [one.name for one in entries] == ["one", "three"]
    (reject,) = entries.rejects
    assert (reject.record, reject.position) == ("two", 4)
    assert "looks like a protein" in reject.reason
    mixed = read(path)
    assert [one.kind for one in mixed] == ["dna", "protein", "dna"]


def test_headers_and_letters_tell_dna_rna_and_protein_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.fasta"
    path.write_text(
        ">A|protein\nGACAGACAGACAGAC\n>B|rna\nGACAGACAGACAGAC\n>C|dna\nGACA\n>D\nGACUGACUGACUGACU\n>DL;E\nt\nGACA*\n"
    )
    assert [one.kind for one in read(path)] == ["protein", "rna", "dna", "rna", "dna"]


def test_locations_are_read_and_written(tmp_path: Path) -> None:
    for text in ("3..9", "complement(3..9)", "join(7..9,1..4)", "complement(join(1..4,7..9))", "<1..>9", "5", "5^6",
                 "join(complement(7..9),1..4)", "join(1..5,5..9)"):  # fmt: skip
        intervals, strand = read_location(text, 9)
        assert written_location(Feature("CDS", intervals, strand), 60) == text
    assert read_location("complement(join(1..4,7..9))", 9) == ((Interval(6, 9), Interval(0, 4)), -1)
    for text, error in (("J00194.1:1..5", UnsupportedError), ("one-of(1,3)..9", UnsupportedError), ("9..3", ParseError),
                        ("join(1..4", ParseError), ("0..4", ParseError), ("join(" * 50, ParseError)):  # fmt: skip
        with pytest.raises(error):
            read_location(text, 9)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.gb", "LOCUS       x {} bp DNA\nORIGIN\n        1 acgt\n//\n"),
        ("a.gb", "LOCUS       x 4 bp DNA\nFEATURES\n     CDS             1..{}\nORIGIN\n        1 acgt\n//\n"),
        (
            "a.gb",
            "LOCUS       x 4 bp DNA\nFEATURES\n     CDS             1..4\n                     /transl_table={}\n"
            "ORIGIN\n        1 acgt\n//\n",
        ),
        ("a.ct", "{} x\n1 A 0 0 0 1\n"),
        ("a.ct", "1 x\n1 A 0 0 {} 1\n"),
        ("a.bpseq", "{} A 0\n"),
    ],
)
def test_numbers_of_many_digits_are_refused_as_other_bad_ones(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text.format("9" * 5000))
    with pytest.raises(BioMatrixError) as raised:
        read(tmp_path / name)
    assert len(str(raised.value)) < 400


def test_lines_of_an_index_bed_and_vcf_with_numbers_that_cannot_be_are_refused(tmp_path: Path) -> None:
    fasta, index = tmp_path / "a.fa", tmp_path / "a.fa.fai"
    fasta.write_text(">a\nACGT\nACGT\n")
    with FastaWindows(fasta) as windows:
        (tmp_path / "a.bed").write_text(f"a\t{'9' * 5000}\t4\na\t0\t2\n")
        (tmp_path / "a.vcf").write_text(f"a\t{'9' * 5000}\t.\tA\tC\na\t1\t.\tA\tC\n")
        assert [isinstance(one, Reject) for one in read_intervals(tmp_path / "a.bed", windows)] == [True, False]
        found = list(read_variants(tmp_path / "a.vcf", windows, window=4))
        assert [isinstance(one, Reject) for one in found] == [True, False]
    for row in (f"a\t{'9' * 5000}\t3\t4\t5", "a\t8\t3\t4\t0", f"a\t8\t3\t4\t{'9' * 15}"):
        index.write_text(row + "\n")
        with pytest.raises(ParseError, match=r"no line of an index|lines of 4 bases"):
            FastaWindows(fasta)


def test_what_follows_a_structure_is_looked_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.dbn"
    began = time.perf_counter()
    path.write_text(f">a\nGAAAC\n(...){' ' * 40_000}x\n>b\nGAAAC\n(...){' ' * 40_000}( -1.20 kcal/mol)\n")
    (acid,) = read(path)
    assert acid.name == "b"
    assert time.perf_counter() - began < 1.0  # tried from every space: minutes


def test_sites_at_the_ends_of_a_circle_and_phases_of_any_feature_are_written(tmp_path: Path) -> None:
    circle = NucleicAcid(
        "ACGT" * 5,
        circular=True,
        features=(
            Feature("site", ((20, 20),)),
            Feature("gene", ((2, 20),), phase=1, name="g"),
            Feature("exon", ((0, 9),), qualifiers={"note": "one  two   " * 20}),
        ),
    )
    for acid in (circle, circle.reverse_complement(), circle.slice(3, 20)):
        acid.to_file(tmp_path / "a.gb")
        (back,) = read(tmp_path / "a.gb")
        assert isinstance(back, NucleicAcid)
        assert [(one.phase, dict(one.qualifiers).get("note")) for one in back.features] == [
            (one.phase, one.qualifiers.get("note")) for one in acid.features
        ]
        ends = [{place % len(acid) for place in one.intervals[0][:2]} for one in acid.features]
        assert [{place % len(acid) for place in one.intervals[0][:2]} for one in back.features] == ends
    with pytest.raises(ParseError, match="not between two bases side by side"):
        read_location("5^9", 9)


def test_the_name_of_a_genbank_record_says_nothing_of_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.gb"
    for name in ("class-1", "aa", "bp", "ds-x", "circular"):
        path.write_text(f"LOCUS       {name} 4 bp DNA linear\nORIGIN\n        1 acgt\n//\n")
        (acid,) = read(path)
        assert isinstance(acid, NucleicAcid)
        assert (acid.strands, acid.circular, acid.name) == (2, False, name)
    path.write_text(path.read_text() + "LOCUS       p 4 aa linear\nORIGIN\n        1 mkkl\n//\n")
    assert len(read(path).rejects) == 1  # not once for DNA and once for RNA


def test_dna_with_fifteen_atoms_a_nucleotide_is_written_as_dna(tmp_path: Path) -> None:
    dna = NucleicAcid("GACT", "dna", backbone=np.random.default_rng(0).normal(size=(4, 15, 3)) * 5)
    for name in ("a.pdb", "a.cif"):
        dna.to_file(tmp_path / name)  # an O2' would make it RNA to every reader
        assert "O2'" not in (tmp_path / name).read_text()
        (back,) = read(tmp_path / name)
        assert (back.kind, back.sequence) == ("dna", "GACT")  # type: ignore[attr-defined]


def test_an_extension_of_nucleic_acids_decides_what_short_letters_are(tmp_path: Path) -> None:
    path = tmp_path / "a.fna"
    path.write_text(">a\nACGT\n>gap\nNNNNNN\n>b\nMKTWLEVVLL\n")
    entries = read(path)
    assert [one.kind for one in entries] == ["dna", "dna"]  # in a .fasta both are read as proteins
    assert [one.record for one in entries.rejects] == ["b"]


def test_windows_intervals_and_variants_of_a_long_sequence(tmp_path: Path) -> None:
    rng = random.Random(2)
    letters = "".join(rng.choices("ACGTacgtN", k=1003))
    fasta = tmp_path / "genome.fa"
    rows = "\r\n".join(letters[at : at + 60] for at in range(0, 1003, 60))
    fasta.write_bytes(f">chr1 first\r\n{rows}\r\n>chr2\r\nACGT\r\n".encode())
    for indexed in (False, True):
        if indexed:
            write_index(fasta)
        with FastaWindows(fasta) as genome:
            for _ in range(50):
                start, stop = sorted(rng.sample(range(1004), 2))
                assert genome.read("chr1", start, stop) == NucleicAcid.from_sequence(letters[start:stop], "dna")
            assert "".join(one.sequence for one in genome.windows("chr1", 100)) == letters.upper()
            with pytest.raises(ParseError, match="not within the 4 bases"):
                genome.read("chr2", 2, 5)
    bed, vcf = tmp_path / "a.bed", tmp_path / "a.vcf"
    bed.write_text("track x\nchr2\t1\t3\tone\t0\t-\nchr2\t2\t9\nchr3\t0\t1\nchr2\tx\t1\n")
    vcf.write_text("##x\nchr2\t2\t.\tC\tT,CAA\t.\nchr2\t2\t.\tG\tT\nchr2\t3\tdel\tGT\tG\nchr2\t4\t.\tT\t<DEL>\n")
    with FastaWindows(fasta) as genome:
        found = list(read_intervals(bed, genome))
        assert isinstance(found[0], NucleicAcid)
        assert (found[0].sequence, found[0].name) == ("CG"[::-1].translate(str.maketrans("CG", "GC")), "one")
        assert [one.record for one in found[1:] if isinstance(one, Reject)] == [3, 4, 5]
        variants = list(read_variants(vcf, genome, window=4))
    made = [one.alternate.sequence if isinstance(one, VariantWindow) else one.reason for one in variants]
    assert made[:2] == ["ATGT", "ACAAGT"]
    assert "reference is G and the sequence has C at 2" in made[2]
    assert made[3] == "ACG"
    assert "not spelled in bases" in made[4]
    uneven = tmp_path / "uneven.fa"
    uneven.write_text(">x\nACGT\nAC\nACGT\n")
    with pytest.raises(ParseError, match="differ in length"):
        FastaWindows(uneven)


def test_a_window_of_a_long_chromosome_holds_no_more_than_the_window(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "long.fa"
    row = b"ACGTTGCAAC" * 6 + b"\n"
    with path.open("wb") as file:
        file.write(b">chr\n")
        for _ in range(10):
            file.write(row * 5_000)
    tracemalloc.start()
    with FastaWindows(path) as genome:
        assert genome.entries["chr"].length == 3_000_000
        assert genome.read("chr", 2_999_994, 3_000_000).sequence == "TGCAAC"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_limits_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.fasta"
    path.write_text(">x\n" + "ACGT" * 30 + "\n")
    with pytest.raises(LimitError):
        read(path, limits=Limits(bases_per_sequence=100))


def test_mutated_files_never_raise_but_for_what_they_are(tmp_path: Path) -> None:
    rng = random.Random(7)
    for extension in ("gb", "dbn", "ct", "bpseq", "fasta"):
        path = tmp_path / f"a.{extension}"
        (GENOME if extension == "gb" else KNOT).to_file(path)
        content = path.read_bytes()
        for _ in range(40):
            broken = bytearray(content)
            for _ in range(rng.randint(1, 4)):
                place = rng.randrange(len(broken))
                if rng.random() < 0.5:
                    broken[place] = rng.choice(b"().0 9\nA>/\x00\xff")
                else:
                    del broken[place : place + rng.randint(1, 30)]
            path.write_bytes(bytes(broken) or b"x")
            for entry in read_entities(path, kind="dna" if extension == "gb" else "rna", file_format=extension):
                assert isinstance(entry, NucleicAcid | Reject)


def made_strand(kind: str) -> NucleicAcid:
    """Return a strand with every field of a structure."""
    draw = np.random.default_rng(0)
    backbone = draw.normal(size=(4, 15, 3)).round(3) * 3
    backbone[:, 11] = backbone[:, 12] - np.float64((1.47, 0, 0))  # C1' beside the base's atom
    backbone[0, :3] = np.nan
    letters = "GUCA" if kind == "rna" else "GTCA"
    if kind == "dna":
        backbone[:, 10] = np.nan
    return NucleicAcid(
        letters, kind, 1, backbone=backbone, chain="B", residue_numbers=np.array([-1, 20, 20, 21]),
        insertion_codes=("", "", "A", ""), modified=((1, "PSU"),) if kind == "rna" else (), name="made",
    )  # fmt: skip


@pytest.mark.parametrize("kind_name", ["dna", "rna"])
@pytest.mark.parametrize("extension", ["pdb", "cif"])
def test_strands_are_written_and_read_back(kind_name: str, extension: str, tmp_path: Path) -> None:
    strand = made_strand(kind_name)
    path = tmp_path / f"made.{extension}"
    strand.to_file(path)
    back = NucleicAcid.from_file(path)
    assert (back.sequence, back.kind, back.numbers, back.modified) == (
        strand.sequence,
        strand.kind,
        strand.numbers,
        strand.modified,
    )
    assert back.backbone is not None
    assert strand.backbone is not None
    np.testing.assert_allclose(back.backbone, strand.backbone, atol=1e-3)


@pytest.mark.parametrize("acid", [GENOME, HAIRPIN, made_strand("rna")], ids=lambda acid: acid.name)
def test_records_keep_every_field(acid: NucleicAcid) -> None:
    of = kind(acid.kind)
    back = of.from_bytes(of.to_bytes(acid), acid.name)
    assert back == acid
    assert of.to_bytes(back) == of.to_bytes(acid)
    assert all(check.passed is not False for check in of.compare(acid, acid))
    assert all(check.passed for check in of.agree(acid, acid))
    assert of.parse(of.text(acid)).sequence == acid.sequence
    labelled = of.with_labels(acid, of.labels(acid), acid.name)
    assert of.labels(labelled) == of.labels(acid)
    assert of.shortened(acid, 3).notes[-1] == f"shown by its first 3 of {len(acid)} bases"
    assert json.loads(json.dumps(of.labels(acid)))["sequence"] == acid.sequence


def test_dna_is_one_with_its_other_strand() -> None:
    dna, acid = kind("dna"), NucleicAcid("AACGTG")
    assert dna.identity(acid) == dna.identity(acid.reverse_complement())
    assert kind("rna").identity(acid.transcribe()) == "AACGUG"
    assert kind("rna").overlap_keys(acid.transcribe())["either strand"] == dna.identity(acid)


# The shared data


@pytest.mark.slow
def test_real_structures_are_read_as_their_manifest_says(shared: Path) -> None:
    folder = shared / "data" / "nucleic" / "rna3d" / "files"
    refused = {("1y26_two_chains.pdb", "Y"): "occurs 2 times"}
    ligands = {"4qln.cif": 2, "4qln.pdb": 2, "8btk_B7.cif": 1}  # 2BA and GTP, which nothing joins to the strand
    with (folder / "manifest.csv").open() as lines:
        for row in csv.DictReader(lines):
            wanted = dict(one.rsplit(":", 1) for one in row["nucleotide_chains"].split())
            entries = list(read_entities(folder / f"{row['file']}.gz"))
            strands = {one.chain: one for one in entries if isinstance(one, NucleicAcid)}
            for chain, count in wanted.items():
                if (row["file"], chain) in refused:
                    assert any(refused[row["file"], chain] in one.reason for one in entries if isinstance(one, Reject))
                    continue
                strand = strands.pop(chain)
                assert len(strand) == int(count) - ligands.get(row["file"], 0), row["file"]
                assert any("models" in note for note in strand.notes) == (row["models"] != "1")
                assert any("alternate" in note for note in strand.notes) == (row["residues_with_altloc"] != "0")
                assert any(strand.insertion_codes or ()) == (row["insertion_codes"] != "0") or len(wanted) > 1
            assert not strands, row["file"]
            assert ("protein" in {getattr(one, "kind", "") for one in entries}) == (row["protein_residues"] != "0")


def test_the_modified_bases_of_transfer_rna_have_their_parents_and_their_atoms(shared: Path) -> None:
    acid = NucleicAcid.from_file(shared / "data" / "nucleic" / "rna3d" / "files" / "1ehz.cif.gz")
    assert acid.sequence == "GCGGAUUUAGCUCAGUUGGGAGAGCGCCAGACUGAAGAUCUGGAGGUCCUGUGUUCGAUCCACAGAAUUCGCACCA"
    assert len({name for _, name in acid.modified}) == 11
    assert acid.backbone is not None
    assert np.isfinite(acid.backbone).all()
    length = np.linalg.norm(acid.backbone[:, 11] - acid.backbone[:, 12], axis=-1)
    assert length.max() < 1.6
    assert brackets_of(acid.pairs or (), 76).startswith("(((((((")


def test_coding_sequences_of_real_genomes_translate_as_their_records_say(shared: Path) -> None:
    folder = shared / "data" / "nucleic" / "genomes"
    wrong, total = [], 0
    for path in sorted(folder.glob("*.gb.gz")):
        (acid,) = read(path)
        assert isinstance(acid, NucleicAcid)
        for one in acid.features:
            if one.type == "CDS" and "translation" in one.qualifiers:
                total += 1
                code = genetic_code(one.table or 1)
                got = code.translate(acid.cds(one).sequence, start_as_m=True).removesuffix("*")
                if got != one.qualifiers["translation"]:
                    wrong.append(one.qualifiers.get("exception"))
    assert total == 106
    assert wrong == ["RNA editing"]


def test_unbalanced_structures_of_a_real_table_are_counted(shared: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        with gzip.open(shared / "data" / "nucleic" / "rna2d" / "rna3db_2d.csv.gz", "rt") as lines:
            yield from csv.DictReader(lines)

    assert sum(bool(balanced_pairs(row["structure"])[1]) for row in rows()) == 24


@pytest.mark.slow
def test_strands_are_those_of_a_table_made_by_another_reader(shared: Path) -> None:
    from pyarrow.parquet import read_table

    folder = shared / "data" / "nucleic" / "rna3d"
    columns = ["pdb_id", "chain", "sequence", "structure", "coords", "centroid"]
    rows = read_table(folder / "chains.parquet", columns=columns)
    for name, chain in (("1ehz.cif.gz", "A"), ("3tup.cif.gz", "T")):
        acid = NucleicAcid.from_file(folder / "files" / name, chain)
        keep = [
            place
            for place, (entry, of) in enumerate(zip(rows["pdb_id"].to_pylist(), rows["chain"].to_pylist(), strict=True))
            if (entry.lower(), of) == (name[:4], chain)
        ]
        row = rows.slice(keep[0], 1).to_pylist()[0]
        positions = np.array(row["coords"], dtype=np.float64).reshape(len(acid), 15, 3)
        positions[positions == -32768] = np.nan
        assert acid.sequence == row["sequence"]
        assert acid.pairs == pairs_of(row["structure"])
        np.testing.assert_allclose(acid.backbone, positions / 100 + np.array(row["centroid"]), atol=6e-3)
