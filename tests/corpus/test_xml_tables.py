"""XML cut at elements: found again by their bytes, whatever stands around them; broken ones say why."""

from __future__ import annotations

import bz2
import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.corpus.sources import xml_elements
from biomatrix.corpus.sources.xml_elements import elements_of
from biomatrix.corpus.sources.xml_parsing import DEEPEST, parse_element, words
from biomatrix.corpus.sources.xml_tables import XmlTable
from biomatrix.errors import BioMatrixError, LimitError, ParseError

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE set SYSTEM "x.dtd" [<!ENTITY big "boom">]>\n<set>'
ELEMENTS = [
    "<item>one</item>",
    '<item a="> no end" b=\'"\'>two<!-- </item> --></item>',
    "<item/>",
    '<item x="/">three<![CDATA[</item><item>]]><item>inside</item></item >',
    "<item>caf\u00e9</item>",
]
AROUND = ["", "\n", "<items>no</items>", "<!-- <item> -->", "<![CDATA[<item>]]>", "text", "<itemise/>"]
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}


def document(gaps: list[str]) -> bytes:
    return (HEAD + "".join(gap + one for gap, one in zip(gaps, ELEMENTS, strict=True)) + "</set>").encode()


@given(st.lists(st.sampled_from(AROUND), min_size=5, max_size=5), st.integers(1, 64))
@settings(max_examples=60, deadline=None)
def test_elements_are_found_whatever_the_pieces(gaps: list[str], piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml_elements, "_PIECE", piece)
        found = list(elements_of(document(gaps), "item"))
    assert [one.decode() for one in found] == ELEMENTS


@pytest.mark.parametrize("form", FORMS)
def test_rows_are_found_again(tmp_path: Path, form: str) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(FORMS[form](document(AROUND[:5])))
    starts = list(XmlTable(path, "item").starts())
    assert (None in starts) == (form != "plain")
    table = XmlTable(path, "item")
    for first in (3, 1, 4, 0):
        rows = [row.decode() for row in table.rows(first, starts[first])]
        assert rows == ELEMENTS[first:]


def test_one_document_in_a_zip_archive(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    for names in (["x.xml", "notes.txt"], ["x.xml", "y.xml"]):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, document([""] * 5))
        if "y.xml" in names:
            with pytest.raises(ParseError, match="2 files"):
                list(XmlTable(path, "item").rows())
        else:
            assert len(list(XmlTable(path, "item").rows())) == 5


def test_no_entity_is_expanded() -> None:
    (row,) = elements_of((HEAD + "<item>&big;</item></set>").encode(), "item")
    with pytest.raises(ParseError, match="never expanded"):
        parse_element(row)
    inner = b'<item><!DOCTYPE item [<!ENTITY big "boom">]>&big;</item>'
    with pytest.raises(ParseError):
        parse_element(inner)
    assert words(parse_element(b"<item>&lt;&#945;&amp;</item>")) == "<\u03b1&"


def test_long_deep_and_cut_elements_say_so(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(b"<set><item>" + b"x" * 5000 + b"</item><item>short</item><item>the end")
    rows = list(XmlTable(path, "item", longest=1000).rows())
    assert len(rows) == len(list(XmlTable(path, "item", longest=1000).starts())) == 3
    with pytest.raises(LimitError, match="1,000 bytes"):
        parse_element(rows[0])
    assert words(parse_element(rows[1])) == "short"
    with pytest.raises(ParseError, match="ends inside"):
        parse_element(rows[2])
    with pytest.raises(LimitError, match="inside one another"):
        parse_element(b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1))


def test_a_huge_element_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_elements, "_PIECE", 1 << 10)
    path = tmp_path / "x.xml"
    path.write_bytes(b"<set><item>" + b"<p>x</p>" * 100_000 + b"</item><item>next</item></set>")
    table = XmlTable(path, "item", longest=1 << 12)
    source = table.open(0)
    held = []
    for row in source:
        held.append(len(source._buffer))
        assert len(row) <= 1 << 12
    assert max(held) <= 1 << 13


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252"])
def test_the_declared_encoding_is_used(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(f'<?xml version="1.0" encoding="{encoding}"?><set><item>caf\u00e9</item></set>'.encode(encoding))
    table = XmlTable(path, "item")
    assert [words(table.tree(row)) for row in table.rows()] == ["caf\u00e9"]


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes("<set><item>x</item></set>".encode("utf-16"))
    with pytest.raises(BioMatrixError, match="UTF-16"):
        list(XmlTable(path, "item").rows())
    path.write_bytes(b'<?xml version="1.0" encoding="no-such"?><set><item>x</item></set>')
    table = XmlTable(path, "item")
    with pytest.raises(ParseError):
        table.tree(next(table.rows()))
