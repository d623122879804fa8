"""Every operation over HTTP: its example, files in forms, streams, the schema and the page that shows it."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from biomatrix.entities import Molecule, kind
from biomatrix.serving.operations.operation import operations
from biomatrix.serving.routes import LISTS

ASKED = {"prompt": "Make a molecule.", "output": "molecule_selfies", "seed": 4, "samples": 2}


@pytest.fixture(scope="module")
def sdf() -> bytes:
    aspirin = Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O", "aspirin").embed(seed=0)
    return bytes(kind("molecule").record_bytes(aspirin, "sdf"))


def events(text: str) -> list[tuple[int, str, dict[str, Any]]]:
    found = re.findall(r"^id: (\d+)\nevent: (\w+)\ndata: (.*)\n\n", text, re.MULTILINE)
    return [(int(number), name, json.loads(data)) for number, name, data in found]


@pytest.mark.parametrize("name", [one.name for one in operations() if one.asked.__module__.startswith("biomatrix.")])
def test_the_example_of_every_operation_works(client: httpx.Client, name: str) -> None:
    example = next(one.example for one in operations() if one.name == name)
    path = f"/v1/{name}"
    answer = client.get(path, params=example) if name in LISTS else client.post(path, json=example)
    assert answer.status_code == 200, answer.text
    assert "NaN" not in answer.text


def test_a_task_is_run_by_its_id(client: httpx.Client) -> None:
    listed = client.get("/v1/tasks", params={"kind": "molecule"}).json()
    task = next(one for one in listed if one["id"] == "predict_log_solubility")
    example = {name: value for name, value in task["example"].items() if name != "task"}
    answer = client.post("/v1/tasks/predict_log_solubility/run", json=example)
    assert answer.status_code == 200, answer.text
    assert answer.json()["task"] == "predict_log_solubility"
    assert client.post("/v1/tasks/nothing/run", json=example).status_code == 404


def test_a_task_is_named_by_the_path_alone(client: httpx.Client) -> None:
    entities = [{"type": "molecule", "smiles": "CCO"}]
    unknown = client.post("/v1/tasks/predict_log_solubilty/run", json={"entities": entities})
    assert unknown.status_code == 404
    assert "did you mean predict_log_solubility" in unknown.json()["error"]["message"]
    path = "/v1/tasks/predict_log_solubility/run"
    other = client.post(path, json={"entities": entities, "task": "describe_molecule"})
    assert (other.status_code, other.json()["error"]["where"]["field"]) == (422, "task")
    assert client.post(path, json={"entities": entities, "task": "predict_log_solubility"}).status_code == 200


FAULTS = [
    ({"output": "molecule_selfie"}, "output"),
    ({"output": ["molecule_selfies", "nothing"]}, "output[1]"),
    ({"output": "cell_expression"}, "output"),
    ({"output": []}, "output"),
    ({"length": 5}, "length"),
    ({"length": [9, 5], "output": "molecule_selfies"}, "length"),
    ({"length": [None, None], "output": "molecule_selfies"}, "length"),
    ({"output": "molecule_selfies", "constraints": ["contains=CO", "contians=CO"]}, "constraints[1]"),
    ({"output": "molecule_selfies", "constraints": ["contains=C(("]}, "constraints[0]"),
    ({"output": "molecule_selfies", "constraints": ["atoms"]}, "constraints[0]"),
    ({"constraints": ["contains=CO"]}, "constraints"),
    ({"output": "molecule_selfies", "constraints": ["fixed=1-3:MKT"]}, "constraints"),
]


@pytest.mark.parametrize(("asked", "field"), FAULTS)
def test_a_fault_names_its_field(client: httpx.Client, asked: dict[str, Any], field: str) -> None:
    chat = {"model": "nano", "messages": [{"role": "user", "content": "x"}], **asked}
    for path, body in (
        ("/v1/generate", {"prompt": "x", **asked}),
        ("/v1/generate/stream", {"prompt": "x", **asked}),
        ("/v1/chat/completions", chat),
        ("/v1/chat/completions", {**chat, "stream": True}),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["error"]["where"]["field"] == field, answer.text


def test_a_file_of_a_form_is_the_entity_of_its_field(client: httpx.Client, sdf: bytes) -> None:
    given = {"entity": {"type": "molecule", "sdf": sdf.decode()}, "level": "fast"}
    plain = client.post("/v1/check", json=given).json()
    for name, content in (("a.sdf", sdf), ("../../etc/b.SDF", sdf), ("c.sdf.gz", gzip.compress(sdf))):
        answer = client.post(
            "/v1/check", data={"input": '{"level": "fast"}'}, files={"entity": (name, content, "text/plain")}
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["verdict"] == plain["verdict"]
    several = client.post(
        "/v1/generate",
        data={"input": '{"prompt": ["Describe "], "max_new_tokens": 3}'},
        files=[("prompt.1", ("a.sdf", sdf, "chemical/x-mdl-sdfile"))],
    )
    assert several.status_code == 200, several.text
    for name, status in (("a.exe", 422), ("", 422), ("/etc/passwd", 422), ("a.pdb", 422)):
        answer = client.post("/v1/check", files={"entity": (name, b"\0\1", "text/plain")})
        assert answer.status_code in (status, 400), name


def test_a_stream_ends_with_the_answer_of_generate(client: httpx.Client) -> None:
    whole = client.post("/v1/generate", json=ASKED).json()
    answer = client.post("/v1/generate/stream", json=ASKED)
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    assert [number for number, _, _ in told] == list(range(1, len(told) + 1))
    assert told[-1][1] == "end"
    finished = {data["sample"]: data["answer"] for _, name, data in told if name == "finished"}
    for sample, one in enumerate(whole["answers"]):
        assert finished[sample]["text"] == one["text"]
        assert finished[sample]["entity"]["text"] == one["entity"]["text"]
        streamed = "".join(data["text"] for _, name, data in told if name == "token" and data["sample"] == sample)
        assert streamed in one["text"]
    resumed = events(client.post("/v1/generate/stream", json=ASKED, headers={"last-event-id": "5"}).text)
    assert [one[:2] for one in resumed] == [one[:2] for one in told[5:]]
    refused = client.post("/v1/generate/stream", json={**ASKED, "output": "nothing"})
    assert refused.status_code == 422


def test_every_way_in_gives_the_same_entity(client: httpx.Client, address: str) -> None:
    openai = pytest.importorskip("openai")
    stock = openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0)
    chat = stock.chat.completions.create(
        model="nano",
        messages=[{"role": "user", "content": ASKED["prompt"]}],
        seed=ASKED["seed"],
        n=2,
        extra_body={"output": ASKED["output"]},
    )
    whole = client.post("/v1/generate", json=ASKED).json()["answers"]
    assert [choice.entity["text"] for choice in chat.choices] == [one["entity"]["text"] for one in whole]
    assert [choice.message.content for choice in chat.choices] == [one["text"] for one in whole]
    parts = [{"type": "text", "text": "Describe "}, {"type": "molecule", "smiles": "CCO"}]
    told = stock.chat.completions.create(
        model="nano", messages=[{"role": "user", "content": parts}], seed=1, max_tokens=12
    )
    asked = {"prompt": ["Describe ", {"type": "molecule", "smiles": "CCO"}], "seed": 1, "max_new_tokens": 12}
    same = client.post("/v1/generate", json=asked).json()["answers"][0]
    assert told.choices[0].message.content == same["text"]
    bad = [{"type": "molecule", "smiles": "C(("}]
    with pytest.raises(openai.BadRequestError) as refused:
        stock.chat.completions.create(model="nano", messages=[{"role": "user", "content": bad}])
    assert refused.value.body["param"] == "messages[0].content[0].smiles"


def test_the_schema_is_whole_and_the_page_is_plain(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    named = set(re.findall(r"#/components/schemas/([\w.-]+)", json.dumps(schema)))
    assert named <= set(schema["components"]["schemas"])
    for one in operations():
        assert f"/v1/{one.name}" in schema["paths"]
    page = client.get("/docs").text
    assert "<script>" not in page
    assert not re.search(r"(src|href)=.(https?:)?//", page)
    assert " style=" not in page
    for path in ("/docs/docs.css", "/docs/docs.js"):
        assert client.get(path).status_code == 200
    assert "/v1/generate" in page


def test_the_figures_are_there(client: httpx.Client) -> None:
    client.post("/v1/check", json={})
    text = client.get("/metrics").text
    assert 'biomatrix_requests_total{method="POST",route="/v1/check",status="422"}' in text
    assert 'biomatrix_refusals_total{reason="schema"}' in text
    assert 'biomatrix_stage_seconds_bucket{le="0.1",stage="whole"}' in text
    assert "biomatrix_ready 1.0" in text


def figures(address: str) -> dict[str, float]:
    lines = httpx.get(f"{address}/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_refusals_of_every_way_in_are_counted(serve: Callable[..., Any], tmp_path: Path) -> None:
    """Each once, under the type that the answer tells."""
    mcp = pytest.importorskip("mcp")
    with serve(jobs=tmp_path / "jobs.sqlite") as address, httpx.Client(base_url=address, timeout=60) as client:

        async def call(name: str, **given: Any) -> Any:
            async with mcp.Client(f"{address}/mcp/") as agent:
                return await agent.call_tool(name, given)

        def by_tool(name: str, **given: Any) -> str:
            return str(asyncio.run(call(name, **given)).structured_content["error"]["type"])

        def by_route(method: str, path: str, **sent: Any) -> str:
            return str(client.request(method, path, **sent).json()["error"]["type"])

        lines = {"content-type": "application/x-ndjson"}
        asked: list[Callable[[], str]] = [
            lambda: by_route("POST", "/v1/check", json={}),
            lambda: by_route("POST", "/v1/jobs", content=b"{", headers=lines),
            lambda: by_route("POST", "/v1/jobs", content=b"x", headers={"content-type": "text/plain"}),
            lambda: by_route("GET", "/v1/jobs/nothing"),
            lambda: by_route("POST", "/v1/generate/stream", json={"prompt": "x", "samples": 100_000}),
            lambda: by_tool("check", entity={"type": "molecule", "smiles": "C(C"}),
            lambda: by_tool("generate", prompt="x", samples=100_000),
        ]
        for ask in asked:
            before = figures(address)
            name = f'biomatrix_refusals_total{{reason="{ask()}"}}'
            now = figures(address)
            counted = {key: value - before.get(key, 0.0) for key, value in now.items() if "refusals_total" in key}
            assert {key: value for key, value in counted.items() if value} == {name: 1.0}


def test_the_seconds_to_the_first_event_are_counted(client: httpx.Client, address: str) -> None:
    name = 'biomatrix_stage_seconds_count{stage="first_event"}'
    chat = {"model": "nano", "messages": [{"role": "user", "content": "x"}], "max_tokens": 3, "stream": True}
    for path, asked in (("/v1/generate/stream", {"prompt": "x", "max_new_tokens": 3}), ("/v1/chat/completions", chat)):
        before = figures(address).get(name, 0.0)
        assert client.post(path, json=asked).status_code == 200
        assert figures(address)[name] == before + 1


def test_a_query_that_is_wrong_is_refused_as_all_else(serve: Callable[..., Any], tmp_path: Path) -> None:
    with serve(jobs=tmp_path / "jobs.sqlite") as address:
        answer = httpx.get(f"{address}/v1/jobs", params={"limit": 0})
    assert answer.status_code == 422
    assert answer.json()["error"]["where"]["field"] == "limit"


def test_health(client: httpx.Client) -> None:
    assert client.get("/health/live").json()["status"] == "live"
    told = client.get("/health/ready").json()
    assert told["status"] == "ready"
    assert told["hash"]


def test_half_a_character_is_refused_in_every_text_of_every_route(client: httpx.Client) -> None:
    chat = {"model": "nano", "messages": [{"role": "user", "content": "Hello"}], "stop": ["."], "max_tokens": 1}
    asked = [(f"/v1/{one.name}", one.example) for one in operations() if one.name not in LISTS]
    asked += [("/v1/generate/stream", {"prompt": ["Hello"], "system": "x"}), ("/v1/chat/completions", chat)]
    count = 0
    for path, example in asked:
        for broken, place in with_half_characters(example):
            answer = client.post(path, content=json.dumps(broken), headers={"content-type": "application/json"})
            assert answer.status_code == (400 if "completions" in path else 422), (path, place, answer.text)
            assert answer.json()["error"]["where"]["field"] == place, (path, answer.text)
            count += 1
    assert count > 40


def with_half_characters(value: Any, place: str = "") -> Iterator[tuple[Any, str]]:
    """Yield a value once for each text in it, with half a character in that place, and the place."""
    if isinstance(value, str):
        yield f"{value}\ud800", place
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        at = f"{place}[{key}]" if isinstance(key, int) else f"{place}.{key}".lstrip(".")
        for broken, deeper in with_half_characters(one, at):
            copy = value.copy()
            copy[key] = broken
            yield copy, deeper


def test_a_form_in_an_encoding_of_halves_is_refused(client: httpx.Client) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="input"\r\n\r\n{"words": "a"}\r\n'
        b'--x\r\nContent-Disposition: form-data; name="words"\r\n\r\n\\ud800\r\n--x--\r\n'
    )
    form = {"content-type": "multipart/form-data; boundary=x; charset=raw_unicode_escape"}
    refused = client.post("/v1/edit", content=body, headers=form)
    assert refused.status_code == 422
    assert "surrogate" in refused.text
