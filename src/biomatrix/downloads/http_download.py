"""One file over HTTP: it goes on where it was cut off, and what is incomplete never bears the file's name."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from biomatrix.entities.files.writing import named_refusals
from biomatrix.errors import ConfigurationError, LimitError

MOST_BYTES: Final = 16 << 30
"""The largest file that is taken where nothing else is said, as its server states it or as it arrives."""
ATTEMPTS: Final = 5
"""How often a connection is opened anew while bytes still arrive."""
TIMEOUT: Final = 60.0
"""Seconds without a byte after which a connection counts as cut."""
ANSWER_TIMEOUT: Final = 10.0
"""Seconds after which a server that does not answer a first question counts as out of reach."""
_PIECE: Final = 1 << 18
_LARGEST_PAGE: Final = 64 << 20
_RANGE_IGNORED, _RANGE_KEPT, _RANGE_REFUSED = 200, 206, 416
_SIZE: Final = re.compile(r"[0-9]{1,18}")
_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")

Advance = Callable[[int], None]


def remote_size(url: str) -> int | None:
    """Return the bytes of a file as its server states them; None where it does not.

    Raises
    ------
    ConfigurationError
        The server cannot be reached.
    """
    try:
        with _open(Request(_checked(url), method="HEAD"), ANSWER_TIMEOUT) as answer:
            return _length(answer)
    except HTTPError:
        return None
    except URLError as error:
        raise _unreachable(url, error) from error
    except (OSError, HTTPException):
        return None


def read_page(url: str) -> str:
    """Return a small text of the web, such as the list of a folder or a file of checksums.

    Raises
    ------
    ConfigurationError
        The server refuses, or cannot be reached.
    LimitError
        It has more than 64 MiB.
    """
    try:
        with _open(Request(_checked(url)), ANSWER_TIMEOUT) as answer:
            content = answer.read(_LARGEST_PAGE + 1)
    except HTTPError as error:
        raise ConfigurationError(f"the server refuses {url}: {error.code} {error.reason}") from error
    except URLError as error:
        raise _unreachable(url, error) from error
    except (OSError, HTTPException) as error:
        raise ConfigurationError(f"{url} cannot be read: {error}") from error
    if len(content) > _LARGEST_PAGE:
        raise LimitError(f"{url} has more than {_LARGEST_PAGE:,} bytes; no list of files is so long")
    return str(content.decode("utf-8", errors="replace"))


def download(
    url: str, part: Path, advance: Advance = lambda count: None, pause: float = 1.0, most: int | None = None
) -> None:
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
    most : int, optional
        The largest file that is taken, in bytes; `MOST_BYTES` when not given.

    Raises
    ------
    ConfigurationError
        The server refuses or cannot be reached, the connection fails again and again, or the disk is full.
    LimitError
        The file is larger than ``most``, or does not end.
    """
    fault = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            if _continue(url, part, advance, most or MOST_BYTES):
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
            if isinstance(error, URLError) and not attempt:
                raise _unreachable(url, error) from error
            fault = str(error) or type(error).__name__
    raise ConfigurationError(f"{url} cannot be downloaded ({fault}); what has arrived is kept: run it again")


def _continue(url: str, part: Path, advance: Advance, most: int) -> bool:
    """Open one connection and take what it gives; return whether the file is complete."""
    start = part.stat().st_size if part.is_file() else 0
    mark = _mark(part).read_text(encoding="latin-1") if start and _mark(part).is_file() else ""
    asked = {"Range": f"bytes={start}-", "If-Range": mark} if mark else {}
    with _open(Request(_checked(url), headers=asked)) as answer:
        kept = answer.status == _RANGE_KEPT
        tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        left = _left(answer, start, mark, tag) if kept else _length(answer)
        if start and (not kept or left is None):
            advance(-start)
        if kept and left is None:
            part.unlink(missing_ok=True)
            raise HTTPException("the server sends another part of the file than was asked for")
        _check_room(url, part, start if kept else 0, left, most)
        _mark(part).write_text("" if tag.startswith("W/") else tag, encoding="latin-1")
        for size in _taken(answer, part, start if kept else 0, most):
            advance(size)
            left = None if left is None else left - size
    if left is not None and left < 0:
        part.unlink(missing_ok=True)
        raise HTTPException("the server sends more of the file than it says there is")
    return not left


def _check_room(url: str, part: Path, start: int, left: int | None, most: int) -> None:
    """Raise LimitError of a file that is larger than any, ConfigurationError of one that the disk has no room for."""
    if left is not None and start + left > most:
        raise LimitError(f"{url} is said to have {start + left:,} bytes; at most {most:,} are taken")
    free = shutil.disk_usage(part.parent).free
    if left is not None and left > free:
        raise ConfigurationError(
            f"{left:,} bytes are to come, and the disk has room for {free:,}", file=str(part.parent)
        )


def _taken(answer: HTTPResponse, part: Path, start: int, most: int) -> Iterator[int]:
    """Append what arrives to a part of which ``start`` bytes count, and yield its sizes.

    Raises
    ------
    ConfigurationError
        The disk is full; what has arrived stays.
    LimitError
        There is no end to it; nothing stays.
    """
    taken = start
    with part.open("ab" if start else "wb") as stream:
        while piece := answer.read(_PIECE):
            with named_refusals(part):
                stream.write(piece)
                stream.flush()
            taken += len(piece)
            if taken > most:
                part.unlink()
                raise LimitError(f"{answer.url} has more than {most:,} bytes; no more are taken of a file")
            yield len(piece)


def _unreachable(url: str, error: URLError) -> ConfigurationError:
    reason = getattr(error.reason, "strerror", None) or str(error.reason)
    return ConfigurationError(
        f"{urlsplit(url).hostname} cannot be reached ({reason}); without a network, put a copy of the files into a "
        "folder and name that with --from"
    )


class _WebOnly(HTTPRedirectHandler):
    """Follows a server to other addresses of the web alone."""

    def redirect_request(self, *of: Any) -> Request | None:
        _checked(of[-1])
        return super().redirect_request(*of)


@contextmanager
def _open(request: Request, timeout: float = TIMEOUT) -> Iterator[HTTPResponse]:
    with build_opener(_WebOnly).open(request, timeout=timeout) as answer:
        yield answer


def _length(answer: HTTPResponse) -> int | None:
    text = answer.headers.get("Content-Length") or ""
    return int(text) if _SIZE.fullmatch(text) else None


def _left(answer: HTTPResponse, start: int, mark: str, tag: str) -> int | None:
    """Return the bytes from ``start`` to the end of the file; None where a part begins elsewhere or is of another."""
    stated = _CONTENT_RANGE.fullmatch((answer.headers.get("Content-Range") or "").strip())
    if stated is None or not start or int(stated[1]) != start or tag not in ("", mark):
        return None
    return _length(answer) if stated[2] == "*" else int(stated[2]) - start


def _mark(part: Path) -> Path:
    """Return the file that keeps what tells this version of the remote file from others."""
    return part.with_name(f"{part.name}.version")


def _checked(url: str) -> str:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigurationError(f"{url!r} is no http or https address")
    return url
