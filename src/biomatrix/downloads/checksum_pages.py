"""Checksums that a publisher states beside a file: lists of ``md5sum``, single values, and UniProt's metalink."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from biomatrix.errors import ConfigurationError

_LENGTHS: Final = {32: "md5", 64: "sha256"}
_VALUE: Final = r"[0-9a-fA-F]{64}|[0-9a-fA-F]{32}"
_LINE: Final = re.compile(rf"^\s*(?P<value>{_VALUE})(?:\s+[* ]?(?P<name>\S.*?))?\s*$", re.M)
_BSD: Final = re.compile(rf"^\s*(?:MD5|SHA256)\s*\((?P<name>.+?)\)\s*=\s*(?P<value>{_VALUE})\s*$", re.M)
_METALINK_FILE: Final = re.compile(r"<file\s+name=\"(?P<name>[^\"]+)\"\s*>(?P<content>.*?)</file>", re.S)
_METALINK_HASH: Final = re.compile(rf"<hash\s+type=\"(?:md5|sha-?256)\"\s*>\s*(?P<value>{_VALUE})\s*</hash>")


@dataclass(frozen=True)
class Checksum:
    """A checksum in lower-case hexadecimal, and by which function."""

    function: str
    value: str


def stated_checksum(page: str, name: str) -> Checksum:
    """Return the checksum that a page states for a file; where it names no file and holds one value, that.

    Raises
    ------
    ConfigurationError
        It states none for the file.

    Examples
    --------
    >>> stated_checksum("d41d8cd98f00b204e9800998ecf8427e  a.gz", "a.gz").function
    'md5'
    """
    found = _in_metalink(page) or [(one["name"], one["value"]) for one in (*_LINE.finditer(page), *_BSD.finditer(page))]
    own = [value for of, value in found if of is not None and of.rpartition("/")[2] == name]
    unnamed = [value for of, value in found if of is None]
    if not own and len(found) == len(unnamed) == 1:
        own = unnamed
    if not own:
        raise ConfigurationError(f"the publisher's page of checksums states none for {name}")
    best = max(own, key=len)
    return Checksum(_LENGTHS[len(best)], best.lower())


def _in_metalink(page: str) -> list[tuple[str | None, str]]:
    """Return the names and values of a metalink; read by pattern, so that no entity of XML is ever expanded."""
    return [
        (file["name"], one["value"])
        for file in _METALINK_FILE.finditer(page)
        for one in _METALINK_HASH.finditer(file["content"])
    ]
