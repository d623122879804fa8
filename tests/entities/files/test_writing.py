"""Files take their names whole or not at all; what is no regular file is written where it stands."""

from __future__ import annotations

import gzip
import os
import resource
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from biomatrix.entities.files.writing import check_writable, place_of, write_atomically, write_whole
from biomatrix.errors import ConfigurationError

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refused(path: str | Path) -> str:
    """Return why a path is refused, alike by the check before the work and by the writer; nothing appears."""
    with pytest.raises(ConfigurationError) as checked:
        check_writable(path)
    with pytest.raises(ConfigurationError) as written:
        write_whole(path, b"x")
    assert written.value.message == checked.value.message
    assert written.value.file == str(path)
    return written.value.message


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Let no file of this process grow past a size, as a full disk or a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"before")

    def stop_in_the_middle() -> None:
        with write_atomically(path) as stream:
            stream.write(b"half")
            stream.flush()
            assert len(names(tmp_path)) == 2
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stop_in_the_middle()
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["x.txt"]


@pytest.mark.parametrize("name", ["x.txt", "x.txt.gz"])
@pytest.mark.parametrize("size", [10, 1 << 20])
def test_a_full_disk_is_one_error_and_leaves_the_file_before(tmp_path: Path, name: str, size: int) -> None:
    path = tmp_path / name
    path.write_bytes(b"before")
    with files_no_longer_than(8), pytest.raises(ConfigurationError, match=f"{name}: cannot be written: File too large"):
        write_whole(path, os.urandom(size))
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == [name]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_device_is_one_error() -> None:
    with pytest.raises(ConfigurationError, match="/dev/full: cannot be written: No space left on device"):
        write_whole("/dev/full", b"x")


@root
def test_a_device_stays_a_device(tmp_path: Path) -> None:
    node = tmp_path / "null"
    os.mknod(node, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    (tmp_path / "link").symlink_to("null")
    for path in (node, tmp_path / "link"):
        assert check_writable(path).in_place
        write_whole(path, b"anything")
    assert stat.S_ISCHR(node.stat().st_mode)
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path) == ["link", "null"]


@root
def test_disks_are_refused(tmp_path: Path) -> None:
    os.mknod(tmp_path / "disk", 0o666 | stat.S_IFBLK, os.makedev(7, 99))
    assert "block device" in refused(tmp_path / "disk")


@pytest.mark.parametrize("name", ["pipe", "pipe.gz"])
def test_a_pipe_is_written_and_stays_a_pipe(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    read: list[bytes] = []
    reader = Thread(target=lambda: read.append((tmp_path / name).read_bytes()))
    reader.start()
    write_whole(tmp_path / name, b"content")
    reader.join()
    assert (gzip.decompress(read[0]) if name.endswith(".gz") else read[0]) == b"content"
    assert (tmp_path / name).is_fifo()
    assert names(tmp_path) == [name]


def test_a_pipe_that_nobody_reads_any_more_stays_what_it_is() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        write_whole(f"/dev/fd/{writing}", b"x")
    os.close(writing)


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}", "/proc/thread-self/fd/{}"])
def test_an_open_file_is_written_on(tmp_path: Path, name: str) -> None:
    path = tmp_path / "log"
    (tmp_path / "link").symlink_to("log")
    with path.open("wb", buffering=0) as stream:
        stream.write(b"first ")
        write_whole(name.format(stream.fileno()), b"second ")
        stream.write(b"third")
    assert path.read_bytes() == b"first second third"
    assert names(tmp_path) == ["link", "log"]


def test_an_open_file_that_is_only_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"before")
    words = "cannot be written: Bad file descriptor"
    with (tmp_path / "x").open("rb") as stream, pytest.raises(ConfigurationError, match=words):
        write_whole(f"/dev/fd/{stream.fileno()}", b"after")
    with pytest.raises(ConfigurationError, match=words):
        write_whole("/dev/fd/987", b"after")


def test_standard_output_by_its_name_is_not_replaced(tmp_path: Path) -> None:
    code = "from biomatrix.entities.files.writing import write_whole; write_whole('/dev/stdout', b'second ')"
    with (tmp_path / "out").open("wb") as stream:
        stream.write(b"first ")
        stream.flush()
        subprocess.run([sys.executable, "-c", code], stdout=stream, check=True)
    assert (tmp_path / "out").read_bytes() == b"first second "


def test_links_stay_and_what_they_lead_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "target").write_bytes(b"before")
    (tmp_path / "link").symlink_to("there/target")
    (tmp_path / "twice").symlink_to(tmp_path / "link")
    (tmp_path / "dangling").symlink_to("there/new")
    for name, content in {"link": b"one", "twice": b"two", "dangling": b"three"}.items():
        write_whole(tmp_path / name, content)
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / name).read_bytes() == content
    assert names(tmp_path) == ["dangling", "link", "there", "twice"]
    assert names(tmp_path / "there") == ["new", "target"]


def test_what_is_no_place_for_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "nowhere").symlink_to("missing/file")
    here = socket.socket(socket.AF_UNIX)
    here.bind(str(tmp_path / "s"))
    before = names(tmp_path)
    assert "is a folder" in refused(tmp_path)
    assert "there is no folder" in refused(tmp_path / "missing" / "x")
    assert "there is no folder" in refused(tmp_path / "nowhere")
    assert "a file stands where its folder should" in refused(tmp_path / "file" / "x")
    assert "too long" in refused(tmp_path / ("n" * 300))
    assert "symbolic links" in refused(tmp_path / "round")
    assert "is a socket" in refused(tmp_path / "s")
    here.close()
    assert names(tmp_path) == before


def test_the_longest_names_are_written(tmp_path: Path) -> None:
    for name in ("n" * 255, "\N{CJK UNIFIED IDEOGRAPH-20000}" * 63 + "abc"):
        write_whole(tmp_path / name, b"x")
        assert (tmp_path / name).read_bytes() == b"x"


def test_permissions_are_those_of_the_file_before_or_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "any").write_text("x")
    for mode in (0o600, 0o664, 0o640):
        path = tmp_path / "kept"
        path.write_text("x")
        path.chmod(mode)
        with write_atomically(path) as stream:
            stream.write(b"y")
            (temporary,) = tmp_path.glob(".kept.*.part")
            assert stat.S_IMODE(temporary.stat().st_mode) == mode
        assert stat.S_IMODE(path.stat().st_mode) == mode
    write_whole(tmp_path / "new", b"x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "any").stat().st_mode


@root
def test_the_owner_stays(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    os.chown(tmp_path / "x", 1234, 4321)
    write_whole(tmp_path / "x", b"y")
    assert ((tmp_path / "x").stat().st_uid, (tmp_path / "x").stat().st_gid) == (1234, 4321)


@root
def test_files_and_folders_that_may_not_be_written_are_refused(tmp_path: Path) -> None:
    """As a user who is not root, in another process: root may write everywhere."""
    code = (
        "import os, sys; from biomatrix.entities.files.writing import check_writable, write_whole; "
        "from biomatrix.errors import ConfigurationError\n"
        "os.setgid(4321); os.setuid(1234)\n"
        "for path in sys.argv[1:]:\n"
        "    for action in (check_writable, lambda path: write_whole(path, b'x')):\n"
        "        try: action(path)\n"
        "        except ConfigurationError as error: print(error.message)\n"
    )
    folder = Path("/tmp") / f"{tmp_path.name}-{os.getpid()}"  # pytest's own folders are closed to other users
    folder.mkdir(mode=0o755)
    try:
        (folder / "closed").write_text("x")
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder / "closed"), str(folder / "new")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        said = done.stdout.splitlines()
        assert said[:2] == ["cannot be written: the file may not be written, by its permissions"] * 2
        assert said[2:] == ["cannot be written: Permission denied"] * 2
        assert names(folder) == ["closed"]
    finally:
        (folder / "closed").unlink()
        folder.rmdir()


def test_the_place_of_a_file_is_where_its_links_lead(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("x")
    assert place_of(tmp_path / "link").path == tmp_path / "x"
    assert not place_of(tmp_path / "link").in_place
    assert place_of("/dev/null").in_place
