"""Models behind HTTP: whatever answers two small questions in JSON, such as Evo 2 in its own environment.

``POST {base}/log_likelihoods`` with ``{"sequences": [...]}`` answers ``{"scores": [{"log_likelihood": nats, "tokens":
predicted}]}``; ``POST {base}/embeddings`` with ``{"input": [...]}`` answers as OpenAI's API does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biomatrix.errors import ServerError
from biomatrix.evaluation.nucleic.likelihood import LogLikelihood, SequenceModel, checked_likelihood
from biomatrix.generation.json_client import JsonClient


class HttpModel(SequenceModel):
    """A server that scores sequences.

    Parameters
    ----------
    client : JsonClient
    name : str
        For tables.
    batch : int
        Sequences a request.
    """

    def __init__(self, client: JsonClient, name: str, batch: int = 16) -> None:
        super().__init__(name)
        self._client, self._batch = client, batch

    def log_likelihoods(self, sequences: Sequence[str]) -> list[LogLikelihood]:
        """Return what the server says.

        Raises
        ------
        ServerError
            It is gone, or its answer is none for these sequences.
        """
        whose = f"{self._client.base_url}/log_likelihoods"
        rows = self._asked("log_likelihoods", "sequences", "scores", sequences)
        return [checked_likelihood(row.get("log_likelihood"), row.get("tokens"), whose) for row in rows]

    def embeddings(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors that the server gives, ``float32 [n, d]``; errors as for the log-likelihoods."""
        rows = self._asked("embeddings", "input", "data", sequences)
        try:
            found = np.array([row.get("embedding") for row in rows], dtype=np.float32)
        except (ValueError, TypeError):
            found = np.zeros(0, dtype=np.float32)
        if found.ndim != 2 or not np.isfinite(found).all():
            raise ServerError(
                f"{self._client.base_url}/embeddings answers vectors that are not finite or not of a size"
            )
        return found

    def _asked(self, path: str, given: str, wanted: str, sequences: Sequence[str]) -> list[dict[str, Any]]:
        """Return one row a sequence."""
        rows: list[dict[str, Any]] = []
        for start in range(0, len(sequences), self._batch):
            part = list(sequences[start : start + self._batch])
            answer = self._client.post(path, {given: part})
            found = answer.get(wanted) if isinstance(answer, dict) else None
            if (
                not isinstance(found, list)
                or len(found) != len(part)
                or not all(isinstance(row, dict) for row in found)
            ):
                raise ServerError(f"{self._client.base_url}/{path} answers no {wanted!r} of {len(part)} sequences")
            rows += found
        return rows
