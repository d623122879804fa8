"""What the first bytes of a file say it is, where it is none of the formats that are read here."""

from __future__ import annotations

from typing import Final, NamedTuple


class Signature(NamedTuple):
    """Bytes at a fixed place of a file, what a file with them is, and what to do about it."""

    offset: int
    marks: bytes
    advice: str


_UNPACK: Final = "unpack it first; only gzip, bzip2 and zstd are unpacked here"
PACKED: Final = (
    Signature(0, b"PK\x03\x04", f"a zip archive (or an office document, which is one): {_UNPACK}"),
    Signature(0, b"PK\x05\x06", f"an empty zip archive: {_UNPACK}"),
    Signature(0, b"\xfd7zXZ\x00", f"xz data: {_UNPACK}"),
    Signature(0, b"7z\xbc\xaf\x27\x1c", f"a 7-Zip archive: {_UNPACK}"),
    Signature(0, b"\x04\x22\x4d\x18", f"lz4 data: {_UNPACK}"),
    Signature(0, b"Rar!\x1a\x07", f"a RAR archive: {_UNPACK}"),
    Signature(0, b"\x1f\x9d", f"data packed by compress (.Z): {_UNPACK}"),
    Signature(257, b"ustar", "a tar archive: unpack it and give one of the files in it"),
)
"""Archives, and compressions that no reader opens."""

_BINARY: Final = (
    Signature(0, b"%PDF-", "a PDF document"),
    Signature(0, b"\x89PNG", "a PNG picture"),
    Signature(0, b"\xff\xd8\xff", "a JPEG picture"),
    Signature(0, b"GIF8", "a GIF picture"),
    Signature(0, b"\x89HDF\r\n", "an HDF5 file"),
    Signature(0, b"PAR1", "a Parquet table; name it .parquet"),
    Signature(0, b"SQLite format 3", "an SQLite database"),
    Signature(0, b"\xd0\xcf\x11\xe0", "an office document of the old binary kind; export it as text"),
    Signature(0, b"VjCD0100", "a ChemDraw drawing (CDX); save it as .sdf or .mol"),
    Signature(0, b"\x93NUMPY", "a NumPy array"),
    Signature(0, b"\x7fELF", "a program"),
    Signature(0, b"\xef\xbe\xad\xde", "RDKit's own binary form of a molecule; write it as .sdf"),
)
_TEXT: Final = (
    (b"version https://git-lfs.github.com/spec", "a git-lfs pointer, not the file itself: run `git lfs pull`"),
    (b"<!doctype html", "an HTML page, perhaps an error page saved in place of a download"),
    (b"<html", "an HTML page, perhaps an error page saved in place of a download"),
    (b"<?xml", "an XML file, which is not read here"),
    (b"{\\rtf", "a document of a word processor (RTF); save it as plain text"),
    (b"$rxn", "a reaction (RXN file), which is several molecules; save each as .mol"),
    (b"$rdfile", "an RDfile, of reactions or molecules with data; save the molecules as .sdf"),
    (b"<cml", "a CML file, which is not read here; save it as .sdf"),
)


def packing_of(head: bytes) -> str | None:
    """Return which archive or compression that is not unpacked a file is, in words; None where it is none.

    Examples
    --------
    >>> packing_of(b"Rar!\\x1a\\x07\\x00")
    'a RAR archive: unpack it first; only gzip, bzip2 and zstd are unpacked here'
    """
    return next((one.advice for one in PACKED if head.startswith(one.marks, one.offset)), None)


def strange_content(head: bytes, *, json: bool = False) -> str | None:
    """Return what a file that should be text is instead, in words; None where it seems to be text of a format.

    Parameters
    ----------
    head : bytes
        The first bytes as UTF-8, without a byte order mark; an encoding of two or four bytes decoded.
    json : bool
        Whether JSON is one of the formats.
    """
    for one in _BINARY:
        if head.startswith(one.marks, one.offset):
            return one.advice
    beginning = head.lstrip()[:64].lower()
    for mark, advice in _TEXT:
        if beginning.startswith(mark):
            return advice
    if not json and beginning.startswith((b"{", b'["', b"[{", b"[\n")):
        return "JSON, not a file of records; `biomatrix decode` reads lines of tokens"
    return None
