"""Archives as tables: members found again, cut and hostile archives refused member by member."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from biomatrix.corpus.sources import archive_tables
from biomatrix.corpus.sources.archive_tables import TarTable, ZipTable
from biomatrix.corpus.sources.foldcomp_tables import FoldcompTable, check_index
from biomatrix.corpus.sources.lmdb_tables import LmdbTable, is_pickle
from biomatrix.entities.limits import Limits
from biomatrix.errors import BioMatrixError, LimitError, ParseError

MEMBERS = {
    "a/one.xml": b"<one/>" * 200,
    "skipped.txt": b"no",
    "b/" + "long" * 60 + ".xml": b"two",
    "c/three.xml": b"",
    "d/four.xml": gzip.compress(b"four", mtime=0),
}
CHOSEN = [name for name in MEMBERS if name.endswith(".xml")]
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}


def tar_bytes(form: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        link = tarfile.TarInfo("link.xml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        for name, content in MEMBERS.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def chosen(name: str) -> bool:
    return name.endswith(".xml")


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("packing", PACKINGS)
def test_members_of_a_tar_archive_are_found_again(tmp_path: Path, packing: str, form: int) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(PACKINGS[packing](tar_bytes(form)))
    starts = list(TarTable(path, chosen).starts())
    assert (None in starts) == (packing != "plain")
    table = TarTable(path, chosen)
    for first in (2, 0, 3, 1):
        rows = list(table.rows(first, starts[first]))
        assert [row.name for row in rows] == CHOSEN[first:]
        assert [row.content for row in rows] == [MEMBERS[name] for name in CHOSEN[first:]]
    assert rows[-1].unpacked(Limits()) == b"four"


@pytest.mark.parametrize("packing", ["plain", "zstd"])
def test_a_cut_tar_archive_gives_its_whole_members(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(PACKINGS[packing](tar_bytes()[: 512 * 4]))
    rows = list(TarTable(path, chosen).rows())
    assert len(rows) == len(list(TarTable(path, chosen).starts())) == 2
    with pytest.raises(ParseError, match="ends inside the member"):
        rows[0].unpacked(Limits())


def damaged_header(content: bytes, at: int) -> bytes:
    return content[: at + 150] + bytes([content[at + 150] ^ 0xFF]) + content[at + 151 :]


DAMAGES = {
    "cut behind a member": lambda content, at: content[:at],
    "cut in a header": lambda content, at: content[: at + 200],
    "a wrong checksum": damaged_header,
    "an empty block": lambda content, at: content[:at] + bytes(512) + content[at + 512 :],
}


@pytest.mark.parametrize("packing", ["plain", "gzip"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_lost_of_a_damaged_tar_archive_is_told(tmp_path: Path, packing: str, damage: str) -> None:
    path = tmp_path / "x.tar"
    whole = tar_bytes()
    with tarfile.open(fileobj=io.BytesIO(whole)) as archive:
        at = archive.getmember(CHOSEN[2]).offset
    path.write_bytes(PACKINGS[packing](DAMAGES[damage](whole, at)))
    starts = list(TarTable(path, chosen).starts())
    rows = list(TarTable(path, chosen).rows())
    assert [row.name for row in rows] == [*CHOSEN[:2], path.name]
    with pytest.raises(ParseError, match="what stands behind it is not read"):
        rows[-1].unpacked(Limits())
    for first, start in enumerate(starts):  # whoever begins there says the same
        assert list(map(str, TarTable(path, chosen).rows(first, start))) == list(map(str, rows[first:]))


def test_a_tar_header_does_not_make_the_reader_take_gigabytes(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
    (tmp_path / "x.tar").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))
    with pytest.raises(ParseError, match="a name of 8,589,934,592 bytes"):
        TarTable(tmp_path / "x.tar", chosen).open(0)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(b"no archive" * 100)
    for table in (TarTable(path, chosen), ZipTable(path, chosen)):
        with pytest.raises(ParseError, match=r"not a (tar|zip) archive") as raised:
            list(table.rows())
        assert raised.value.file == str(path)


def test_members_that_are_too_large_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_tables, "LARGEST", 100)
    (tmp_path / "x.tar").write_bytes(tar_bytes())
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.xml", b"x" * 1000)
        archive.writestr("small.xml", b"x")
    for table in (TarTable(tmp_path / "x.tar", chosen), ZipTable(tmp_path / "x.zip", chosen)):
        first, *others = table.rows()
        with pytest.raises(LimitError, match="at most 100"):
            first.unpacked(Limits())
        assert others[0].fault is None
    bomb = first._replace(content=gzip.compress(b"\0" * 10_000), fault=None)
    with pytest.raises(LimitError):
        bomb.unpacked(Limits(structure_bytes=1000))


def test_members_of_a_zip_archive(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in MEMBERS.items():
            archive.writestr(name, content)
    table = ZipTable(path, chosen)
    assert list(table.starts()) == [None] * 4
    assert [row.name for row in table.rows(1)] == CHOSEN[1:]
    content = bytearray(path.read_bytes())
    begin = 30 + len("a/one.xml")  # behind the header of the first member
    content[begin : begin + 8] = b"\xff" * 8
    path.write_bytes(content)
    faults = [row.fault for row in ZipTable(path, chosen).rows()]
    assert isinstance(faults[0], BioMatrixError)
    assert faults[1:] == [None] * 3


@pytest.fixture
def lmdb_file(tmp_path: Path) -> Path:
    lmdb = pytest.importorskip("lmdb")
    path = tmp_path / "x.lmdb"
    with lmdb.open(str(path), subdir=False, map_size=1 << 20) as environment, environment.begin(write=True) as writing:
        for number in range(5):
            writing.put(str(number).encode(), b"value" * number)
    return path


def test_records_of_an_lmdb_file(lmdb_file: Path) -> None:
    table = LmdbTable(lmdb_file)
    assert list(table.starts()) == [None] * 5
    expected = [(str(number).encode(), b"value" * number) for number in range(5)]
    assert list(table.rows(3)) == expected[3:]
    assert list(table.rows(0)) == expected
    assert not is_pickle(expected[1][1])


def test_what_is_no_lmdb_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("lmdb")
    (tmp_path / "x.lmdb").write_bytes(b"no database" * 1000)
    with pytest.raises(ParseError, match="not an LMDB file"):
        list(LmdbTable(tmp_path / "x.lmdb").rows())


def test_a_foldcomp_database_without_its_index_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("foldcomp")
    (tmp_path / "x").write_bytes(b"FCMP")
    with pytest.raises(ParseError, match=r"no x\.index beside"):
        list(FoldcompTable(tmp_path / "x").starts())


@pytest.mark.parametrize(
    ("ending", "content", "message"),
    [
        (".index", b"0\t0\t4\n1\tx\t4\n", "line 2: damaged"),
        (".index", b"0\t0\t4\n1\t4\t99999999\n", "past the end of db, which is cut"),
        (".index", b"0\t0\t4\n1\t4", "line 2: damaged"),
        (".lookup", b"0\ta\t0\n1\t\0b\t0\n", "line 2: damaged"),
    ],
)
def test_a_damaged_foldcomp_index_is_refused_before_its_library_sees_it(
    tmp_path: Path, ending: str, content: bytes, message: str
) -> None:
    whole = {"": bytes(8), ".index": b"0\t0\t4\n1\t4\t4\n", ".lookup": b"0\ta\t0\n1\tb\t0\n"}
    for name, own in {**whole, ending: content}.items():
        (tmp_path / f"db{name}").write_bytes(own)
    with pytest.raises(ParseError, match=message):
        check_index(tmp_path / "db")
    (tmp_path / f"db{ending}").write_bytes(whole[ending])
    check_index(tmp_path / "db")
