"""The tools over standard input and output, for a host that starts this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread
from mcp.server.stdio import stdio_server

from biomatrix.serving.mcp.server import build_server

if TYPE_CHECKING:
    from biomatrix.serving.service import Service

HOSTS: Final = ("claude", "generic")


def serve_stdio(open_service: Callable[[], Service]) -> None:
    """Answer the protocol until standard input ends.

    The model is opened once standard output is set aside for the protocol, so that nothing a library prints gets
    between its lines; what the host sends meanwhile waits.

    Parameters
    ----------
    open_service : callable
    """
    anyio.run(_serve, open_service)


async def _serve(open_service: Callable[[], Service]) -> None:
    async with stdio_server() as (incoming, outgoing):
        service = await anyio.to_thread.run_sync(open_service)
        server = build_server(service)
        await server.run(incoming, outgoing, server.create_initialization_options())


def host_config(host: str, arguments: list[str]) -> dict[str, Any]:
    """Return what to paste into the configuration of a host that starts tools.

    Parameters
    ----------
    host : {"claude", "generic"}
        The form of Claude Desktop, Claude Code and most others; or the bare command.
    arguments : list of str
        Of ``biomatrix``.
    """
    command = Path(sys.argv[0]).absolute()
    here = command.name == "biomatrix"
    started = {
        "command": str(command) if here else sys.executable,
        "args": arguments if here else ["-m", "biomatrix", *arguments],
    }
    if host == "generic":
        return {"name": "biomatrix", "transport": "stdio", **started}
    return {"mcpServers": {"biomatrix": {"type": "stdio", **started}}}
