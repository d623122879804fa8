"""What a host has asked and not been answered yet: the end of its input must not take an answer away."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import JSONRPCError, JSONRPCRequest, JSONRPCResponse

if TYPE_CHECKING:
    from anyio.abc import ObjectReceiveStream, ObjectSendStream

    Incoming = ObjectReceiveStream[SessionMessage | Exception]
    Outgoing = ObjectSendStream[SessionMessage]


@asynccontextmanager
async def answered_to_the_end(incoming: Incoming, outgoing: Outgoing) -> AsyncIterator[tuple[Incoming, Outgoing]]:
    """Stand between a connection and its server; the server sees the end of input once every request is settled.

    The SDK drops the requests in hand when input ends, so that ``printf ... | biomatrix mcp`` would lose the last
    answers by chance. Requests that the client cancels get no answer; the SDK says so by ``on_request_unanswered``.

    Parameters
    ----------
    incoming, outgoing : streams of messages
        Of the connection.

    Yields
    ------
    incoming, outgoing : streams of messages
        For the server.
    """
    to_server, server_incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    server_outgoing, from_server = anyio.create_memory_object_stream[SessionMessage](0)
    unanswered = _Unanswered()

    async def hand_in() -> None:
        async with to_server:
            async for message in incoming:
                await to_server.send(unanswered.asked(message))
            await unanswered.none_left()

    async def hand_out() -> None:
        async with outgoing, from_server:
            async for message in from_server:
                await outgoing.send(message)
                await unanswered.answered(message)

    async with anyio.create_task_group() as writing:
        writing.start_soon(hand_out)
        async with anyio.create_task_group() as reading, server_outgoing:
            reading.start_soon(hand_in)
            yield server_incoming, server_outgoing
            reading.cancel_scope.cancel()


class _Unanswered:
    """The requests in hand, by id."""

    def __init__(self) -> None:
        self._ids: set[int | str] = set()
        self._settled = anyio.Condition()

    def asked(self, message: SessionMessage | Exception) -> SessionMessage | Exception:
        """Note a request and return it with word of its end asked for; anything else returns as it is."""
        if isinstance(message, Exception) or not isinstance(message.message, JSONRPCRequest):
            return message
        number = message.message.id

        async def given_up() -> None:
            await self._settle(number)

        self._ids.add(number)
        known = message.metadata if isinstance(message.metadata, ServerMessageMetadata) else ServerMessageMetadata()
        return dataclasses.replace(message, metadata=dataclasses.replace(known, on_request_unanswered=given_up))

    async def answered(self, message: SessionMessage) -> None:
        """Note that an answer, or an error in its place, has gone out."""
        if isinstance(message.message, JSONRPCResponse | JSONRPCError) and message.message.id is not None:
            await self._settle(message.message.id)

    async def none_left(self) -> None:
        """Wait until nothing is in hand."""
        async with self._settled:
            while self._ids:
                await self._settled.wait()

    async def _settle(self, number: int | str) -> None:
        async with self._settled:
            self._ids.discard(number)
            self._settled.notify_all()
