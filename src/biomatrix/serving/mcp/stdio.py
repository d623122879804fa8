"""The tools over standard input and output, for a host that starts this process."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, NoReturn

import anyio
import anyio.to_thread
from mcp.server.stdio import stdio_server

from biomatrix.serving.mcp.server import build_server
from biomatrix.serving.mcp.unanswered import answered_to_the_end

if TYPE_CHECKING:
    from biomatrix.serving.service import Service


def serve_stdio(open_service: Callable[[], Service], leave: Callable[[BaseException], NoReturn]) -> None:
    """Answer the protocol until standard input ends and all that was asked is answered.

    Tools are listed at once and the model is opened beside that: hosts do not wait long for a first answer. Standard
    output is set aside for the protocol before, so that nothing a library prints gets between its lines.

    Parameters
    ----------
    open_service : callable
    leave : callable
        Ends the process for an error of ``open_service``, or a signal, at once: a thread that waits for standard input
        would hold up an end in order until the host says something.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: leave(SystemExit(128 + number)))
    anyio.run(_serve, open_service, leave)


async def _serve(open_service: Callable[[], Service], leave: Callable[[BaseException], NoReturn]) -> None:
    opened: Future[Service] = Future()

    async def open_beside() -> None:
        try:
            opened.set_result(await anyio.to_thread.run_sync(open_service, abandon_on_cancel=True))
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the process with its own line
            leave(error)

    async with stdio_server() as (incoming, outgoing), anyio.create_task_group() as tasks:
        tasks.start_soon(open_beside)
        server = build_server(opened)
        async with answered_to_the_end(incoming, outgoing) as (asked, answers):
            await server.run(asked, answers, server.create_initialization_options())
        tasks.cancel_scope.cancel()
