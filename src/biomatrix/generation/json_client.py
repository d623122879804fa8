"""JSON over HTTP to one server, with the standard library: retries, timeouts, server-sent events, plain errors."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from biomatrix.errors import BioMatrixError, ConfigurationError, ServerError
from biomatrix.generation.checked import checked_number, shown

_PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
"""What may be otherwise a moment later."""
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
"""Seconds; the wait doubles from one try to the next."""
_LONGEST_TIMEOUT: Final = 366 * 86400.0
_SHOWN: Final = 300
_MOST_BYTES: Final = 1 << 28
"""The longest answer that is read: 256 MB."""


class RequestRefused(ConfigurationError):
    """A server that understands a request and will not serve it (400, 422): another form of it may do."""


class JsonClient:
    """One server.

    Parameters
    ----------
    base_url : str
        As OpenAI's clients take it, such as ``http://localhost:8000/v1``; ``/v1`` is added to a bare host.
    api_key : str, optional
        Sent as a bearer token, and to this server only: redirects are not followed.
    timeout : float
        Seconds without a byte after which a try is given up.
    retries : int
        How often a try that failed for a passing reason is repeated.
    wait : callable
        Waits for some seconds.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        timeout: float = 120.0,
        retries: int = 4,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        path = _path_of(base_url)
        self.base_url = base_url.rstrip("/") + ("" if path.strip("/") else "/v1")
        self._api_key = _checked_key(api_key)
        self._timeout = checked_number(timeout, "timeout")
        if not 0 < self._timeout <= _LONGEST_TIMEOUT:  # NaN is neither
            raise ConfigurationError(f"timeout is a number of seconds above 0, at most a year, not {shown(timeout)}")
        self._retries = retries
        self._wait = wait
        self._opener = build_opener(_NoRedirect)

    def get(self, path: str) -> Any:
        """Return what a path holds, as JSON; see :meth:`post` for the errors."""
        return self._patiently(path, lambda: self._whole(path, None))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Return the answer to a body, as JSON.

        Raises
        ------
        ServerError
            The server was not reached, stayed overloaded, or its answer is no JSON.
        RequestRefused
            It refuses the body.
        ConfigurationError
            It wants another key, or has no such path or model.
        """
        return self._patiently(path, lambda: self._whole(path, body))

    def stream(self, path: str, body: dict[str, Any]) -> Iterator[Any]:
        """Yield the events with which a server answers a body, as JSON; only their beginning is tried again.

        Raises
        ------
        ServerError
            Also where the stream ends before the server says so.
        """
        response = self._patiently(path, lambda: self._open(path, body))
        with closing(response):
            try:
                for line in response:
                    text = line.decode("utf-8", "replace").strip()
                    if not text.startswith("data:"):
                        continue
                    data = text.removeprefix("data:").strip()
                    if data == "[DONE]":
                        return
                    event = self._parsed(path, data)
                    if isinstance(event, dict) and event.get("error"):
                        raise ServerError(f"{self._at(path)} broke off: {_said(event)}")
                    yield event
            except (HTTPException, OSError) as error:
                raise ServerError(f"{self._at(path)} broke off: {_reason(error)}") from error
        raise ServerError(f"{self._at(path)} broke off before the end of its answer")

    def _patiently(self, path: str, attempt: Callable[[], Any]) -> Any:
        """Return what an attempt returns, made again where it failed for a passing reason."""
        for number in range(self._retries + 1):
            last = number == self._retries
            tries = f" ({number + 1} tries)" if number else ""
            try:
                return attempt()
            except HTTPError as error:
                with closing(error):
                    said = _said(_json_or_none(error.read(_MOST_BYTES)))
                if error.code not in _PASSING or last:
                    raise self._refusal(path, error.code, said, tries) from None
                wait = _asked_wait(error.headers)
            except (URLError, HTTPException, OSError) as error:
                if last:
                    raise ServerError(
                        f"{self._at(path)} is not reached: {_reason(error)}{tries}; is the server running there, and "
                        "the timeout long enough?"
                    ) from error
                wait = None
            self._wait(_FIRST_WAIT * 2**number if wait is None else wait)
        raise AssertionError("the last try returns or raises")

    def _refusal(self, path: str, status: int, said: str, tries: str) -> BioMatrixError:
        where = f"{self._at(path)} answers {status}{tries}"
        because = f": {said}" if said else ""
        if status in (401, 403):
            return ConfigurationError(f"{where}{because}; give the key that the server wants (api_key)")
        if status == 404:
            return ConfigurationError(f"{where}{because}; check the address, which ends in /v1, and the model's name")
        if status in (400, 413, 422):
            return RequestRefused(where + because)
        if 300 <= status < 400:
            return ConfigurationError(f"{where}: it moved; give its new address, since redirects are not followed")
        return ServerError(f"{where}{because}; ask again later, or with fewer requests at once (concurrency)")

    def _whole(self, path: str, body: dict[str, Any] | None) -> Any:
        with closing(self._open(path, body)) as response:
            return self._parsed(path, response.read(_MOST_BYTES))

    def _open(self, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        data = None if body is None else json.dumps(body).encode()
        return self._opener.open(Request(self._at(path), data, headers), timeout=self._timeout)

    def _parsed(self, path: str, data: bytes | str) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            begun = data[:_SHOWN] if isinstance(data, str) else data[:_SHOWN].decode("utf-8", "replace")
            raise ServerError(f"{self._at(path)} answers what is no JSON: {begun!r}") from None

    def _at(self, path: str) -> str:
        return f"{self.base_url}/{path}"


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirect, so that a key never goes to another server."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        return None


def _path_of(base_url: str) -> str:
    """Return the path of a server's address; ConfigurationError where it is none that can be asked."""
    try:
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        host.encode("idna")  # as the socket does
        base_url.encode("latin-1" if host.isascii() else "utf-8")
        known = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
    except (ValueError, AttributeError, TypeError):  # UnicodeError is a ValueError
        known = False
    if not known or any(letter <= " " or letter == "\x7f" for letter in base_url):
        raise ConfigurationError(f"{base_url!a} is no address of a server, such as http://localhost:8000/v1")
    return parts.path


def _checked_key(key: str | None) -> str | None:
    """Return a key; ConfigurationError, which does not show it, where no header can carry it."""
    if key is not None and not (isinstance(key, str) and key.isascii() and key.isprintable()):
        raise ConfigurationError(
            "the key of the server (api_key, or BIOMATRIX_API_KEY) holds a line break or a letter beyond ASCII, which "
            "no header carries; copy it again"
        )
    return key


def _json_or_none(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", "replace")


def _said(answer: Any) -> str:
    """Return what an error says, in any of the forms in which servers say it, cut where it is long."""
    for key in ("error", "message", "detail"):
        if isinstance(answer, dict) and answer.get(key):
            answer = answer[key]
    text = answer if isinstance(answer, str) else json.dumps(answer) if answer else ""
    return " ".join(text.split())[:_SHOWN]


def _reason(error: BaseException) -> str:
    inner = error.reason if isinstance(error, URLError) else error
    return "no answer in time" if isinstance(inner, TimeoutError) else str(inner) or type(inner).__name__


def _asked_wait(headers: Any) -> float | None:
    """Return how many seconds a server asks to wait, None where it does not say; never more than a minute."""
    asked = headers.get("Retry-After") if headers is not None else None
    if asked is None:
        return None
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(asked).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)
