"""A server that is asked about one text at a time, over HTTP: time-outs, further attempts, answers of bounded size."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from biomatrix.errors import ConfigurationError, LimitError, UnsupportedError

LARGEST_ANSWER: Final = 64 << 20
"""The most bytes of an answer that are taken."""
LONGEST_WAIT: Final = 120.0
"""The longest wait between two attempts, in seconds, whatever the server asks for."""
_TRY_AGAIN: Final = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class TextService:
    """Where texts are sent, as ``{"text": ...}``, and how patiently.

    Parameters
    ----------
    url : str
        ``http`` or ``https``.
    timeout : float
        The longest wait for the server, in seconds.
    retries : int
        The number of further attempts where the server is busy, fails, or cannot be reached.
    wait : float
        Seconds before the first of them; each further one waits twice as long.
    """

    url: str
    timeout: float
    retries: int
    wait: float

    def ask(self, text: str) -> bytes:
        """Return the server's answer to a text.

        Raises
        ------
        UnsupportedError
            The server refuses this text.
        LimitError
            The answer is larger than 64 MiB.
        ConfigurationError
            The server could not be reached, or failed, in every attempt.
        """
        fault = ""
        pause = self.wait
        for attempt in range(self.retries + 1):
            if attempt:
                time.sleep(min(pause, LONGEST_WAIT))
                pause = self.wait * 2**attempt
            try:
                return self._ask_once(text)
            except HTTPError as error:
                error.close()
                if error.code not in _TRY_AGAIN:
                    raise UnsupportedError(f"{self.url} refuses the text: {error.code} {error.reason}") from error
                fault = f"{error.code} {error.reason}"
                pause = max(pause, _asked_wait(error))
            except (URLError, HTTPException, OSError) as error:
                fault = str(getattr(error, "reason", error)) or type(error).__name__
        raise ConfigurationError(
            f"{self.url} did not answer in {self.retries + 1} attempts ({fault}); start the server, or name another "
            "under url; what it has answered is kept"
        )

    def _ask_once(self, text: str) -> bytes:
        body = json.dumps({"text": text}).encode()
        request = Request(self.url, body, {"Content-Type": "application/json", "Accept": "application/json"})
        with build_opener(ProxyHandler()).open(request, timeout=self.timeout) as answer:
            content: bytes = answer.read(LARGEST_ANSWER + 1)
        if len(content) > LARGEST_ANSWER:
            raise LimitError(f"{self.url} answers with more than {LARGEST_ANSWER:,} bytes")
        return content


def _asked_wait(error: HTTPError) -> float:
    """Return the seconds that a busy server asks to be left alone; 0 where it says nothing that can be read."""
    asked = str(error.headers.get("Retry-After", ""))
    return float(asked) if asked.isdigit() and len(asked) < 9 else 0.0
