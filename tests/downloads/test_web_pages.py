"""A page that a server sends in place of a file is not taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.downloads.web_pages import refuse_page
from biomatrix.errors import ConfigurationError

PAGE = b"\n<!DOCTYPE html><html><body>Please sign in</body></html>"


@pytest.mark.parametrize("name", ["a.csv", "a.fasta.gz", "a.parquet", "a.xml", "a"])
@pytest.mark.parametrize("content", [PAGE, b"<!-- x -->\n<HTML>", b"\xef\xbb\xbf<html lang='en'>"])
def test_a_page_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "part").write_bytes(content)
    with pytest.raises(ConfigurationError, match="web page came in place of the file"):
        refuse_page(tmp_path / "part", name)
    refuse_page(tmp_path / "part", "a.html")


@pytest.mark.parametrize("content", [b"a,b\n", b"<?xml version='1.0'?><e/>", b"\x1f\x8b\x08", b"", b"<htmlx>"])
def test_a_file_is_taken(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "part").write_bytes(content)
    refuse_page(tmp_path / "part", "a.csv")
