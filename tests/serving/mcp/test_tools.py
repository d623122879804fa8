"""The tools as an agent has them, with the SDK's own client: over standard input and output, and over HTTP."""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")
import anyio
import uvicorn
from fastapi import FastAPI, Request
from jsonschema import Draft202012Validator
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from pydantic import RootModel

from biomatrix.entities import kinds
from biomatrix.generation import load
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.mcp.calls import Caller
from biomatrix.serving.mcp.schemas import input_schema, output_schema
from biomatrix.serving.mcp.server import build_server, mcp_app, mount_mcp
from biomatrix.serving.mcp.telling import tell
from biomatrix.serving.operations.operation import operation, operations
from biomatrix.serving.parsing import DirectParser
from biomatrix.serving.service import Service

from .. import small_operations

PROGRAM = Path(small_operations.__file__)
SLOW = {"samples": 64, "least": 350, "most": 400}


def over_stdio() -> Client:
    environment = {name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "OMP", "TOKEN"))}
    return Client(StdioServerParameters(command=sys.executable, args=[str(PROGRAM), "mcp"], env=environment))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a server in this process whose requests belong to who the header ``x-owner`` names."""
    app = FastAPI()

    @app.middleware("http")
    async def named(request: Request, call_next):  # type: ignore[no-untyped-def]
        request.state.owner = request.headers.get("x-owner", "")
        return await call_next(request)

    mount_mcp(app, mcp_app(small_operations.service()))
    with serving(app) as url:
        yield url


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port; yield the address of its tools."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/mcp"
    server.should_exit = True
    thread.join()


def drive(client: Client, act: Callable[[Client], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with client:
            return await act(client)

    return anyio.run(run)


async def tools_answers_and_errors(client: Client) -> None:
    """What every way in is held to."""
    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert {"spell_molecule", "write_molecules"} <= set(listed)
    schema = listed["spell_molecule"].input_schema
    assert schema["properties"]["smiles"]["description"] == "A molecule as SMILES."
    for tool in listed.values():
        Draft202012Validator.check_schema(tool.input_schema)
        Draft202012Validator.check_schema(tool.output_schema)

    spelled = await client.call_tool("spell_molecule", {"smiles": "c1ccccc1O"})
    assert not spelled.is_error
    assert (
        spelled.structured_content["tokens"]
        == small_operations.SPELL.run(
            small_operations.service(), small_operations.SpellAsked(smiles="c1ccccc1O")
        ).tokens
    )
    text, link = spelled.content
    assert "entity: molecule Oc1ccccc1" in text.text
    assert link.uri in text.text
    (file,) = (await client.read_resource(link.uri)).contents
    assert file.text.strip() == "Oc1ccccc1"
    assert link.uri in {one.uri for one in (await client.list_resources()).resources}
    (template,) = (await client.list_resource_templates()).resource_templates
    assert link.uri.startswith(template.uri_template.partition("{")[0])

    asked = small_operations.WriteAsked(samples=2, seed=5)
    written = await client.call_tool("write_molecules", asked.model_dump())
    directly = small_operations.write(small_operations.service(), asked)
    assert [one["text"] for one in written.structured_content["entities"]] == [one.text for one in directly.entities]
    assert written.structured_content["logprobs"][-1] is None  # no NaN in JSON

    for arguments, part in (
        ({"smiles": "C1CC("}, "at character 5"),
        ({"smile": "CC"}, "did you mean smiles"),
        ({}, "smiles: Field required"),
        ({"smiles": "C" * 1001}, "1000"),
    ):
        wrong = await client.call_tool("spell_molecule", arguments)
        assert wrong.is_error
        assert part in wrong.content[0].text
        assert "\n" not in wrong.content[0].text
    with pytest.raises(MCPError, match="did you mean spell_molecule"):
        await client.call_tool("spell_molecul", {})
    with pytest.raises(MCPError, match="no file at"):
        await client.read_resource("biomatrix://answers/none/entity.smi")


@pytest.mark.slow
def test_over_standard_input_and_output() -> None:
    drive(over_stdio(), tools_answers_and_errors)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_over_http(address: str, mode: str) -> None:
    drive(Client(address, mode=mode), tools_answers_and_errors)


@pytest.mark.slow
def test_every_tool_answers_its_example_as_its_schema_says(address: str) -> None:
    async def act(client: Client) -> None:
        for one in operations():
            if one.is_tool:
                answer = await client.call_tool(one.name, one.example)  # the client holds it against the schema
                assert not answer.is_error, (one.name, answer.content)
                assert 0 < len(answer.content[0].text) < 7_000, one.name
                for link in answer.content[1:]:
                    assert (await client.read_resource(link.uri)).contents[0].text

    drive(Client(address), act)


def test_a_host_of_another_name_is_refused(address: str) -> None:
    import httpx

    headers = {"host": "evil.example", "accept": "application/json, text/event-stream"}
    answer = httpx.post(address, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=headers)
    assert answer.status_code == 421


@asynccontextmanager
async def owned(address: str, owner: str) -> AsyncIterator[Client]:
    import httpx2

    async with (
        httpx2.AsyncClient(headers={"x-owner": owner}) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield client


def test_nobody_reads_the_files_of_another_owner(address: str) -> None:
    async def act() -> None:
        async with owned(address, "ann") as ann, owned(address, "bob") as bob:
            uri = (await ann.call_tool("spell_molecule", {"smiles": "CCO"})).content[1].uri
            assert (await ann.read_resource(uri)).contents
            with pytest.raises(MCPError, match="no file at"):
                await bob.read_resource(uri)
            assert (await bob.list_resources()).resources == []

    anyio.run(act)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_progress_is_told_and_a_cancelled_call_stops_writing(
    address: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from biomatrix.serving.mcp import calls

    watches: list[calls.Watch] = []

    class Seen(calls.Watch):
        def __init__(self, seconds: float | None = None) -> None:
            super().__init__(seconds)
            watches.append(self)

    monkeypatch.setattr(calls, "Watch", Seen)

    async def act(client: Client) -> list[float]:
        told: list[float] = []
        enough = anyio.Event()

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            told.append(progress)
            assert message == f"{progress:.0f} tokens written"
            if len(told) == 2:
                enough.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: client.call_tool("write_molecules", SLOW, progress_callback=on_progress))
            with anyio.fail_after(30):
                await enough.wait()
            tasks.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await anyio.sleep(1.0)
            after = watches[0].tokens
            await anyio.sleep(1.0)
            assert watches[0].tokens == after, "it goes on writing"
        return told

    told = drive(Client(address, mode=mode), act)
    assert told == sorted(set(told))


def test_long_answers_are_shortened_and_stay_whole_in_a_file() -> None:
    from biomatrix.serving.mcp.schemas import output_schema
    from biomatrix.serving.mcp.telling import tell

    told = small_operations.spell(small_operations.service(), small_operations.SpellAsked(smiles="C" * 300))
    telling = tell(told)
    Draft202012Validator(output_schema(small_operations.SPELL)).validate(telling.data)
    assert len(told.tokens) == 300
    assert len(telling.data["tokens"]) == 100
    assert json.loads(telling.files["answer.json"].text)["tokens"] == told.tokens
    assert "shortened here: tokens" in telling.text
    assert telling.data["entity"]["picture"].startswith("biomatrix://answers/")


def test_an_output_that_is_a_list_is_told_as_an_object() -> None:
    from biomatrix.serving.mcp.schemas import output_schema
    from biomatrix.serving.mcp.telling import tell

    class Several(RootModel[list[small_operations.SpellTold]]):
        pass

    smiles = ["C" * length for length in range(1, 13)]
    service = small_operations.service()
    spelled = [small_operations.spell(service, small_operations.SpellAsked(smiles=one)) for one in smiles]
    telling = tell(Several(spelled))
    Draft202012Validator(output_schema(replace(small_operations.SPELL, told=Several))).validate(telling.data)
    assert len(telling.data["result"]) == 12
    assert "result 1 of 12" in telling.text
    assert "4 more: CCCCCCCCC, " in telling.text


def test_the_oldest_files_are_dropped_first() -> None:
    from biomatrix.serving.mcp.resources import KeptAnswers, KeptFile

    kept = KeptAnswers(most=3, most_characters=100)
    for number in range(5):
        kept.keep("", str(number), {"a": KeptFile("x" * 10, "text/plain", "")})
    assert [uri for uri, _ in kept.all("")] == [f"biomatrix://answers/{n}/a" for n in (4, 3, 2)]
    kept.keep("", "large", {"a": KeptFile("x" * 95, "text/plain", "")})
    assert [uri for uri, _ in kept.all("")] == ["biomatrix://answers/large/a"]


def test_a_call_that_takes_too_long_says_so() -> None:
    service = small_operations.service()
    server = build_server(replace(service, limits=replace(service.limits, seconds=0.3)))
    answer = drive(Client(server), lambda client: client.call_tool("write_molecules", SLOW))
    assert answer.is_error
    assert "longer than 0.3 s" in answer.content[0].text


def test_schemas_say_what_pydantic_says_and_nothing_twice() -> None:
    tools = {one.name: one for one in operations() if one.is_tool}
    for one in tools.values():
        schema = input_schema(one)
        text = json.dumps(schema)
        assert '"title":' not in text.replace('"title": {', "")
        for name in schema.get("$defs", {}):
            assert text.count(f'"#/$defs/{name}"') > 1, (one.name, name)
        short, full = Draft202012Validator(schema), Draft202012Validator(one.asked.model_json_schema())
        for broken in [one.example, *wrong_forms(one.example)]:
            assert short.is_valid(broken) == full.is_valid(broken), (one.name, broken)
        assert short.is_valid(one.example)
    own = [one for one in tools.values() if one.asked.__module__.startswith("biomatrix.")]
    size = sum(len(json.dumps([input_schema(one), output_schema(one)])) for one in own)
    assert size < 36_500 * len(kinds()), "an agent pays for every word, and each kind brings formats of its own"


def wrong_forms(example: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an input with each of its parts of a wrong type or left out, and with one too many."""
    for name in example:
        for value in (None, 1, -1, "x", [], {}, [None], {"type": 1}, {"type": "molecule", "record": 0}):
            yield {**example, name: value}
        yield {other: value for other, value in example.items() if other != name}
    yield {**example, "samples": 0}
    yield {**example, "samples": None}
    yield {**example, "drafts": None}


def test_a_text_says_an_answer_once() -> None:
    model = load("nano")
    limits = ServingLimits()
    service = Service(model, DirectParser(limits), limits)
    predicted = operation("predict")
    told = predicted.run(service, predicted.asked.model_validate(predicted.example))
    text = tell(told).text
    assert text.count(told.answers[0].text) <= 2  # as text, and read as a value
    written = operation("generate")
    told = written.run(service, written.asked.model_validate(written.example))
    assert tell(told).text.count(told.answers[0].entity.text) == 1


def test_without_sessions_any_replica_answers() -> None:
    """Two applications behind one address, asked in turn, as by a proxy that knows of no sessions."""
    replicas = [mcp_app(small_operations.service(), stateless=True) for _ in range(2)]
    turns = itertools.cycle(replicas)

    class Proxy:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await next(turns)(scope, receive, send)

    app = FastAPI()
    mount_mcp(app, Proxy())
    with serving(app) as url:
        for mode in ("auto", "legacy"):

            async def act(client: Client) -> None:
                for seed in range(4):
                    written = await client.call_tool("spell_molecule", {"smiles": "C" * (seed + 1)})
                    assert not written.is_error

            drive(Client(url, mode=mode), act)


def test_half_a_character_is_refused_with_its_place() -> None:
    refused = Caller._outcome(small_operations.service(), small_operations.SPELL, {"smiles": "CC\ud800"})
    assert isinstance(refused, dict)
    assert refused["where"]["field"] == "smiles"
    assert "surrogate" in refused["message"]
