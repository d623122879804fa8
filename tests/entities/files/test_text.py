"""Text is opened in one way for every format, whatever its line ends, encoding and packing."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from biomatrix.entities.files.text import (
    FOREIGN_NOTE,
    Text,
    _normalised,
    _whole_lines,
    byte_lines,
    read_lines,
    read_text,
)
from biomatrix.entities.files.text import text_of as whole
from biomatrix.entities.limits import Limits
from biomatrix.errors import LimitError, ParseError

LINES = ["first", "", "second \x0b\x0c\x1c\x85\u2028\u2029 line", "third"]


def written(tmp_path: Path, content: bytes, name: str = "x.txt") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("finish", ["", "END", "END\x1a", "\x1a\x1aEND"])
def test_lines_are_the_same_whatever_ends_and_encodes_them(
    tmp_path: Path, end: str, encoding: str, finish: str
) -> None:
    content = (end.join(LINES) + finish.replace("END", end)).encode(encoding)
    path = written(tmp_path, content)
    assert list(read_lines(path)) == LINES
    assert whole(content).text.rstrip("\n") == "\n".join(LINES)
    packed = written(tmp_path, gzip.compress(content[:9]) + gzip.compress(content[9:]))
    assert list(read_lines(packed)) == LINES


@pytest.mark.parametrize("order", ["le", "be"])
def test_wide_text_of_either_byte_order(tmp_path: Path, order: str) -> None:
    for width in (16, 32):
        path = written(tmp_path, "\ufeffCCO a\nCCN b\n".encode(f"utf-{width}-{order}"))
        assert list(read_lines(path)) == ["CCO a", "CCN b"]


def test_marks_of_files_put_behind_one_another(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    assert list(read_lines(written(tmp_path, mark + b"one\n" + mark + b"two\n"))) == ["one", "two"]
    assert whole(mark + b"one\n" + mark + b"two").text == "one\ntwo"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64])
def test_ends_cut_by_pieces(size: int) -> None:
    content = b"a\r\nb\rc\n\nd\r\r\ne\x1af\r\n\x1a\r\n"
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    found = [line for piece in _whole_lines(_normalised(pieces), 100) for line in (piece or b"?").split(b"\n")]
    assert found[:6] == [b"a", b"b", b"c", b"", b"d", b"e\x1af"]
    assert not any(found[6:])


@pytest.mark.parametrize("size", [1, 3, 4, 7, 100])
def test_a_line_that_is_too_long_costs_itself_alone(size: int) -> None:
    content = b"ab\n" + b"x" * 30 + b"\ncd\n\nef"
    pieces = (content[start : start + size] for start in range(0, len(content), size))
    found: list[bytes | None] = []
    for piece in _whole_lines(pieces, 8):
        lines = [None] if piece is None else piece.split(b"\n")
        found += [None if line is None or len(line) > 8 else line for line in lines]
    assert found == [b"ab", None, b"cd", b"", b"ef"]


def test_long_lines(tmp_path: Path) -> None:
    path = written(tmp_path, b"ab\n" + b"x" * 30 + b"\ncd\n")
    assert list(byte_lines(path, longest=8)) == [b"ab", None, b"cd"]
    lines = read_lines(path, Limits(record_bytes=8))
    assert next(lines) == "ab"
    with pytest.raises(LimitError, match="longer than the limit of 8 bytes") as raised:
        next(lines)
    assert raised.value.position == 2


def test_lines_that_are_not_utf8_are_western_and_noted(tmp_path: Path) -> None:
    path = written(tmp_path, "CCO Äther\nCCN µ\n".encode() + "C ätzend – 5 €\n".encode("cp1252") + b"O \x81\nN n\n")
    lines = read_lines(path)
    assert list(lines) == ["CCO Äther", "CCN µ", "C ätzend – 5 €", "O \x81", "N n"]
    notes = [lines.notes(number, number) for number in range(1, 6)]
    assert notes == [(), (), (FOREIGN_NOTE,), (FOREIGN_NOTE,), ()]
    assert read_text(path) == Text("CCO Äther\nCCN µ\nC ätzend – 5 €\nO \x81\nN n\n", (FOREIGN_NOTE,))


PACKED = {
    "xz": lzma.compress(b"CCO\n"),
    "gzip data inside": gzip.compress(gzip.compress(b"CCO\n")),
    "tar": b"a.smi".ljust(257, b"\0") + b"ustar\x0000",
    "compress": b"\x1f\x9d\x90",
}


@pytest.mark.parametrize("name", PACKED)
def test_other_packings_are_refused_by_name(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, PACKED[name])
    for read in (read_text, lambda path: list(read_lines(path))):
        with pytest.raises(ParseError, match=name) as raised:
            read(path)
        assert raised.value.file == str(path)


def test_archives_are_refused_by_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.smi", "w") as archive:
        archive.writestr("x.smi", "CCO\n")
    with pytest.raises(ParseError, match="a zip archive"):
        list(read_lines(tmp_path / "x.smi"))
    with pytest.raises(ParseError, match=r"ends in \.gz but the content is not gzip"):
        list(read_lines(written(tmp_path, bz2.compress(b"CCO\n"), "x.gz")))


UNPACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("name", UNPACKED)
def test_packed_text_is_unpacked_by_content(tmp_path: Path, name: str) -> None:
    lines = [f"C{'C' * (number % 97)} {number}" for number in range(20_000)]
    packed = UNPACKED[name](("\n".join(lines) + "\n").encode())
    assert list(read_lines(written(tmp_path, packed))) == lines
    assert list(read_lines(written(tmp_path, packed + packed))) == 2 * lines
    for content in (packed[: len(packed) // 2], packed[:20] + b"\0" * 40 + packed[60:]):
        with pytest.raises(ParseError, match=f"broken {name} data"):
            list(read_lines(written(tmp_path, content)))


STRANGE = {
    "git-lfs pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
    "an HTML page": b"\xef\xbb\xbf \n<!DOCTYPE HTML><html><body>404</body></html>",
    "an XML file": b'<?xml version="1.0"?><a/>',
    "JSON": b'{"text": "CCO"}\n',
    "a PDF document": b"%PDF-1.7\n",
    "binary, not text": bytes(range(64)) * 4,
    "UTF-16 text without a byte order mark": "CCO ethanol\n".encode("utf-16-le"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_no_text_of_a_format_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, STRANGE[name])
    for read in (read_text, lambda path: list(read_lines(path))):
        with pytest.raises(ParseError, match=name):
            read(path)


def test_a_byte_of_zero_ends_the_text_where_it_stands(tmp_path: Path) -> None:
    content = b"C\n" * 3000 + b"CC\0O\n"
    lines = read_lines(written(tmp_path, content))
    assert sum(1 for _ in zip(range(3000), lines, strict=False)) == 3000
    with pytest.raises(ParseError, match="line 3001") as raised:
        next(lines)
    assert raised.value.position == 3001
    with pytest.raises(ParseError, match="line 3001"):
        whole(content)


def test_wide_text_that_breaks_off(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="begins as UTF-16"):
        list(read_lines(written(tmp_path, "CCO\n".encode("utf-16") + b"x")))
