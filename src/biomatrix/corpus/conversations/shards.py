"""Conversations to token shards: the answers are learned, and a share of the questions is held out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from biomatrix.corpus.conversations.llama_factory import Conversation, DataSet, conversations
from biomatrix.corpus.conversations.marked_text import MarkedText
from biomatrix.corpus.encoding import fitted_documents
from biomatrix.corpus.saved_vocabulary import SavedVocabulary
from biomatrix.corpus.shard_writing import ShardWriter, token_dtype, write_lengths, write_manifest
from biomatrix.entities.files.folders import folder_written_aside
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.tasks.documents import Control, Document, Part
from biomatrix.vocabulary.chat import TURN_END, TURN_START
from biomatrix.vocabulary.token_table import token_table_fingerprint

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

TOGETHER: Final = 512
REJECTS: Final = "rejects.jsonl"
_SHARD: Final = "00000"


def conversation_parts(conversation: Conversation, text: MarkedText) -> tuple[Part, ...]:
    """Return a conversation in Qwen3's chat format; only answers and the ends of their turns are learned."""
    parts: list[Part] = []
    for number, turn in enumerate(conversation):
        learn = 1.0 if turn.role == "assistant" else 0.0
        parts += [Part("\n", 0.0)] if number else []
        parts += [Part(Control(TURN_START), 0.0), Part(f"{turn.role}\n", 0.0)]
        parts += [Part(item, learn) for item in text.items(turn.text)]
        parts.append(Part(Control(TURN_END), learn))
    return tuple(parts)


def is_held_out(conversation: Conversation, share: float) -> bool:
    """Return whether a conversation is for measuring: by its first question alone, so that repeats stay together."""
    first = next(turn.text for turn in conversation if turn.role == "user")
    digest = hashlib.sha256(first.encode()).digest()
    return int.from_bytes(digest[:8], "little") < share * 2**64


def write_conversation_shards(
    data: Sequence[DataSet], vocabulary: Path, output: Path, *, max_tokens: int, held_out: float
) -> dict[str, dict[str, int]]:
    """Write ``output/train`` and a folder ``output/heldout_<name>`` for each data set, whole or not at all.

    Parameters
    ----------
    data : sequence of DataSet
        In order; each is a view of the corpus.
    vocabulary : Path
        A vocabulary folder.
    output : Path
        What it held is replaced.
    max_tokens : int
        Longer conversations are refused.
    held_out : float
        The share of questions that is kept from training.

    Returns
    -------
    dict of str to dict
        By data set: documents for training, held out, refused.

    Raises
    ------
    ConfigurationError
        Not one conversation can be written.
    """
    saved = SavedVocabulary.at(vocabulary)
    opened = saved.open()
    counts = {one.name: Counter[str](train=0, held_out=0, refused=0) for one in data}
    with folder_written_aside(output) as aside, (aside / REJECTS).open("w", encoding="utf-8") as rejects:
        names = [one.name for one in data]
        with _Corpus(aside / "train", names, saved, opened) as train:
            for one in data:
                with _Corpus(aside / f"heldout_{one.name}", [one.name], saved, opened) as apart:
                    for entry, measured in _encoded(one, opened, max_tokens, held_out):
                        if isinstance(entry, Reject):
                            counts[one.name]["refused"] += 1
                            rejects.write(json.dumps({"name": one.name, **asdict(entry)}, ensure_ascii=False) + "\n")
                            reason = entry.reason
                            continue
                        (apart if measured else train).writer.add(entry, one.name)
                        counts[one.name]["held_out" if measured else "train"] += 1
        if not any(count["train"] for count in counts.values()):
            last = f": {reason}" if any(count["refused"] for count in counts.values()) else ""
            raise ConfigurationError(f"not one conversation for training{last}", file=str(data[0].path))
    return {name: dict(count) for name, count in counts.items()}


def _encoded(data: DataSet, vocabulary: Vocabulary, max_tokens: int, share: float) -> Iterator[tuple[Any, bool]]:
    """Yield encoded conversations, each with whether it is held out, and rejects; in order of their rows in groups."""
    text = MarkedText(vocabulary)
    stream = enumerate(conversations(data), start=1)
    while group := list(islice(stream, TOGETHER)):
        documents: list[tuple[int, Document, bool]] = []
        for number, row in group:
            if isinstance(row, Reject):
                yield row, False
                continue
            try:
                parts = conversation_parts(row, text)
            except BioMatrixError as error:
                yield Reject.from_error(error, str(data.path), number), False
                continue
            documents.append((number, Document(parts, data.name, data.name, str(number)), is_held_out(row, share)))
        encoded = fitted_documents([document for _, document, _ in documents], vocabulary, max_tokens)
        for (number, _, measured), entry in zip(documents, encoded, strict=True):
            refused = isinstance(entry, BioMatrixError)
            yield (Reject.from_error(entry, str(data.path), number) if refused else entry), measured  # type: ignore[arg-type]


class _Corpus:
    """A corpus folder of one shard, whose manifest is written when it is left."""

    def __init__(self, folder: Path, views: Iterable[str], saved: SavedVocabulary, vocabulary: Vocabulary) -> None:
        self.folder, self.saved, self.vocabulary = folder, saved, vocabulary
        (folder / _SHARD).mkdir(parents=True)
        self.writer = ShardWriter(folder / _SHARD, list(views), token_dtype(len(vocabulary)))

    def __enter__(self) -> _Corpus:
        self.writer.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.writer.__exit__(*error)
        if error[0] is not None:
            return
        files = {
            path.name: {"sha256": file_sha256(path), "bytes": path.stat().st_size}
            for path in sorted((self.folder / _SHARD).iterdir())
        }
        write_manifest(
            self.folder,
            {
                "name": "conversations",
                "dtype": self.writer.dtype.str,
                "vocabulary": self.saved.fingerprint,
                "vocabulary_size": len(self.vocabulary),
                "token_table": token_table_fingerprint(self.vocabulary),
                "views": list(self.writer.documents),
                **self.writer.counts,
                "shards": [{"name": _SHARD, "files": files}],
                "index": write_lengths(self.folder, [_SHARD]),
            },
        )
