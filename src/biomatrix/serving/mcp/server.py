"""A server of the Model Context Protocol over the table of operations."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import mcp_types as types
from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError

from biomatrix import __version__
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.modality_registry import modality_class
from biomatrix.entities.near_matches import choices
from biomatrix.serving.mcp.calls import Caller
from biomatrix.serving.mcp.mounting import MountedServer
from biomatrix.serving.mcp.paths import mount_mcp
from biomatrix.serving.mcp.resources import SCHEME, KeptAnswers, address
from biomatrix.serving.mcp.schemas import input_schema, output_schema
from biomatrix.serving.operations.operation import Operation, operations

if TYPE_CHECKING:
    from concurrent.futures import Future

    from biomatrix.serving.mcp.telling import Telling
    from biomatrix.serving.service import Service

__all__ = ["MountedServer", "build_server", "mcp_app", "mount_mcp"]

log = logging.getLogger(__name__)

_CACHED_MILLISECONDS: Final = 3_600_000
"""The tools are the same as long as the server runs."""
_PAGE: Final = 100
_Context = ServerRequestContext[Any, Any]


def build_server(
    service: Service | Future[Service],
    answers: KeptAnswers | None = None,
    refused: Callable[[str], object] = lambda reason: None,
) -> Server[Any]:
    """Return a server whose tools are the operations that agents are offered.

    Parameters
    ----------
    service : Service or Future
        Its model may be asked by several threads at once. Calls wait for one that is being opened; the tools are listed
        before.
    answers : KeptAnswers, optional
        Where the files of answers are kept; a store of its own when not given.
    refused : callable
        Called with the reason of each call that is refused.
    """
    tools = _Tools(service, answers or KeptAnswers(), refused)
    return Server(
        "biomatrix",
        version=__version__,
        title="biomatrix",
        instructions=_instructions(),
        get_tool_input_schema=tools.schema_of,
        on_list_tools=tools.list_tools,
        on_call_tool=tools.call,
        on_list_resources=tools.list_resources,
        on_list_resource_templates=tools.list_templates,
        on_read_resource=tools.read,
    )


def mcp_app(service: Service, refused: Callable[[str], object] = lambda reason: None, **settings: Any) -> MountedServer:
    """Return an ASGI application to mount at a path; see :class:`MountedServer` for the settings."""
    return MountedServer(build_server(service, refused=refused), request_bytes=service.limits.request_bytes, **settings)


class _Tools:
    """What the server answers."""

    def __init__(
        self, service: Service | Future[Service], answers: KeptAnswers, refused: Callable[[str], object]
    ) -> None:
        self._operations = {one.name: one for one in operations() if one.is_tool}
        self._tools = {name: _tool(one) for name, one in self._operations.items()}
        self._answers = answers
        self._refused = refused
        self._caller = Caller(service, refused)

    def schema_of(self, name: str) -> Mapping[str, Any] | None:
        return self._tools[name].input_schema if name in self._tools else None

    async def list_tools(self, context: _Context, asked: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=list(self._tools.values()), ttl_ms=_CACHED_MILLISECONDS)

    async def call(self, context: _Context, asked: types.CallToolRequestParams) -> types.CallToolResult:
        if asked.name not in self._operations:
            self._refused("tool")
            raise MCPError(
                types.INVALID_PARAMS, f"no tool named {asked.name!r:.80}; {choices(asked.name, self._operations)}"
            )
        outcome = await self._caller.call(context.session, self._operations[asked.name], asked.arguments or {})
        if isinstance(outcome, dict):
            message = types.TextContent(text=str(outcome["message"]))
            return types.CallToolResult(content=[message], structured_content={"error": outcome}, is_error=True)
        if outcome.files:
            self._answers.keep(_owner(context), outcome.id, outcome.files)
        content: list[types.ContentBlock] = [types.TextContent(text=outcome.text)]
        content += [_link(outcome, name) for name in outcome.linked]
        return types.CallToolResult(content=content, structured_content=outcome.data)

    async def list_resources(
        self, context: _Context, asked: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        cursor = asked.cursor if asked is not None and asked.cursor is not None else "0"
        if not (cursor.isascii() and cursor.isdigit()):
            raise MCPError(types.INVALID_PARAMS, "the cursor is none that this server gave; begin without one")
        files = self._answers.all(_owner(context))
        first = int(cursor[:9])
        shown = [
            types.Resource(
                uri=uri, name=uri.removeprefix(SCHEME), title=file.title, mime_type=file.media_type, size=len(file.text)
            )
            for uri, file in files[first : first + _PAGE]
        ]
        following = str(first + _PAGE) if len(files) > first + _PAGE else None
        return types.ListResourcesResult(resources=shown, next_cursor=following)

    async def list_templates(
        self, context: _Context, asked: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        template = types.ResourceTemplate(
            name="answer",
            uri_template=f"{SCHEME}{{id}}/{{file}}",
            description="A file of an answer of a tool, which names it. Files of the oldest answers are dropped first.",
        )
        return types.ListResourceTemplatesResult(resource_templates=[template], ttl_ms=_CACHED_MILLISECONDS)

    async def read(self, context: _Context, asked: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        file = self._answers.read(_owner(context), asked.uri)
        if file is None:
            raise MCPError(
                types.INVALID_PARAMS,
                f"no file at {asked.uri!r:.120}: it was dropped, or never there; call the tool again, same seed",
            )
        found = types.TextResourceContents(uri=asked.uri, mime_type=file.media_type, text=file.text)
        return types.ReadResourceResult(contents=[found])


def _tool(operation: Operation) -> types.Tool:
    title = operation.name.replace("_", " ")
    example = json.dumps(operation.example, separators=(", ", ": "))
    return types.Tool(
        name=operation.name,
        title=title,
        description=f"{operation.summary}\n\nExample input: {example}",
        input_schema=input_schema(operation),
        output_schema=output_schema(operation),
        annotations=types.ToolAnnotations(
            title=title, read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )


def _link(outcome: Telling, name: str) -> types.ResourceLink:
    file = outcome.files[name]
    return types.ResourceLink(
        uri=address(outcome.id, name), name=name, title=file.title, mime_type=file.media_type, size=len(file.text)
    )


def _owner(context: _Context) -> str:
    """Return the name of the API key that a request came with; "" over standard input and output."""
    state = getattr(context.request, "state", None)
    return str(getattr(state, "owner", None) or "")


def _instructions() -> str:
    """Return what an agent is told once: how entities are written, and what answers hold."""
    ways = []
    for one in kinds():
        typed = [name for name in one.modalities if not modality_class(name).needs_structure]
        names = [name.removeprefix(f"{one.name}_") for name in typed] + [file.name for file in one.formats]
        ways.append(f'{{"type": "{one.name}", KEY: text}} with one KEY of {", ".join(dict.fromkeys(names))}')
    return (
        "Tools of one language model over text and entities. An entity is "
        + "; or ".join(ways)
        + ". Answers hold the entity, checks of it with values and units, and how sure the model is: say so to the "
        "user when a check fails or confidence is low. The same input and seed give the same answer. Files of entities "
        "are resources under biomatrix://answers/."
    )
