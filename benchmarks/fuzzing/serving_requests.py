"""Malformed and hostile requests to a server: bodies, files, sizes, characters, headers and paths, all wrong."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from typing import Any, Final, NamedTuple

JSON: Final = "application/json"
_WORDS: Final = (
    "",
    "C",
    "\u0000",
    "\u202e",
    "\U0001f9ea" * 50,
    "<script>",
    "../../etc/passwd",
    "http://127.0.0.1/",
    "{{7*7}}",
)
_ODD: Final[tuple[Any, ...]] = (None, True, -1, 10**30, 1e308, [], {}, [[]], {"a": {}}, *_WORDS)
_OPERATIONS: Final = (
    "encode",
    "decode",
    "generate",
    "check",
    "score",
    "embed",
    "compare",
    "convert",
    "fold",
    "predict",
)


class Hostile(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    what: str


def hostile(number: int, seed: int = 0) -> Hostile:
    """Return one request; the same number and seed give the same."""
    rng = random.Random(f"{seed}-{number}")
    return rng.choice(_MAKERS)(rng)


def _post(path: str, body: bytes, what: str, kind: str = JSON) -> Hostile:
    return Hostile("POST", path, {"content-type": kind}, body, what)


def _path(rng: random.Random) -> str:
    return f"/v1/{rng.choice(_OPERATIONS)}"


def _broken_json(rng: random.Random) -> Hostile:
    good = json.dumps({"entity": {"type": "molecule", "smiles": "CCO"}, "level": "fast"}).encode()
    place = rng.randrange(1, len(good))
    body = rng.choice(
        [
            good[:place],
            good[:place] + bytes([rng.randrange(128, 256)]) + good[place:],
            b"[" * rng.randrange(1, 50_000),
            b'{"a":' * 500,
            b'{"seed": NaN, "entity": 1}',
            b'{"seed": 1e400}',
            b'{"seed": ' + b"9" * rng.randrange(50, 9_000) + b"}",
            b'{"entity": "\\ud800"}',
            b"\x00" * 100,
            b"",
        ]
    )
    return _post(_path(rng), body, "broken JSON")


def _wrong_schema(rng: random.Random) -> Hostile:
    names = ["entity", "prompt", "tokens", "continuation", "samples", "seed", "output", "length", "constraints", "task"]
    body = {name: rng.choice(_ODD) for name in rng.sample(names, rng.randrange(1, 6))}
    body["not_a_field"] = 1
    return _post(_path(rng), json.dumps(body).encode(), "wrong schema")


def _hostile_text(rng: random.Random) -> Hostile:
    count = rng.randrange(1, 20_000)
    text = rng.choice(
        [
            "C(" * count,
            "[" * count,
            "C1" * count,
            "(" * count,
            "%99" * count,
            "[C@@H" * count,
            "\u0000" * 10 + "(",
            "".join(chr(rng.randrange(32, 0x2FFF)) for _ in range(200)),
            "C" * (count + 5_000),
            "CC(C",
        ]
    )
    return _post("/v1/check", json.dumps({"entity": {"type": "molecule", "smiles": text}}).encode(), "hostile SMILES")


def _hostile_file(rng: random.Random) -> Hostile:
    atom = "ATOM  {:>5d}  CA  ALA A{:>4d}    {:8.3f}{:8.3f}{:8.3f}  1.00  0.00           C\n"
    file_format, text = rng.choice(
        [
            ("sdf", "x\n" * rng.randrange(1, 2_000)),
            ("sdf", "\n\n\n999999  0  0  0  0  0  0  0  0  0999 V2000\n"),
            ("sdf", "\n\n\n 99 99  0  0  0  0  0  0  0  0999 V2000\n" + "\u00e9" * 99),
            ("mol2", "@<TRIPOS>MOLECULE\n" * 2_000),
            ("pdb", "".join(atom.format(1, n, float("9" * 3), 0.0, 0.0) for n in range(rng.randrange(6_000, 9_000)))),
            ("pdb", "ATOM  \u0000" * 500),
            ("mmcif", "data_x\nloop_\n" + "_a.b\n" * 5_000),
            ("mmcif", "data_x\n_a.b '" + "'" * 10_000),
            ("fasta", ">x\n" + "?" * 10_000),
            ("smi", "C(\n" * 5_000),
        ]
    )
    kind = "protein" if file_format in ("pdb", "mmcif", "fasta") else "molecule"
    return _post("/v1/check", json.dumps({"entity": {"type": kind, file_format: text}}).encode(), "hostile file")


def _form(rng: random.Random) -> Hostile:
    mark = "----x"
    name, content = rng.choice(
        [
            ("a.smi.gz", gzip.compress(b"C(" * 2_000_000, 1)),
            ("a.sdf.gz", gzip.compress(b"\0" * 20_000_000, 1)),
            ("a.pdb.gz", gzip.compress(gzip.compress(b"ATOM" * 100_000, 1), 1)),
            ("../../../etc/passwd", b"root"),
            ("a.sdf\0.png", b"x"),
            ("a.exe", b"MZ"),
            ("a.sdf", b"\xff" * 1_000),
            ("", b""),
        ]
    )
    field = rng.choice(["entity", "entity.5", "input", "prompt.x", "a" * 1_000])
    disposition = f'Content-Disposition: form-data; name="{field}"; filename="{name}"'
    body = f"--{mark}\r\n{disposition}\r\n\r\n".encode() + content + rng.choice([f"\r\n--{mark}--\r\n", ""]).encode()
    return _post("/v1/check", body, "form", f"multipart/form-data; boundary={rng.choice([mark, 'other', ''])}")


def _conversation(rng: random.Random) -> Hostile:
    body: dict[str, Any] = {"model": "nano", "messages": [{"role": "user", "content": "x"}]}
    wrong = rng.choice(
        [
            {"messages": rng.choice(_ODD)},
            {"messages": [{"role": rng.choice(["tool", "root"]), "content": "x"}]},
            {"messages": [{"role": "user", "content": [{"type": rng.choice(["image_url", "file", "molecule"])}]}]},
            {"messages": [{"role": "user", "content": [{"type": "molecule", "smiles": "C((" * 500}]}]},
            {"model": rng.choice(_WORDS)},
            {"n": rng.choice([0, -1, 10**9, "x"])},
            {"max_tokens": rng.choice([0, 10**9, -5])},
            {"temperature": rng.choice([-1, 1e9, "hot"])},
            {"top_p": rng.choice([0, 2, -1])},
            {"unknown_field": 1},
            {"tools": [{"type": "function"}]},
            {"output": rng.choice(["nothing", ["molecule_smiles", "molecule_smiles"], ""])},
            {"output": "molecule_smiles", "constraints": ["contains=" + "[$(" * 900]},
            {"length": 5},
            {"stream": "maybe"},
            {"seed": 2**70},
        ]
    )
    return _post("/v1/chat/completions", json.dumps({**body, **wrong}).encode(), "conversation")


def _elsewhere(rng: random.Random) -> Hostile:
    path = rng.choice(
        ["/v1/../../etc/passwd", "/v1/%2e%2e/%00", "/nothing", "//v1/check", "/v1/generate/", "/v1/tasks/%00/run"]
    )
    method = rng.choice(["GET", "PUT", "PATCH", "POST", "DELETE"])
    return Hostile(method, path, {"content-type": rng.choice([JSON, "text/xml", "x" * 500])}, b"{}", "elsewhere")


def _header(rng: random.Random) -> Hostile:
    name, value = rng.choice(
        [
            ("origin", "https://evil.example"),
            ("host", "evil.example"),
            ("content-type", "text/plain"),
            ("content-type", "application/x-www-form-urlencoded"),
        ]
    )
    return Hostile("POST", "/v1/check", {"content-type": JSON, name: value}, b'{"entity": 1}', "header")


def _giant(rng: random.Random) -> Hostile:
    body = b'{"prompt": "' + b"x" * rng.randrange(1_100_000, 2_000_000) + b'"}'
    return _post("/v1/generate", body, "giant")


_MAKERS: Final[tuple[Callable[[random.Random], Hostile], ...]] = (
    *(_broken_json, _wrong_schema, _hostile_text, _hostile_file, _conversation) * 4,
    *(_form, _elsewhere, _header) * 2,
    _giant,
)
