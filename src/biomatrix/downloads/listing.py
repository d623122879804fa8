"""The files of a folder on the web: the page that a server makes of it, and the links on that."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from biomatrix.errors import ConfigurationError

_NAME: Final = re.compile(r"[\w+~%@=,-][\w+~%@=,. -]{0,200}")
"""Names of files that are taken: none begins with a dot or holds a slash, whatever the page says."""


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.targets += [value for name, value in attrs if name == "href" and value]


def listed_names(page: str, url: str, pattern: str) -> list[str]:
    """Return the names of the files that a folder's page links to and that fit a pattern, sorted.

    Links that lead out of the folder, to another host, or to a name that could leave the folder they are put into, are
    passed over.

    Parameters
    ----------
    page : str
        HTML.
    url : str
        The address of the folder, with a slash at its end.
    pattern : str
        As of a shell: ``*.xml.gz``.

    Raises
    ------
    ConfigurationError
        No link fits.

    Examples
    --------
    >>> listed_names('<a href="a.gz">a</a><a href="../b.gz">b</a>', "https://example.org/all/", "*.gz")
    ['a.gz']
    """
    parser = _Links()
    parser.feed(page)
    home = urlsplit(url)
    names = set()
    for target in parser.targets:
        place = urlsplit(urljoin(url, target.strip()))
        folder, _, last = place.path.rpartition("/")
        name = unquote(last)
        same = (place.scheme, place.netloc, folder + "/") == (home.scheme, home.netloc, home.path)
        if same and _NAME.fullmatch(name) and fnmatchcase(name, pattern):
            names.add(name)
    if not names:
        raise ConfigurationError(f"the page {url} links to no file {pattern!r}; its publisher may have moved them")
    return sorted(names)
