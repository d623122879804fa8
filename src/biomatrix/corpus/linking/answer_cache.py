"""Answers of a server, kept on disk: a build that is repeated or resumed asks for none of them again."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import BioMatrixError

log = logging.getLogger(__name__)


class AnswerCache:
    """A folder of answers, each under the hash of what was asked.

    Parameters
    ----------
    folder : Path
        Made when the first answer is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, asked: str) -> bytes | None:
        """Return the answer to what was asked before; None where there is none that can be read."""
        try:
            return self._path(asked).read_bytes()
        except OSError:
            return None

    def put(self, asked: str, answer: bytes) -> None:
        """Keep an answer; where the folder cannot be written the log says so, and nothing is lost but time."""
        path = self._path(asked)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, answer)
        except (OSError, BioMatrixError) as error:
            log.warning("the answer is not kept: %s", error)

    def drop(self, asked: str) -> None:
        """Forget an answer that turned out to be broken."""
        self._path(asked).unlink(missing_ok=True)

    def _path(self, asked: str) -> Path:
        mark = hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder / mark[:2] / f"{mark[2:]}.json"
