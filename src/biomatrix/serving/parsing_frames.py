"""Frames between the server and its parsers: a line of JSON and bytes, nothing that is run when it is read."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any, Final

_LENGTHS: Final = struct.Struct("!IQ")
_LARGEST_HEAD: Final = 16 * 2**20
_PIECE: Final = 1 << 20


class BrokenFrameError(Exception):
    """The other side has gone, took too long, or sends what is no frame."""


def send_frame(sock: socket.socket, head: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Send a head, which says the length of each blob as ``sizes``, and the blobs."""
    line = json.dumps({**head, "sizes": [len(blob) for blob in blobs]}).encode()
    body = b"".join(blobs)
    sock.sendall(_LENGTHS.pack(len(line), len(body)) + line)
    sock.sendall(body)


def receive_frame(
    sock: socket.socket, deadline: float | None = None, largest: int = 1 << 30
) -> tuple[dict[str, Any], list[bytes]]:
    """Return a head and its blobs.

    Parameters
    ----------
    sock : socket
    deadline : float, optional
        Of ``time.monotonic()``, in seconds.
    largest : int
        The most bytes of all blobs.

    Raises
    ------
    BrokenFrameError
        The other side has gone or is too late, or the frame is none.
    """
    head_size, body_size = _LENGTHS.unpack(_receive(sock, _LENGTHS.size, deadline))
    if head_size > _LARGEST_HEAD or body_size > largest:
        raise BrokenFrameError(f"a frame of {head_size + body_size:,} bytes is too large")
    line, body = _receive(sock, head_size, deadline), _receive(sock, body_size, deadline)
    try:
        head = json.loads(line)
        sizes = [int(size) for size in head["sizes"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BrokenFrameError("the head of a frame is no JSON") from error
    if any(size < 0 for size in sizes) or sum(sizes) != body_size:
        raise BrokenFrameError("the sizes in a frame are wrong")
    blobs, place = [], 0
    for size in sizes:
        blobs.append(body[place : place + size])
        place += size
    return head, blobs


def _receive(sock: socket.socket, size: int, deadline: float | None) -> bytes:
    """Return exactly ``size`` bytes; each piece shortens what is left of the time, so that a trickle ends too."""
    pieces: list[bytes] = []
    while size:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise BrokenFrameError("too late")
        sock.settimeout(left)
        try:
            piece = sock.recv(min(size, _PIECE))
        except OSError as error:
            raise BrokenFrameError(str(error)) from error
        if not piece:
            raise BrokenFrameError("gone")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
