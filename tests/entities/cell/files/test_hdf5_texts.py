"""Lengths of texts that an HDF5 file states, looked at before the library takes memory for them."""

import mmap
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from biomatrix.entities.cell.files.hdf5_inspection import inspect_hdf5
from biomatrix.entities.cell.files.hdf5_texts import inspect_attribute_lengths, inspect_heaps, inspect_lengths
from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.errors import ParseError

h5py = pytest.importorskip("h5py")

STORED: dict[str, dict[str, Any]] = {
    "whole": {},
    "chunked": {"chunks": (2,)},
    "gzip": {"chunks": (2,), "compression": "gzip", "shuffle": True},
}


def written(path: Path, name: str) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("names", data=["T cell", "B", "monocyte"], dtype=h5py.string_dtype(), **STORED[name])
    return path


def looked_through(path: Path) -> None:
    longest = inspect_heaps(path)
    with h5py.File(path) as file:
        inspect_lengths(file["names"].id, "/names", longest)


@pytest.mark.parametrize("name", STORED)
def test_what_was_written_passes(tmp_path: Path, name: str) -> None:
    looked_through(written(tmp_path / "good.h5", name))


@pytest.mark.parametrize("name", ["whole", "chunked"])
def test_a_length_of_gigabytes_is_refused(tmp_path: Path, name: str) -> None:
    content = written(tmp_path / "cut.h5", name).read_bytes()
    heap = content.index(b"GCOL").to_bytes(8, "little")
    stated = (8).to_bytes(4, "little") + heap  # of "monocyte", followed by its number
    assert content.count(stated) == 1
    (tmp_path / "cut.h5").write_bytes(content.replace(stated, b"\xff\xff\xff\xff" + heap))
    with pytest.raises(ParseError, match=r"/names is said to have 4,294,967,295 bytes, and the longest .* has 8;"):
        looked_through(tmp_path / "cut.h5")


def test_a_length_of_gigabytes_under_gzip_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "packed.h5", "gzip")
    with h5py.File(path, "r+") as file:
        names = file["names"].id
        mask, _ = names.read_direct_chunk((0,))
        names.write_direct_chunk((0,), zlib.compress(b"\xff\xff\xff\x7f" + bytes(12) + bytes(16)), mask)
    with pytest.raises(ParseError, match="2,147,483,647 bytes"):
        looked_through(path)


def test_an_attribute_that_is_a_list_of_no_known_sort_is_refused(tmp_path: Path) -> None:
    """The library ends the process where it reads one."""
    path = tmp_path / "attribute.h5"
    with h5py.File(path, "w") as file:
        file.attrs.create("column-order", ["genes", "batch"], dtype=h5py.string_dtype())
    content = path.read_bytes()
    kind = b"\x19\x01\x01\x00\x10\x00\x00\x00"  # a text of any length
    assert content.count(kind) == 1
    path.write_bytes(content.replace(kind, b"\x19\x4c" + kind[2:]))
    with h5py.File(path) as file, pytest.raises(ParseError, match=r"attribute /@b'column-order' is a list"):
        inspect_hdf5(file, DEFAULT_LIMITS, inspect_heaps(path))


@pytest.mark.parametrize("version", ["earliest", "latest"])
@pytest.mark.parametrize("value", ["a batch", ["genes", "a batch"]])
def test_attributes_are_found_in_files_of_any_age(tmp_path: Path, version: str, value: str | list[str]) -> None:
    path = tmp_path / "attribute.h5"
    with h5py.File(path, "w", libver=version) as file:
        file.create_group("obs").attrs.create("column-order", value, dtype=h5py.string_dtype())
    with h5py.File(path) as file:
        inspect_hdf5(file, DEFAULT_LIMITS, inspect_heaps(path))
        with pytest.raises(ParseError, match=r"b'column-order' is said to have 7 bytes"):
            inspect_attribute_lengths(file, [b"column-order"], 6)


def test_a_length_of_gigabytes_in_an_attribute_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "attribute.h5"
    with h5py.File(path, "w") as file:
        file.create_group("obs").attrs.create("column-order", ["genes", "a batch"], dtype=h5py.string_dtype())
    content = path.read_bytes()
    heap = content.index(b"GCOL").to_bytes(8, "little")
    stated = (7).to_bytes(4, "little") + heap
    assert content.count(stated) == 1
    path.write_bytes(content.replace(stated, b"\xff\xff\xff\x7f" + heap))
    with h5py.File(path) as file, pytest.raises(ParseError, match=r"b'column-order' is said to have 2,147,483,647"):
        inspect_hdf5(file, DEFAULT_LIMITS, inspect_heaps(path))


def test_texts_are_found_across_windows_of_a_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large"
    heap = b"GCOL\1\0\0\0" + (48).to_bytes(8, "little") + b"\1\0" + bytes(6) + (9).to_bytes(8, "little") + bytes(16)
    path.write_bytes(bytes(mmap.PAGESIZE - 2) + heap + bytes(5000) + heap)
    monkeypatch.setattr("biomatrix.entities.cell.files.hdf5_texts._WINDOW", mmap.PAGESIZE)
    assert inspect_heaps(path) == 9


def test_looking_through_a_file_does_not_keep_it_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(256 << 20)
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from biomatrix.entities.cell.files.hdf5_texts import inspect_heaps\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; inspect_heaps(Path(sys.argv[1]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    grown = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True).stdout
    assert int(grown) < 64 << 10  # KiB
