"""The gate: whom a server lets in, how often, and how large a body may be; and what every answer carries."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from biomatrix.serving.keys import Key, KeyRing
from biomatrix.serving.problems import Problem, problem_of
from biomatrix.serving.rates import Rates
from biomatrix.serving.settings import ServingSettings

if TYPE_CHECKING:
    from biomatrix.serving.metrics import Metrics

log = logging.getLogger("biomatrix.serving")

PROTECTED: Final = ("/v1", "/mcp", "/metrics")
"""What needs a key where there are keys: all but the page, its documentation and health."""
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_BODY_SECONDS: Final = 60.0
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
_SHOWN: Final = 2_000


class Envelope:
    """The outermost layer: an id, headers and a line of the log for every answer, and the last net for errors.

    Parameters
    ----------
    app : ASGIApp
    metrics : Metrics
    log_content : bool
        Whether the log may hold bodies and the words of errors.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, log_content: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._log_content = log_content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        shown = dict(scope["headers"]).get(b"x-request-id", b"")
        name = shown.decode() if _REQUEST_ID.fullmatch(shown) else uuid.uuid4().hex
        scope.setdefault("state", {}).update(request_id=name, began=began)
        status = 0
        body = bytearray()

        async def watched() -> Message:
            message = await receive()
            if self._log_content and len(body) < _SHOWN:
                body.extend(message.get("body", b"")[:_SHOWN])
            return message

        async def marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, {**_HEADERS, "x-request-id": name}, scope["path"])
            await send(message)

        try:
            await self._app(scope, watched, marked)
        except Exception as error:  # noqa: BLE001  # nothing of it may reach the client, nor its words the log
            log_error(error, name, self._log_content)
            if not status:
                await answer(problem_of(error), marked)
        finally:
            self._tell(scope, name, status, time.monotonic() - began, bytes(body))

    def _tell(self, scope: Scope, name: str, status: int, seconds: float, body: bytes) -> None:
        route = getattr(scope.get("route"), "path", None) or "other"
        self._metrics.requests.labels(route, scope["method"], str(status)).inc()
        self._metrics.seconds.labels("whole").observe(seconds)
        key = scope["state"].get("owner") or "-"
        log.info("%s %s %s %s %d %.3fs", name, key, scope["method"], route, status, seconds)
        if self._log_content and body:
            log.info("%s %s", name, body[:_SHOWN].decode("utf-8", "replace"))


class Gate:
    """Lets requests in: host and origin, key, rate, readiness, and the body below its limit.

    Parameters
    ----------
    app : ASGIApp
    settings : ServingSettings
    keys : KeyRing, optional
        None where everybody is let in.
    metrics : Metrics
    not_ready : callable
        Returns why nothing can be served yet, None once it can.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ServingSettings,
        keys: KeyRing | None,
        metrics: Metrics,
        not_ready: Callable[[], str | None],
    ) -> None:
        self._app = app
        self._settings = settings
        self._keys = keys
        self._metrics = metrics
        self._not_ready = not_ready
        self._rates = Rates()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no websocket is served
        key: Key | None = None
        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            self._check_host(headers)
            self._check_origin(headers)
            if is_protected(scope["path"]):
                key = self._enter(headers)
                scope["state"]["owner"] = None if key is None else key.name
                reason = self._not_ready() if scope["path"] != "/metrics" else None
                if reason is not None:
                    raise Problem(503, "starting", reason, retry_after=1.0)
            limit = self._settings.limits.request_bytes
            _check_size(_stated_size(headers), limit)
            await self._app(scope, _limited(receive, limit), send)
        except Problem as problem:
            self._metrics.refused(problem.type)
            await answer(problem, send)
        finally:
            if key is not None:
                self._rates.leave(key)

    def _enter(self, headers: MutableMapping[str, str]) -> Key | None:
        """Return the key of a request, counted; None where no keys are asked for."""
        if self._keys is None:
            return None
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        key = self._keys.find(shown.strip()) if scheme.lower() == "bearer" and shown else None
        if key is None:
            message = "no such key" if shown else "this server needs a key: Authorization: Bearer KEY"
            raise Problem(401, "auth", message)
        self._rates.enter(key)
        return key

    def _check_host(self, headers: MutableMapping[str, str]) -> None:
        """Refuse names that another site's page may have been given for this machine, where no key protects it."""
        if self._keys is not None or not self._settings.is_loopback:
            return
        host = _split("//" + headers.get("host", "")).hostname or ""
        if host.lower() not in {*LOOPBACK_NAMES, *self._settings.hosts}:
            message = "a server without keys is called by a name of this machine alone; see --allow-host"
            raise Problem(403, "host", message)

    def _check_origin(self, headers: MutableMapping[str, str]) -> None:
        """Refuse what a page of another site sends, unless that site is listed."""
        origin = headers.get("origin")
        if origin is None or origin in self._settings.origins:
            return
        if _split(origin).netloc.lower() != headers.get("host", "").lower():
            raise Problem(403, "origin", "a page of another site may not ask this server; see --cors")


def _split(address: str) -> SplitResult:
    """Return the parts of an address; Problem (400) where it is none, such as with half of a pair of brackets."""
    try:
        return urlsplit(address)
    except ValueError:
        raise Problem(400, "header", "Host or Origin is no address") from None


def is_protected(path: str) -> bool:
    """Return whether a path needs a key where there are keys."""
    return any(path == one or path.startswith(f"{one}/") for one in PROTECTED)


def _stated_size(headers: MutableMapping[str, str]) -> int:
    stated = headers.get("content-length", "0")
    if not (stated.isascii() and stated.isdigit()):
        raise Problem(400, "header", "content-length is no number")
    return int(stated[:20])


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        message = f"the body has {size:,} bytes, past this server's limit of {limit:,}"
        raise Problem(413, "limit", message, limit={"name": "request_bytes", "actual": size, "allowed": limit})


def _limited(receive: Receive, limit: int) -> Receive:
    """Return a receive that counts bytes, whatever the header said, and gives a slow sender no endless time."""
    count, deadline = 0, time.monotonic() + _BODY_SECONDS
    whole = False

    async def counted() -> Message:
        nonlocal count, whole
        if whole:
            return await receive()  # what comes now is the end of the connection, whenever that is
        try:
            message = await asyncio.wait_for(receive(), max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise Problem(408, "slow", f"the body did not come within {_BODY_SECONDS:g} s") from error
        count += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        _check_size(count, limit)
        return message

    return counted


async def answer(problem: Problem, send: Send) -> None:
    """Send a problem as JSON."""
    body = json.dumps(problem.body()).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), **problem.headers}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def log_error(error: BaseException, name: str, with_words: bool) -> None:
    """Log where an error that nobody expected was raised; its words, which may hold a sequence, only if asked for."""
    place = "".join(traceback.format_tb(error.__traceback__))
    words = f": {error}" if with_words else ""
    log.error("%s failed with %s%s\n%s", name, type(error).__name__, words, place)


def _add_headers(message: Message, headers: dict[str, str], path: str) -> None:
    """Add headers that the answer does not set itself; answers of the API are kept by nobody on the way."""
    given = {name.lower() for name, _ in message.get("headers", ())}
    if is_protected(path):
        headers = {**headers, "cache-control": "no-store"}
    new = [(name.encode(), value.encode()) for name, value in headers.items() if name.encode() not in given]
    message["headers"] = [*message.get("headers", ()), *new]
