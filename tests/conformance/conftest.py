"""The toy kind, registered from a folder outside the package, and a tiny model over its tokens."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from biomatrix.entities import Entity, Kind, modalities, register_kind, unregister_kind
from biomatrix.vocabulary import Vocabulary, train_byte_bpe

TOY = Path(__file__).parent / "toy"
ROWS = ["1234", "1132", "14", "122"]


@pytest.fixture(scope="module")
def pebble() -> Iterator[Kind]:
    """The registration, as a program would make it; taken back after the module, so that no other test meets it."""
    sys.path.insert(0, str(TOY))
    from pebbles import PEBBLE  # type: ignore[import-not-found]

    yield register_kind(PEBBLE)
    unregister_kind("pebble")
    sys.path.remove(str(TOY))


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """What another process needs to know the kind."""
    paths = [str(TOY), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "BIOMATRIX_KINDS": "pebbles:PEBBLE"}


@pytest.fixture(scope="module")
def beach(pebble: Kind, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .pebble file: the example, three rows without places, and a broken line."""
    path = tmp_path_factory.mktemp("beach") / "beach.pebble"
    entities: list[Entity] = [example.entity for example in pebble.examples()]
    entities += [pebble.parse(row, f"row{number}") for number, row in enumerate(ROWS)]
    pebble.write(entities, path, "pebble")
    path.write_text(path.read_text() + "broken\t5\t\n")
    return path


@pytest.fixture(scope="module")
def vocabulary(pebble: Kind) -> Vocabulary:
    """The toy's two modalities over a byte-level BPE."""
    texts = ["Make a row of pebbles. user assistant system red green blue grey begins ends"]
    return Vocabulary.build(train_byte_bpe(texts, 400), modalities=modalities("pebble"))
