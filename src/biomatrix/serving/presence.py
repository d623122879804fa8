"""Whether a client still waits for its answer: what is awaited for one that has gone is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final, TypeVar

from biomatrix.serving.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

Result = TypeVar("Result")
_GONE: Final = 499
"""What proxies write in their logs for a client that closed its connection; nobody receives it."""


async def while_connected(request: Request, work: Awaitable[Result]) -> Result:
    """Return what is awaited; cancel it where the client goes before.

    Parameters
    ----------
    request : Request
        Its body has been read: what it receives next is the end of the connection.
    work : awaitable

    Raises
    ------
    Problem
        499 where the client has gone.
    """
    task: asyncio.Future[Result] = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_end_of(request))
    either: set[asyncio.Future[Result] | asyncio.Future[None]] = {task, gone}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Problem(_GONE, "disconnected", "the client went before its answer was there")
    finally:
        task.cancel()
        gone.cancel()


async def _end_of(request: Request) -> None:
    """Return once the connection of a request has ended."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
