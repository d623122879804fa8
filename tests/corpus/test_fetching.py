"""Files of a card from a local server: lists of folders, checksums, resumed parts, hostile names, full disks."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.corpus.sources.fetching import fetch_card, planned
from biomatrix.corpus.sources.published import source_card
from biomatrix.corpus.sources.published.source_card import Download, SourceCard, card
from biomatrix.errors import BioMatrixError, ConfigurationError

FILES = {f"part{number}.fasta.gz": Random(number).randbytes(200_000) for number in range(3)}
LISTING = (
    "<html>"
    + "".join(f'<a href="{name}">{name}</a>' for name in FILES)
    + '<a href="../outside.fasta.gz">up</a><a href="..%2F..%2Fescape.fasta.gz">encoded</a>'
    + '<a href=".hidden.fasta.gz">h</a>'
    + '<a href="http://other.example/part9.fasta.gz">elsewhere</a><a href="readme.txt">readme</a></html>'
)


class Server(BaseHTTPRequestHandler):
    """A folder ``/all/`` with its list, and ``.md5`` files; the first answer for a file is cut."""

    cut: ClassVar[set[str]] = set()
    wrong: ClassVar[bool] = False
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        name = self.path.rpartition("/")[2]
        if self.path == "/all/":
            content = LISTING.encode()
        elif name.endswith(".md5"):
            digest = hashlib.md5(FILES[name.removesuffix(".md5")]).hexdigest()
            content = f"{'0' * 32 if Server.wrong else digest}  {name.removesuffix('.md5')}\n".encode()
        elif name == "away":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
            return
        else:
            content = FILES[name]
        asked = self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", '"one"')
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if body:
            Server.asked.append(f"{name} {asked}".strip())
            cut = name in Server.cut
            Server.cut.discard(name)
            self.wfile.write(content[start : 100_000 if cut else None])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    host = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    Thread(target=host.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{host.server_port}"
    host.shutdown()
    host.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    Server.cut, Server.wrong, Server.asked = set(), False, []


def listed(server: str, **more: Any) -> SourceCard:
    """The card of UniRef50 with a folder of the local server in place of its address, which would be https."""
    download = Download.model_construct(url=f"{server}/all/", path="uniref50", listing="*.fasta.gz", **more)
    return card("uniref50").model_copy(update={"downloads": [download]})


def test_a_folder_is_listed_fetched_and_checked(server: str, tmp_path: Path) -> None:
    Server.cut = {"part1.fasta.gz"}
    results = fetch_card(listed(server, checksums="{url}.md5"), tmp_path)
    assert [one.state for one in results] == ["downloaded"] * 3
    assert {path.name: path.read_bytes() for path in (tmp_path / "uniref50").glob("*.gz")} == FILES
    assert "part1.fasta.gz bytes=100000-" in Server.asked
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith((".part", ".version"))]
    Server.asked.clear()
    assert [one.state for one in fetch_card(listed(server, checksums="{url}.md5"), tmp_path)] == ["there"] * 3
    assert Server.asked == [""]  # the list alone


def test_names_that_lead_out_are_passed_over(server: str, tmp_path: Path) -> None:
    names = [one.file.path for one in planned(listed(server), tmp_path)]
    assert names == [f"uniref50/{name}" for name in FILES]
    assert [one.size for one in planned(listed(server), tmp_path, limit=2)] == [200_000] * 2
    assert not list(tmp_path.iterdir())


def test_a_wrong_checksum_leaves_no_file(server: str, tmp_path: Path) -> None:
    Server.wrong = True
    with pytest.raises(ConfigurationError, match="MD5"):
        fetch_card(listed(server, checksums="{url}.md5"), tmp_path)
    assert not list(tmp_path.rglob("*.gz*"))


def test_room_is_asked_for_first(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=500_000))
    with pytest.raises(ConfigurationError, match="600,000 bytes are to come, and the disk has room for 500,000"):
        fetch_card(listed(server), tmp_path)
    assert len(fetch_card(listed(server), tmp_path, limit=1)) == 1


def test_a_server_cannot_lead_to_a_file_of_this_machine(server: str, tmp_path: Path) -> None:
    download = Download.model_construct(url=f"{server}/away", path="uniref50/away")
    with pytest.raises(BioMatrixError):
        fetch_card(card("uniref50").model_copy(update={"downloads": [download]}), tmp_path)
    assert not (tmp_path / "uniref50/away").exists()


def test_without_a_network_one_line_says_so(tmp_path: Path) -> None:
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(ConfigurationError, match=r"cannot be reached .*--from"):
            fetch_card(listed(f"http://127.0.0.1:{nobody.getsockname()[1]}"), tmp_path)


def test_what_is_got_by_hand_says_how(tmp_path: Path) -> None:
    described = card("uniref50").model_copy(update={"downloads": [], "by_hand": "Fill in the form."})
    with pytest.raises(ConfigurationError, match="Fill in the form"):
        fetch_card(described, tmp_path)


@pytest.mark.parametrize("folder", ["uniref50", ""])
def test_a_local_copy_is_taken_by_the_patterns_of_the_card(folder: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / folder
    copy.mkdir(parents=True)
    (copy / "uniref50.fasta").write_text(">UniRef50_A b n=1\nMK\n")
    runner = CliRunner()
    arguments = [
        "corpus",
        "get",
        "uniref50",
        "--data",
        str(tmp_path / "data"),
        "--from",
        str(tmp_path / "copy"),
        "--json",
    ]
    result = runner.invoke(app, arguments)
    assert json.loads(result.stdout)["uniref50"][0]["state"] == "copied"
    assert (tmp_path / "data/uniref50/uniref50.fasta").read_text().endswith("MK\n")
    listed = json.loads(runner.invoke(app, ["corpus", "sources", "--data", str(tmp_path / "data"), "--json"]).stdout)
    assert next(row for row in listed if row["name"] == "uniref50")["present"]


def test_every_card_is_listed_and_shown() -> None:
    runner = CliRunner()
    rows = json.loads(runner.invoke(app, ["corpus", "sources", "--json"]).stdout)
    assert {row["name"] for row in rows if row["made"] == "published"} == set(source_card.card_names())
    assert all(row["category"] and row["part"] for row in rows if row["made"] == "own")
    shown = runner.invoke(app, ["corpus", "sources", "uniref50"]).stdout
    assert "shippable: True" in shown
    assert isinstance(runner.invoke(app, ["corpus", "sources", "uniref51"]).exception, ConfigurationError)
