"""One file over HTTP: it goes on where it was cut off, and what is incomplete never bears the file's name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from biomatrix.errors import ConfigurationError

ATTEMPTS: Final = 5
"""How often a connection is opened anew while bytes still arrive."""
TIMEOUT: Final = 60.0
"""Seconds without a byte after which a connection counts as cut."""
_PIECE: Final = 1 << 18
_RANGE_IGNORED, _RANGE_KEPT, _RANGE_REFUSED = 200, 206, 416

Advance = Callable[[int], None]


def remote_size(url: str) -> int | None:
    """Return the bytes of a file as its server states them; None where it does not, or cannot be reached."""
    try:
        with _open(Request(_checked(url), method="HEAD")) as answer:
            return _length(answer)
    except (OSError, HTTPException):
        return None


def download(url: str, part: Path, advance: Advance = lambda count: None, pause: float = 1.0) -> None:
    """Download a file into ``part``, which may hold its beginning already.

    The beginning counts only where the server confirms that the file is still the same.

    Parameters
    ----------
    url : str
        ``http`` or ``https``.
    part : Path
        Complete when this returns. Where it raises, what has arrived stays for the next call.
    advance : callable
        Called with the bytes that arrive; with less than 0 where those that were there do not count after all.
    pause : float
        Seconds before the second attempt; each further one waits twice as long.

    Raises
    ------
    ConfigurationError
        The server refuses, or the connection fails again and again.
    """
    fault = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            if _continue(url, part, advance):
                _mark(part).unlink(missing_ok=True)
                return
            fault = "the connection was cut"
        except HTTPError as error:
            if error.code != _RANGE_REFUSED and error.code < 500:
                raise ConfigurationError(f"the server refuses {url}: {error.code} {error.reason}") from error
            if error.code == _RANGE_REFUSED:
                part.unlink(missing_ok=True)
            fault = f"{error.code} {error.reason}"
        except (URLError, OSError, HTTPException) as error:
            fault = str(error) or type(error).__name__
    raise ConfigurationError(f"{url} cannot be downloaded ({fault}); what has arrived is kept: run it again")


def _continue(url: str, part: Path, advance: Advance) -> bool:
    """Open one connection and take what it gives; return whether the file is complete."""
    start = part.stat().st_size if part.is_file() else 0
    mark = _mark(part).read_text(encoding="latin-1") if start and _mark(part).is_file() else ""
    asked = {"Range": f"bytes={start}-", "If-Range": mark} if mark else {}
    with _open(Request(_checked(url), headers=asked)) as answer:
        kept = answer.status == _RANGE_KEPT
        if not kept and start:
            advance(-start)
        tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        _mark(part).write_text("" if tag.startswith("W/") else tag, encoding="latin-1")
        left = _length(answer)
        with part.open("ab" if kept else "wb") as stream:
            while piece := answer.read(_PIECE):
                stream.write(piece)
                advance(len(piece))
                left = None if left is None else left - len(piece)
    return not left


@contextmanager
def _open(request: Request) -> Iterator[HTTPResponse]:
    with urlopen(request, timeout=TIMEOUT) as answer:
        yield answer


def _length(answer: HTTPResponse) -> int | None:
    text = answer.headers.get("Content-Length") or ""
    return int(text) if text.isascii() and text.isdigit() else None


def _mark(part: Path) -> Path:
    """Return the file that keeps what tells this version of the remote file from others."""
    return part.with_name(f"{part.name}.version")


def _checked(url: str) -> str:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigurationError(f"{url!r} is no http or https address")
    return url
