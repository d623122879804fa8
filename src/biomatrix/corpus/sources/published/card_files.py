"""The files of a card, one by one: addresses of folders resolved to what they list, with the publisher's checksums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from biomatrix.corpus.sources.published.source_card import Download, SourceCard
from biomatrix.downloads.checksum_pages import stated_checksum
from biomatrix.downloads.http_download import read_page
from biomatrix.downloads.listing import listed_names


@dataclass(frozen=True)
class CardFile:
    """One file that a card says how to fetch.

    Parameters
    ----------
    path : str
        Relative to the data folder.
    url : str
    sha256, md5 : str
        As the card states them; "" where it states none.
    checksums : str
        The address of the publisher's page of checksums; "" where there is none.
    size : int
        Bytes, as published; 0 where not known.
    optional : bool
        Whether the source can be read without it.
    """

    path: str
    url: str
    sha256: str = ""
    md5: str = ""
    checksums: str = ""
    size: int = 0
    optional: bool = False

    def with_checksum(self) -> CardFile:
        """Return it with the checksum that the publisher states beside it, which is read from the web."""
        if not self.checksums or self.sha256 or self.md5:
            return self
        stated = stated_checksum(read_page(self.checksums), Path(self.path).name)
        md5, sha256 = (stated.value, "") if stated.function == "md5" else ("", stated.value)
        return replace(self, md5=md5, sha256=sha256)


def card_files(card: SourceCard, limit: int | None = None) -> list[CardFile]:
    """Return the files to fetch of a card; folders are listed from the web.

    Parameters
    ----------
    card : SourceCard
    limit : int, optional
        The most files of each listed folder, the first by name; single files are always all taken.

    Raises
    ------
    ConfigurationError
        A folder cannot be listed, or holds nothing that fits.
    """
    return [file for download in card.downloads for file in _files_of(download, limit)]


def _files_of(download: Download, limit: int | None) -> Iterator[CardFile]:
    if download.listing is None:
        yield _file(download, download.url, download.path, download.size)
        return
    for name in listed_names(read_page(download.url), download.url, download.listing)[:limit]:
        yield _file(download, download.url + quote(name), f"{download.path.rstrip('/')}/{name}", 0)


def _file(download: Download, url: str, path: str, size: int) -> CardFile:
    checksums = (download.checksums or "").replace("{url}", url)
    return CardFile(path, url, download.sha256 or "", download.md5 or "", checksums, size, download.optional)
