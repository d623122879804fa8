"""The files of ``deploy`` say what is so: they parse, and every option, path, port and version in them exists."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main
import yaml
from starlette.testclient import TestClient

from biomatrix import __version__
from biomatrix.cli.serve import app
from biomatrix.serving.app import create_app
from biomatrix.serving.gate import PROTECTED
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.settings import ServingSettings

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "deploy"
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
KEYS, JOBS, PORT = "/etc/biomatrix/keys", "/var/lib/biomatrix/jobs.sqlite", "8000"


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with their arguments, continued lines joined."""
    lines = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def arguments_of(word: str) -> list[str]:
    return [rest for given, rest in instructions() if given == word]


def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def unit() -> dict[str, dict[str, list[str]]]:
    """Return the sections of the unit; a key may stand more than once, which configparser does not know."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in (DEPLOY / "biomatrix.service").read_text().splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, separator, value = line.partition("=")
            assert separator, line
            assert re.fullmatch(r"[A-Z]\w*", name), line
            section.setdefault(name, []).append(value)
    return sections


def serve_options(words: list[str]) -> dict[str, str]:
    """Return what a command line of ``biomatrix serve`` gives each option, as the command itself takes it apart."""
    command = typer.main.get_command(app)
    given, rest, _ = command.make_parser(command.make_context("serve", [], resilient_parsing=True)).parse_args(words)  # type: ignore[attr-defined]
    assert not rest, words
    return dict(given)


def commands_of_the_page() -> list[list[str]]:
    page = (ROOT / "docs" / "how-to" / "deploy.md").read_text().replace("\\\n", " ")
    found = re.findall(r"biomatrix serve (--[^\n#]+)", page)
    found += re.findall(r"docker run .*biomatrix:\S+ (--[^\n#]+)", page)
    found += re.findall(r"BIOMATRIX_OPTIONS=(--[^`\n]+)", page)
    found += re.findall(r"`(--at-most [^`]+)`", page)
    return [shlex.split(re.sub(r"`.*", "", line)) for line in found]


def test_every_command_is_one_that_serve_takes() -> None:
    (entry,) = arguments_of("ENTRYPOINT")
    image = json.loads(entry)
    assert image[:2] == ["biomatrix", "serve"]
    (started,) = unit()["Service"]["ExecStart"]
    program, serve, *words = shlex.split(started.replace(" $BIOMATRIX_OPTIONS", ""))
    assert (Path(program).name, serve) == ("biomatrix", "serve")
    of_compose = compose()["services"]["biomatrix"]["command"]
    for line in (image[2:], words, [*image[2:], *of_compose]):
        given = serve_options(line)
        assert (str(given["port"]), str(given["jobs"])) == (PORT, JOBS)
        assert given["host"] == ("127.0.0.1" if line is words else "0.0.0.0")
        assert given["keys"]
    assert len(commands_of_the_page()) >= 5
    for line in commands_of_the_page():
        assert serve_options(line)


def test_what_is_said_twice_is_the_same() -> None:
    service = compose()["services"]["biomatrix"]
    (health,) = arguments_of("HEALTHCHECK")
    assert json.loads(health.partition(" CMD ")[2]) == service["healthcheck"]["test"][1:]
    assert arguments_of("EXPOSE") == [PORT]
    assert f"{{$BIOMATRIX_UPSTREAMS:127.0.0.1:{PORT}}}" in (DEPLOY / "Caddyfile").read_text()
    stop = ServingSettings().stop_seconds
    assert float(serve_options(service["command"])["stop_seconds"]) == stop < float(service["stop_grace_period"][:-1])
    assert stop < float(unit()["Service"]["TimeoutStopSec"][0])
    writable = {one.rpartition(":")[2] for one in service["volumes"] if not one.endswith(":ro")}
    assert writable == {str(Path(JOBS).parent)} == {"/var/lib/" + unit()["Service"]["StateDirectory"][0]}


def test_memory_has_room_for_the_readers() -> None:
    """Else a file within the limits of a reader could cost the server."""
    service = compose()["services"]["biomatrix"]
    need = ServingSettings().parsers * ServingLimits().parse_bytes + 600 * 2**20
    for figure in (service["mem_limit"], *unit()["Service"]["MemoryMax"]):
        assert need <= int(figure[:-1]) * 2**30
    threads = ServingSettings().generating_threads + ServingSettings().quick_threads
    assert service["pids_limit"] == int(unit()["Service"]["TasksMax"][0]) > 2 * threads


def test_paths_of_the_server_exist() -> None:
    client = TestClient(create_app(ServingSettings()), base_url="http://127.0.0.1")
    found = {path: client.get(path).status_code for path in ("/health/ready", "/metrics", "/page/main.js")}
    assert found == {"/health/ready": 503, "/metrics": 200, "/page/main.js": 200}, "no model is open"
    assert "'/health/ready'" in "".join(arguments_of("HEALTHCHECK"))
    proxy = (DEPLOY / "Caddyfile").read_text()
    assert "/health/ready" in proxy
    assert "/page/*" in proxy
    assert "/metrics" in PROTECTED


def test_paths_of_the_repository_exist_and_reach_the_builder() -> None:
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()
    copied = [word for rest in arguments_of("COPY") if "--from" not in rest for word in rest.split()[:-1]]
    assert {*copied} == {*sent}
    assert all((ROOT / name).exists() for name in copied)
    build = compose()["services"]["biomatrix"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()
    for service in compose()["services"].values():
        for volume in service.get("volumes", ()):
            source = re.sub(r"^\$\{\w+:-([^}]+)\}", r"\1", volume).split(":")[0]
            assert (DEPLOY / source).is_file() if source.startswith(".") else source in compose()["volumes"]
        assert {*service.get("networks", ())} <= {*compose()["networks"]}
    (documented,) = unit()["Unit"]["Documentation"]
    assert (ROOT / documented.partition("/blob/main/")[2]).is_file()


def test_versions_are_those_of_the_project() -> None:
    written = "\n".join(path.read_text() for path in (*DEPLOY.iterdir(), ROOT / "docs" / "how-to" / "deploy.md"))
    assert {*re.findall(r"(?:biomatrix:|version=\")(\d+\.[\d.]*\d)", written)} == {__version__} == {PROJECT["version"]}
    (python,) = (rest.partition("=")[2] for rest in arguments_of("ARG") if rest.startswith("PYTHON="))
    minor = tuple(map(int, python.split(".")))
    assert len(minor) == 2
    assert minor >= tuple(map(int, PROJECT["requires-python"].removeprefix(">=").split(".")))
    assert (
        python
        in yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["test"]["strategy"]["matrix"][
            "python"
        ]
    )
    pinned = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    needed = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["serve"], "hatchling"]
    assert {re.split(r"[<>=\[]", one)[0] for one in needed} <= pinned


def test_the_image_keeps_to_the_rules() -> None:
    steps = instructions()
    known = ["ARG", "FROM", "ENV", "WORKDIR", "RUN", "COPY", "LABEL", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT"]
    assert {word for word, _ in steps} <= {*known}
    bases = [rest.split()[0] for word, rest in steps if word == "FROM"]
    stages = {rest.split()[2] for word, rest in steps if word == "FROM" and " AS " in rest}
    for base in bases:
        assert base in stages or re.search(r":\$\{PYTHON\}-slim-\w+$", base), "a base is pinned by its minor version"
    last = steps[max(number for number, (word, _) in enumerate(steps) if word == "FROM") :]
    (user,) = (rest for word, rest in last if word == "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number, so that a cluster can see that it is not root"
    assert [word for word, _ in last].index("USER") > max(n for n, (word, _) in enumerate(last) if word == "RUN")
    runs = arguments_of("RUN")
    for run in runs:
        for command in run.split("&&"):
            if "pip install" in command and "--no-index" not in command:
                assert "--constraint constraints.txt" in command
            assert not re.search(r"\b(curl|wget|sudo|git)\b", command)
        assert ("apt-get install" in run) == ("--no-install-recommends" in run) == ("rm -rf /var/lib/apt/lists" in run)
    texts = [f"{word} {rest}" for word, rest in steps]
    torch, others, source = (
        next(n for n, text in enumerate(texts) if part in text)
        for part in ("TORCH_INDEX}", "requirements.txt", "COPY src")
    )
    assert torch < others < source, "what seldom changes comes first"
    assert any("HF_HUB_OFFLINE=1" in rest for rest in arguments_of("ENV"))


def test_nothing_runs_with_more_than_it_needs() -> None:
    for name, service in compose()["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service
    server = compose()["services"]["biomatrix"]
    assert "ports" not in server
    assert all(compose()["networks"][one] == {"internal": True} for one in server["networks"])
    assert all(
        ":" in service["image"] and "latest" not in service["image"] for service in compose()["services"].values()
    )


def test_the_unit_shuts_the_server_in() -> None:
    service = unit()["Service"]
    wanted = {
        **dict.fromkeys(("DynamicUser", "NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome"), "yes"),
        "ProtectSystem": "strict",
        "OOMPolicy": "continue",
        "KillMode": "mixed",
        "Restart": "on-failure",
    }
    assert {name: service[name] for name in wanted} == {name: [value] for name, value in wanted.items()}
    assert "AF_UNIX" in service["RestrictAddressFamilies"][0], "the readers of files are asked over socket pairs"
    assert not any("@resources" in value for value in service["SystemCallFilter"]), "readers limit themselves"


def test_braces_of_the_proxy_close() -> None:
    lines = [line.partition("#")[0] for line in (DEPLOY / "Caddyfile").read_text().splitlines()]
    depth = 0
    for line in lines:
        bare = re.sub(r"\{\$[^}]*\}", "", line)
        depth += bare.count("{") - bare.count("}")
        assert depth >= 0
    assert depth == 0
    stated = re.search(r"max_size (\d+)MB", "\n".join(lines))
    assert stated is not None
    assert int(stated.group(1)) * 10**6 > ServingLimits().request_bytes


def checked_by(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    there = tmp_path / "biomatrix.service"
    program = shutil.which("true") or "/bin/true"
    there.write_text((DEPLOY / "biomatrix.service").read_text().replace("/opt/biomatrix/bin/biomatrix", program))
    checked_by("systemd-analyze", "verify", str(there))
    checked_by("systemd-analyze", "security", "--offline=yes", "--threshold=20", str(there))


def test_hadolint_takes_the_image() -> None:
    checked_by("hadolint", "--failure-threshold", "error", str(DEPLOY / "Dockerfile"))


def test_caddy_takes_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    checked_by("caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile"))
