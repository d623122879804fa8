"""``biomatrix mcp``: what it prints, and that standard output holds the protocol alone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytest.importorskip("mcp")


def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "biomatrix", "mcp", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)


def _call(number: int, tool: str, arguments: dict[str, object]) -> dict[str, object]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def test_the_printed_configuration_starts_the_tools() -> None:
    printed = run("--print-config", "--model", "nano")
    assert printed.returncode == 0, printed.stderr
    started = json.loads(printed.stdout)["mcpServers"]["biomatrix"]
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
        _call(3, "convert", {"entity": {"type": "molecule", "smiles": "OCC"}}),
        _call(4, "generate", {"prompt": "a"}),
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 4}},
    ]
    ended = subprocess.run(
        [started["command"], *started["args"]],
        input="".join(f"{json.dumps(one)}\n" for one in messages),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    # Nothing asked is lost when input ends, though the model is still being opened; what was called off has no answer.
    assert sorted(one["id"] for one in answers) == [1, 2, 3]
    answers.sort(key=lambda one: one["id"])
    assert "CCO" in json.dumps(answers[2]["result"])
    assert answers[0]["result"]["serverInfo"]["name"] == "biomatrix"
    assert "biomatrix://answers/" in answers[0]["result"]["instructions"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("claude",), "--print-config"),
        (("--print-config", "emacs"), "claude and generic"),
        (("--engine", "transformer"), "did you mean transformers"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(arguments: tuple[str, ...], part: str) -> None:
    refused = run(*arguments)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert part in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_it_ends_while_the_host_keeps_standard_input_open() -> None:
    command = [sys.executable, "-m", "biomatrix", "mcp"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    failing = subprocess.Popen([*command, "--model", "no-such-model"], **pipes)
    assert failing.wait(timeout=120) == 1
    assert "no-such-model" in failing.stderr.read()
    told = subprocess.Popen(command, **pipes)
    told.stdin.write('{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
    told.stdin.flush()
    assert json.loads(told.stdout.readline())["id"] == 1
    told.terminate()
    assert told.wait(timeout=10) == 143


def test_the_bare_form() -> None:
    printed = json.loads(run("--print-config", "generic").stdout)
    assert printed["transport"] == "stdio"
    assert printed["args"][-5:] == ["mcp", "--model", "nano", "--engine", "transformers"]
