"""Cards of published sources: whole, true to themselves, and read by a class that exists."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from biomatrix.corpus.sources import open_source
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.published.source_card import card, card_names
from biomatrix.entities.kind_registry import load_attribute
from biomatrix.errors import ConfigurationError


@pytest.mark.parametrize("name", card_names())
def test_a_card_is_whole(name: str) -> None:
    entry = card(name)
    assert issubclass(load_attribute(entry.reader), PublishedSource)
    assert entry.downloads or entry.by_hand, "a reader must be able to come by the files"
    patterns = [*entry.files, *entry.side_files]
    for download in entry.downloads:
        assert not PurePosixPath(download.path).is_absolute()
        assert download.listing is None or download.url.endswith("/")
        example = download.path if download.listing is None else f"{download.path}/{download.listing}"
        fits = any(PurePosixPath(example.replace("*", "x")).match(pattern) for pattern in patterns)
        assert fits, f"{download.path}: nothing reads it"


@pytest.mark.parametrize("name", card_names())
def test_without_files_it_says_which(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no file matches"):
        open_source(name, tmp_path)
