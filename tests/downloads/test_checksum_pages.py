"""Checksums as publishers state them."""

from __future__ import annotations

import pytest

from biomatrix.downloads.checksum_pages import stated_checksum
from biomatrix.errors import ConfigurationError

MD5, SHA = "d41d8cd98f00b204e9800998ecf8427e", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
METALINK = (
    f'<metalink><files><file name="other.gz"><verification><hash type="md5">{"a" * 32}</hash></verification></file>'
    f'<file name="a.gz"><size>1</size><verification><hash type="md5">{MD5.upper()}</hash></verification></file></files>'
)


@pytest.mark.parametrize(
    ("page", "function", "value"),
    [
        (f"{MD5}  a.gz\n{'b' * 32}  b.gz\n", "md5", MD5),
        (f"{MD5} *./sub/a.gz\n", "md5", MD5),
        (f"{MD5}\n", "md5", MD5),
        (f"MD5 (a.gz) = {MD5}\n", "md5", MD5),
        (f"{MD5}  a.gz\n{SHA}  a.gz\n", "sha256", SHA),
        (METALINK, "md5", MD5),
    ],
)
def test_forms_of_checksums(page: str, function: str, value: str) -> None:
    found = stated_checksum(page, "a.gz")
    assert (found.function, found.value) == (function, value)


@pytest.mark.parametrize("page", ["", "<html>404</html>", f"{MD5}  b.gz\n", f"{MD5}\n{'c' * 32}\n"])
def test_a_page_that_states_none_is_refused(page: str) -> None:
    with pytest.raises(ConfigurationError, match=r"none for a\.gz"):
        stated_checksum(page, "a.gz")
