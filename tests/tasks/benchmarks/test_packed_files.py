"""Archives and packed files made to fill a machine, or to write where they should not; and files that are cut."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from biomatrix.entities import limits
from biomatrix.entities.files.opening import open_bytes
from biomatrix.entities.limits import Limits
from biomatrix.errors import ConfigurationError, LimitError, ParseError
from biomatrix.tasks.benchmarks.benchmark import Source, SourceFile
from biomatrix.tasks.benchmarks.downloads.archives import unpack
from biomatrix.tasks.benchmarks.downloads.data_cache import holding
from biomatrix.tasks.benchmarks.downloads.download import get
from biomatrix.tasks.benchmarks.official_files.lmdb_file import lmdb_records
from biomatrix.tasks.benchmarks.official_files.pickled_values import plain_value
from biomatrix.tasks.benchmarks.official_files.zip_members import zip_member

ZEROS = bytes(4 << 20)
"""They pack to a thousandth."""
Pack = Callable[[Path, bytes], Path]
MEMBER = "set/set_train.lmdb/data.mdb"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a megabyte be a large file, so that a test need not unpack a quarter of a gigabyte."""
    monkeypatch.setattr(limits, "_LARGE", 1 << 20)


def zipped(path: Path, content: bytes, name: str = MEMBER) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../escaped", b"never written")
        archive.writestr(name, content)
    return path


def tarred(path: Path, content: bytes, name: str = MEMBER) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for each, data in (("../../escaped", b"never written"), (name, content)):
            entry = tarfile.TarInfo(each)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("set/link.mdb")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    return path


@pytest.mark.usefixtures("small")
def test_gzip_that_unpacks_to_a_thousand_times_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(ZEROS))
    with pytest.raises(LimitError, match="packed bytes unpack") as error, open_bytes(path) as stream:
        stream.read()
    assert error.value.file == str(path)
    with open_bytes(path, Limits(unpacked_ratio=2000)) as stream:
        assert len(stream.read()) == len(ZEROS)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("pack", "name"), [(zipped, "set.zip"), (tarred, "set.tar.gz")])
def test_archives_made_to_fill_a_machine_are_refused(pack: Pack, name: str, tmp_path: Path) -> None:
    archive = pack(tmp_path / name, ZEROS)
    with pytest.raises(LimitError, match="packed bytes unpack"):
        unpack(archive, MEMBER, tmp_path / "data.mdb")


def test_a_zip_entry_gives_no_more_than_it_says(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "set.zip", ZEROS)
    data = archive.read_bytes()
    archive.write_bytes(data.replace(struct.pack("<I", len(ZEROS)), struct.pack("<I", 10)))
    with pytest.raises(ParseError, match="CRC"), zip_member(archive, MEMBER) as stream:
        stream.read()


@pytest.mark.parametrize(("pack", "name"), [(zipped, "set.zip"), (tarred, "set.tar.gz")])
def test_a_source_is_unpacked_to_its_own_folder_alone(pack: Pack, name: str, tmp_path: Path) -> None:
    content = np.random.default_rng(0).bytes(100_000)
    origin, target = tmp_path / "copy", tmp_path / "deep" / "er" / "cache"
    origin.mkdir()
    archive = pack(origin / name, content)
    files = (SourceFile(name, "archive"), SourceFile(MEMBER, "train"))
    source = Source("mine", url="https://example.org", licence="CC0", files=files)
    get(source, origin, target)
    assert (target / MEMBER).read_bytes() == content
    assert sorted(path.name for path in tmp_path.rglob("*") if "escaped" in path.name or "link" in path.name) == []
    whole = archive.read_bytes()
    for cut in (30, 2000, len(whole) // 2):
        archive.write_bytes(whole[:cut])
        with pytest.raises(ParseError, match="cannot be read from this"):
            unpack(archive, MEMBER, tmp_path / "cut.mdb")
    with pytest.raises(ConfigurationError, match="no other in the archive"):
        unpack(target / name, "other", tmp_path / "cut.mdb")


def test_an_archive_is_not_needed_where_its_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMATRIX_DATA", str(tmp_path / "cache"))
    place = tmp_path / "copy" / MEMBER
    place.parent.mkdir(parents=True)
    place.write_bytes(b"rows")
    files = (SourceFile("set.zip", "archive", md5="0" * 32), SourceFile(MEMBER, "train"))
    source = Source("mine", url="https://example.org", licence="CC0", files=files)
    get(source, tmp_path / "copy")
    assert holding(source).complete
    zipped(tmp_path / "copy" / "set.zip", b"other rows")
    with pytest.raises(ConfigurationError, match="MD5"):
        get(source, tmp_path / "copy")


def test_remembered_text_does_not_multiply() -> None:
    """A pickle of one megabyte that makes it into bytes a thousand times."""
    text = b"X" + struct.pack("<I", 1 << 20) + bytes(1 << 20) + b"q\0"
    into_bytes = b"c_codecs\nencode\nh\0X\x06\0\0\0latin1\x86R"
    assert len(plain_value(b"\x80\x02(" + text + 3 * into_bytes + b"l.")) == 4
    with pytest.raises(LimitError, match="many times"):
        plain_value(b"\x80\x02(" + text + 1000 * into_bytes + b"l.")


def test_records_that_lie_over_each_other_are_refused(tmp_path: Path) -> None:
    """A leaf whose every node points to the same large value would be copied once for each."""
    lmdb = pytest.importorskip("lmdb")
    with lmdb.open(str(tmp_path), map_size=1 << 24) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"a", bytes(1 << 20))
        for number in range(20):
            transaction.put(f"b{number:02d}".encode(), bytes(3000))
    path = tmp_path / "data.mdb"
    data = bytearray(path.read_bytes())
    assert len(dict(lmdb_records(path))) == 21
    size = struct.pack("<I", 3000)
    for at in range(0, len(data) - 8, 2):
        if data[at : at + 2] == size[:2] and data[at + 2 : at + 4] == b"\0\0" and data[at + 6 : at + 8] == b"\3\0":
            data[at : at + 4] = struct.pack("<I", 1 << 18)
    path.write_bytes(data)
    with pytest.raises(ParseError, match="hold more than the file"):
        dict(lmdb_records(path))
