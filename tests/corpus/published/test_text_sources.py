"""Published sources of text: cleaned, in order, cut at sentences; what is broken or withdrawn is refused."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biomatrix.corpus.sources.published.documents import Passage, pieces

from .conftest import Reading

WORDS = st.text(st.sampled_from("ab .!?\n"), max_size=120)


@given(
    st.lists(st.builds(Passage, st.sampled_from(["", "Aim", "A long heading of many words"]), WORDS)),
    st.integers(20, 80),
)
def test_pieces_hold_every_word_in_order_and_no_more_than_asked(passages: list[Passage], limit: int) -> None:
    found = list(pieces(passages, limit))
    assert all(0 < len(piece) <= limit for piece in found)
    letters = "".join(passage.text for passage in passages).split()
    kept = "".join(found)
    for heading in ("A long heading of many words", "Aim"):
        kept = kept.replace(heading, "")
    assert "".join(kept.split()) == "".join(letters)


def test_pages_of_the_web(read: Reading) -> None:
    records, reasons = read("fineweb_edu")
    assert [name.rpartition("/")[0] for name in records] == ["<urn:uuid:00000000-0000-0000-0000-000000000001>"]
    assert reasons == {
        "000_00000.parquet:2": "10 characters: documents under 80 are left out",
        "000_00000.parquet:3": "no text in the row",
    }
    records, reasons = read("finefineweb")
    assert {name.split("/")[0] for name in records} == {"biology", "chemistry", "medicine", "health"}
    assert reasons == {
        "biology/biology_000000.jsonl:2": "the line is not JSON",
        "biology/biology_000000.jsonl:3": "no text in the row",
    }


def test_pieces_of_a_page_end_with_sentences(read: Reading, tmp_path: Path) -> None:
    folder = tmp_path / "finefineweb"
    for domain in ("biology", "chemistry", "medicine", "health"):
        (folder / domain).mkdir(parents=True)
        (folder / domain / "x.jsonl").write_text('{"text": "' + "A sentence of six words here. " * 40 + '"}\n')
    records, _ = read("finefineweb", tmp_path, settings={"characters": 300})
    texts = [record.fields["text"] for name, record in records.items() if name.startswith("health")]
    assert len(texts) == 4
    assert all(len(text) <= 300 and text.endswith(".") for text in texts)
    assert len({record.split for name, record in records.items() if name.startswith("health")}) == 1


def test_pubmed_holds_each_citation_once(read: Reading) -> None:
    records, reasons = read("pubmed")
    assert list(records) == ["11.1/0", "12.2/0"]
    assert records["11.1/0"].fields["text"] == (
        "A made-up study.\n\nBackground\n\nAspirin in vitro < 5 mM was studied in made-up cells that were grown for "
        "three days.\n\nResults\n\nIt did nothing."
    )
    assert records["12.2/0"].fields["text"].startswith("Newest wording.")
    assert reasons.pop("16").endswith("never expanded")
    assert reasons == {
        "12": "superseded by pubmed25n0002.xml",
        "13": "no abstract",
        "14": "deleted by pubmed25n0002.xml",
        "15": "retracted",
    }


ARTICLE = (
    "{title}\n\nAbstract\n\nWe made up a result about kinases and wrote it down for a test of readers.\n\n"
    "Introduction\n\nKinases move phosphate groups. See Figure 1.\n\nAims\n\nTo test x.\n\nMethods\n\nNone were used."
)


def test_pmc_articles_have_the_licence_of_the_list(read: Reading, samples: Path, tmp_path: Path) -> None:
    records, reasons = read("pmc")
    assert {name: dict(record.fields) for name, record in records.items()} == {
        "PMC901/0": {"text": ARTICLE.format(title="A title"), "licence": "CC BY"}
    }
    assert reasons == {"PMC902": "retracted", "PMC903": "the file ends inside the element"}
    (tmp_path / "pmc").mkdir()
    archive = next((samples / "pmc").glob("*.tar.gz"))
    (tmp_path / "pmc/x.tar.gz").write_bytes(archive.read_bytes())
    records, _ = read("pmc", tmp_path)  # without the list, the article's own statement
    assert records["PMC901/0"].fields["licence"] == "https://creativecommons.org/licenses/by/4.0/"


def test_biorxiv_reads_the_article_of_a_package(read: Reading) -> None:
    records, reasons = read("biorxiv")
    assert not reasons
    (record,) = records.values()
    assert record.id == "10.1101/2020.01.01.000001/0"
    assert record.fields == {
        "text": ARTICLE.format(title="A preprint"),
        "licence": "http://creativecommons.org/licenses/by-nc/4.0/",
    }


def test_s2orc_follows_the_offsets(read: Reading) -> None:
    records, reasons = read("s2orc")
    assert {name: dict(record.fields) for name, record in records.items()} == {
        "901/0": {
            "text": (
                "A title\n\nAbstract\n\nWe say what we did and what came of it in this made-up paper.\n\n"
                "Introduction\n\nIt was known before us. Much was not."
            ),
            "licence": "CCBY",
        }
    }
    assert reasons == {
        "902": "an annotation paragraph at 0 to 9999 of a text of 124 characters",
        "903": "no text in the line",
    }


@pytest.mark.parametrize("form", ["plain", "zip", "gzip"])
def test_uspto_applications_one_behind_another(read: Reading, samples: Path, tmp_path: Path, form: str) -> None:
    content = (samples / "uspto_applications/ipa240104.xml").read_bytes()
    folder = tmp_path / "uspto_applications"
    folder.mkdir()
    if form == "zip":
        with zipfile.ZipFile(folder / "ipa240104.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("ipa240104.xml", content)
    else:
        (folder / "ipa240104.xml").write_bytes(content if form == "plain" else gzip.compress(content))
    records, reasons = read("uspto_applications", tmp_path)
    assert list(records) == ["US20240000001A1/0", "US20240000003A1/0"]
    assert records["US20240000001A1/0"].fields == {
        "text": (
            "COMPOUND OF NO USE\n\nAbstract\n\nA compound and its use in tests of readers is described.\n\n"
            "Background\n\nNothing was known before FIG. 1.\n\nClaims\n\n1. A compound, comprising: carbon."
        )
    }
    assert list(reasons) == ["US20240000002A1-20240104.XML"]
    assert reasons["US20240000002A1-20240104.XML"].startswith("broken XML")
