"""Downloads from a local server: ranges, a connection that is cut, a wrong checksum, a file that changed meanwhile."""

from __future__ import annotations

import gzip
import hashlib
import json
import resource
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread
from types import SimpleNamespace
from typing import ClassVar

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.downloads import http_download
from biomatrix.downloads.http_download import download, remote_size
from biomatrix.entities.files.in_use import held_alone
from biomatrix.errors import ConfigurationError, LimitError
from biomatrix.tasks.benchmarks.benchmark import Source, SourceFile
from biomatrix.tasks.benchmarks.downloads import data_cache
from biomatrix.tasks.benchmarks.downloads.download import get

CONTENT = Random(5).randbytes(700_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Serves CONTENT with ranges; ``/cut`` closes each connection early, ``/plain`` knows no ranges."""

    etag: ClassVar[str] = '"one"'
    cut_after: ClassVar[int] = 300_000
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()

    def do_GET(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
            return
        asked = self.headers.get("Range", "")
        Server.asked.append(asked)
        ranged = bool(asked) and self.path != "/plain" and self.headers.get("If-Range") == Server.etag
        start = int(asked.removeprefix("bytes=").rstrip("-")) if ranged else 0
        self.send_response(206 if ranged else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.send_header("ETag", Server.etag)
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.end_headers()
        end = start + Server.cut_after if self.path in ("/cut", "/plain") else len(CONTENT)
        self.wfile.write(CONTENT[start:end])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    host = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = Thread(target=host.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{host.server_port}"
    host.shutdown()
    host.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    Server.asked.clear()
    Server.etag = '"one"'
    Server.cut_after = 300_000


def source(url: str, sha256: str = SHA256, path: str = "folder/data.bin") -> Source:
    return Source("mine", url="https://example.org", licence="CC0", files=(SourceFile(path, "test", sha256, url),))


def test_a_file_is_whole_checked_and_not_fetched_twice(server: str, tmp_path: Path) -> None:
    folder = get(source(f"{server}/file"), folder=tmp_path)
    assert (folder / "folder/data.bin").read_bytes() == CONTENT
    assert json.loads((folder / "checksums.json").read_text()) == {"folder/data.bin": SHA256}
    get(source(f"{server}/file"), folder=tmp_path)
    assert Server.asked == [""]
    assert remote_size(f"{server}/file") == len(CONTENT)


def test_a_cut_connection_goes_on_where_it_stopped(server: str, tmp_path: Path) -> None:
    counted: list[int] = []
    download(f"{server}/cut", tmp_path / "part", counted.append)
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert Server.asked == ["", "bytes=300000-", "bytes=600000-"]
    assert sum(counted) == len(CONTENT)


def test_an_interrupted_run_is_resumed_by_the_next(server: str, tmp_path: Path) -> None:
    Server.cut_after = 100_000
    with pytest.raises(ConfigurationError, match="run it again"):
        get(source(f"{server}/cut"), folder=tmp_path)
    assert not (tmp_path / "folder/data.bin").exists()
    get(source(f"{server}/cut"), folder=tmp_path)
    assert (tmp_path / "folder/data.bin").read_bytes() == CONTENT
    assert Server.asked[-1] == "bytes=600000-"
    assert sorted(each.name for each in (tmp_path / "folder").iterdir()) == ["data.bin"]


def test_what_changed_meanwhile_is_begun_anew(server: str, tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(b"of another version")
    part.with_name("part.version").write_text('"zero"')
    download(f"{server}/file", part)
    assert part.read_bytes() == CONTENT
    part.write_bytes(b"of an unknown version")
    download(f"{server}/file", part)
    assert part.read_bytes() == CONTENT


def test_a_server_without_ranges_that_cuts_fails_after_some_attempts(server: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cut"):
        download(f"{server}/plain", tmp_path / "part")
    assert len(Server.asked) == http_download.ATTEMPTS


@dataclass
class Hostile:
    """How a server answers, first without and then with a range, beside what it should."""

    status: int = 206
    range: str = "bytes 300-999/1000"
    etag: str = '"a"'
    body: bytes = bytes(700)
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def hostile_server(how: Hostile) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if how.status != 206:
                self.send_response(how.status)
                headers, body = how.headers, bytes(1000)
            elif "Range" in self.headers:
                self.send_response(206)
                headers = {"Content-Length": str(len(how.body)), "ETag": how.etag, "Content-Range": how.range}
                body = how.body
            else:
                self.send_response(200)
                headers, body = {"Content-Length": "1000", "ETag": '"a"'}, b"x" * 300
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    host = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=host.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{host.server_port}/file"
    finally:
        host.shutdown()
        host.server_close()


@pytest.mark.parametrize(
    "how",
    [
        Hostile(range="bytes 0-999/1000", body=bytes(1000)),
        Hostile(range="", body=bytes(700)),
        Hostile(etag='"b"'),
        Hostile(range="bytes 300-309/1000", body=bytes(5)),
    ],
    ids=["from the start", "unstated", "of another version", "cut within a part"],
)
def test_a_part_that_does_not_continue_the_file_is_never_appended(how: Hostile, tmp_path: Path) -> None:
    part = tmp_path / "data.part"
    with hostile_server(how) as url, pytest.raises(ConfigurationError, match="cannot be downloaded"):
        download(url, part)
    assert not part.is_file() or set(part.read_bytes()[:300]) == {ord("x")}
    assert not part.is_file() or part.stat().st_size < 1000


def test_parts_in_small_pieces_make_the_file(tmp_path: Path) -> None:
    part = tmp_path / "data.part"
    with hostile_server(Hostile()) as url:
        download(url, part)
    assert part.read_bytes() == b"x" * 300 + bytes(700)


@pytest.mark.parametrize(
    ("how", "word"),
    [
        (Hostile(302, headers={"Location": "ftp://127.0.0.1/data"}), "no http"),
        (Hostile(302, headers={"Location": "file:///etc/hostname"}), "not allowed"),
    ],
)
def test_a_server_cannot_lead_away_from_the_web(how: Hostile, word: str, tmp_path: Path) -> None:
    with hostile_server(how) as url, pytest.raises(ConfigurationError, match=word):
        download(url, tmp_path / "data.part")


@contextmanager
def endless_server() -> Iterator[str]:
    """A server that states no length and sends for as long as somebody listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(bytes(1 << 16))

        def log_message(self, format: str, *args: object) -> None:
            pass

    host = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=host.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{host.server_port}/file"
    finally:
        host.shutdown()
        host.server_close()


def test_a_download_without_end_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_download, "MOST_BYTES", 3 << 20)
    with endless_server() as url, pytest.raises(LimitError, match="more than 3,145,728 bytes"):
        download(url, tmp_path / "data.part")
    assert not (tmp_path / "data.part").exists()


def test_what_is_larger_than_any_file_or_than_the_disk_is_not_begun(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_download, "MOST_BYTES", 500_000)
    with pytest.raises(LimitError, match="is said to have 700,000 bytes"):
        download(f"{server}/file", tmp_path / "data.part")
    monkeypatch.undo()
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(ConfigurationError, match="room for 1,000"):
        download(f"{server}/file", tmp_path / "data.part")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_at_once_and_what_has_arrived_is_kept(server: str, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(ConfigurationError, match=r"data\.bin.*cannot be written: File too large"):
            get(source(f"{server}/file"), folder=tmp_path / "cache")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert Server.asked == [""]
    part = tmp_path / "cache" / "folder" / "data.bin.part"
    assert part.stat().st_size >= 1 << 18
    get(source(f"{server}/file"), folder=tmp_path / "cache")
    assert Server.asked[1].startswith("bytes=")


def test_a_server_out_of_reach_is_told_at_once(tmp_path: Path) -> None:
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/file"
        for asked in (lambda: remote_size(url), lambda: download(url, tmp_path / "data.part")):
            with pytest.raises(
                ConfigurationError, match=r"127\.0\.0\.1 cannot be reached \(Connection refused\).*--from"
            ):
                asked()


def test_two_downloads_do_not_mix(server: str, tmp_path: Path) -> None:
    with held_alone(tmp_path / "mine", "another"), pytest.raises(ConfigurationError, match="is getting these files"):
        get(source(f"{server}/file"), folder=tmp_path / "mine")


def test_a_length_of_thousands_of_digits_is_not_known(tmp_path: Path) -> None:
    with hostile_server(Hostile(200, headers={"Content-Length": "9" * 5000})) as url:
        assert remote_size(url) is None
        download(url, tmp_path / "data.part")
    assert (tmp_path / "data.part").read_bytes() == bytes(1000)


@pytest.mark.parametrize("origin", [False, True])
def test_a_wrong_checksum_leaves_nothing(server: str, tmp_path: Path, origin: bool) -> None:
    copy = tmp_path / "copy" / "folder"
    copy.mkdir(parents=True)
    (copy / "data.bin").write_bytes(CONTENT)
    with pytest.raises(ConfigurationError, match="another version"):
        get(source(f"{server}/file", "0" * 64), tmp_path / "copy" if origin else None, tmp_path / "cache")
    assert [each for each in (tmp_path / "cache").rglob("*") if each.is_file()] == []


def test_without_an_official_checksum_the_first_counts(server: str, tmp_path: Path) -> None:
    get(source(f"{server}/file", ""), folder=tmp_path)
    (tmp_path / "folder/data.bin").write_bytes(b"damaged")
    get(source(f"{server}/file", ""), folder=tmp_path)
    assert (tmp_path / "folder/data.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("packed", [False, True])
def test_a_local_copy_is_taken_unpacked_and_checked(tmp_path: Path, packed: bool) -> None:
    copy = tmp_path / "copy" / "folder"
    copy.mkdir(parents=True)
    name, content = ("data.bin.gz", gzip.compress(CONTENT)) if packed else ("data.bin", CONTENT)
    (copy / name).write_bytes(content)
    get(source("https://example.org/none"), tmp_path / "copy", tmp_path / "cache")
    assert (tmp_path / "cache/folder/data.bin").read_bytes() == CONTENT
    # As `evaluate` and `audit` take it: a folder for each source, by its name.
    (tmp_path / "copies").mkdir()
    (tmp_path / "copy").rename(tmp_path / "copies" / source("").name)
    get(source("https://example.org/none"), tmp_path / "copies", tmp_path / "other")
    assert (tmp_path / "other/folder/data.bin").read_bytes() == CONTENT


def test_what_cannot_be_had_is_refused_in_one_line(server: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="404"):
        get(source(f"{server}/missing"), folder=tmp_path)
    with pytest.raises(ConfigurationError, match="--from"):
        get(source(""), folder=tmp_path)
    with pytest.raises(ConfigurationError, match="no http"):
        get(source("file:///etc/hostname"), folder=tmp_path)
    with pytest.raises(ConfigurationError, match="leads out"):
        get(source(f"{server}/file", path="../data.bin"), folder=tmp_path)
    with pytest.raises(ConfigurationError, match=r"no file folder/data\.bin"):
        get(source(f"{server}/file"), tmp_path / "absent", tmp_path)
    pointer = tmp_path / "copy" / "folder"
    pointer.mkdir(parents=True)
    (pointer / "data.bin").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ConfigurationError, match="LFS"):
        get(source("", ""), tmp_path / "copy", tmp_path)
    assert not (tmp_path / "folder/data.bin").exists()


def test_the_cache_stands_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BIOMATRIX_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data_cache.data_root() == tmp_path / "biomatrix" / "data"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert data_cache.data_root() == Path.home() / ".cache" / "biomatrix" / "data"
    monkeypatch.setenv("BIOMATRIX_DATA", str(tmp_path / "mine"))
    assert data_cache.data_root() == tmp_path / "mine"


def test_the_command_gets_and_lists(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: str) -> None:
    monkeypatch.setenv("BIOMATRIX_DATA", str(tmp_path))
    monkeypatch.setattr(data_cache, "sources", lambda: {"mine": source(f"{server}/file")})
    runner = CliRunner()
    before = json.loads(runner.invoke(app, ["data", "list", "--json"]).stdout)
    assert [(row["source"], row["complete"]) for row in before] == [("mine", False)]
    result = runner.invoke(app, ["data", "get", "mine"])
    assert result.exit_code == 0
    assert result.stdout.strip() == str(tmp_path / "mine")
    assert "licence: CC0" in result.stderr
    assert f"{len(CONTENT) / 1e3:.1f} kB; licence" in result.stderr
    after = runner.invoke(app, ["data", "list"]).stdout.splitlines()[1]
    assert "1 of 1" in after
    assert isinstance(runner.invoke(app, ["data", "get", "nothing"]).exception, ConfigurationError)
