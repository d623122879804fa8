"""The tools over streamable HTTP, mounted in a server that has its own keys and limits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

if TYPE_CHECKING:
    from mcp.server import Server
    from starlette.types import Receive, Scope, Send

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_MOST_SESSIONS: Final = 1_000


class MountedServer:
    """An ASGI application that answers the protocol at whatever path it is mounted.

    It needs nothing of the lifespan of the application around it: its sessions begin with the first request and end
    with the event loop, or with :meth:`close`. Who asks is ``state.owner`` of the request, as the server around it sets
    it from the key; a session answers only the owner that opened it.

    Parameters
    ----------
    server : Server
    request_bytes : int
        The largest body.
    allowed_hosts : sequence of str, optional
        What a request's ``Host`` may be beside the loopback names, such as ``lab.example:8000`` or ``lab.example:*``. A
        web page in a user's browser could otherwise reach a server without keys under a name of its own (DNS
        rebinding). None lets every name pass, for servers that ask everyone for a key.
    allowed_origins : sequence of str
        Origins of web pages that may ask, beside those of the loopback names.
    stateless : bool
        Keep no sessions, so that any of several replicas can answer each request; clients of the protocol's versions
        before 2026 then cannot cancel a call except by closing its connection.
    """

    def __init__(
        self,
        server: Server[Any],
        request_bytes: int = 32 * 2**20,
        allowed_hosts: Sequence[str] | None = (),
        allowed_origins: Sequence[str] = (),
        stateless: bool = False,
    ) -> None:
        self._manager = StreamableHTTPSessionManager(
            server,
            stateless=stateless,
            security_settings=_security(allowed_hosts, allowed_origins),
            max_request_body_size=request_bytes,
            max_sessions=_MOST_SESSIONS,
        )
        self._running: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._ended = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._hold(), name="sessions of mcp")
        await self._ready.wait()
        owner = scope.get("state", {}).get("owner")
        if owner:
            scope = {**scope, "user": AuthenticatedUser(AccessToken(token="", client_id=str(owner), scopes=[]))}
        await self._manager.handle_request(scope, receive, send)

    async def _hold(self) -> None:
        """Keep the sessions open: they belong to the task that opened them."""
        async with self._manager.run():
            self._ready.set()
            await self._ended.wait()

    async def close(self) -> None:
        """End all sessions."""
        self._ended.set()
        if self._running is not None:
            await self._running


def _security(hosts: Sequence[str] | None, origins: Sequence[str]) -> TransportSecuritySettings:
    if hosts is None:
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    loopback = [name for host in _LOOPBACK for name in (host, f"{host}:*")]
    pages = [f"{scheme}://{name}" for scheme in ("http", "https") for name in loopback]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=[*loopback, *hosts], allowed_origins=[*pages, *origins]
    )
