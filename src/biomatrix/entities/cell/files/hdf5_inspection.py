"""An HDF5 file looked through before any of it is read: nothing outside it, nothing too large, nothing unknown.

HDF5 lets a file point to others by external links, by virtual arrays and by arrays stored in other files, and the
libraries that read cells follow them without a word. None of these has a place in a file of cells.
"""

from __future__ import annotations

from math import prod
from typing import Any, Final

from biomatrix.entities.cell.files.damage import REWRITE
from biomatrix.entities.cell.files.declared import Declared
from biomatrix.entities.cell.files.hdf5_texts import inspect_attribute_lengths, inspect_lengths
from biomatrix.entities.limits import Limits
from biomatrix.errors import ParseError, UnsupportedError

_LARGEST_ATTRIBUTE: Final = 256 << 20
"""Bytes of one attribute, each of its texts taken to be the longest of the file."""
_LISTS: Final = (b"DIMENSION_LIST",)
"""Attributes of dimension scales, which netCDF and h5py write as lists and nothing here reads."""
_PACKING_COST: Final = 4096
"""Bytes that packing may add to a chunk."""
_LEAVES: Final = "a file from elsewhere must not reach other files of this machine; copy what it points to into it"


def inspect_hdf5(file: Any, limits: Limits, longest: int) -> Declared:
    """Look through an open file.

    Parameters
    ----------
    file : h5py.File
    limits : Limits
        ``unpacked_ratio`` is how many times its own bytes a file may declare.
    longest : int
        Bytes of the longest text of the file, of :func:`~biomatrix.entities.cell.files.hdf5_texts.inspect_heaps`.

    Returns
    -------
    Declared
        What all arrays together declare.

    Raises
    ------
    ParseError
        A link or an array that leads out of the file, or a type that no file of cells holds.
    LimitError
        The file declares more than its bytes can hold.
    UnsupportedError
        An array is packed by a filter that is not installed.
    """
    import h5py

    declared = Declared(limits, file.id.get_filesize())
    seen: set[Any] = set()
    texts: set[bytes] = set()
    waiting: list[tuple[str, Any]] = [("", file["/"].id)]
    while waiting:
        place, group = waiting.pop()
        address = h5py.h5o.get_info(group).addr
        if address in seen:  # as a ring, or as doors that double with every step inward
            raise ParseError(f"{place} is a group that has another name in the file too; {REWRITE}")
        seen.add(address)
        texts |= _inspect_attributes(group, place or "/", declared, longest)
        for raw in group:
            name = f"{place}/{_decoded(raw, place)}"
            declared.part(name)
            _refuse_link(group.links.get_info(raw).type, name)
            member = h5py.h5o.open(group, raw)
            if isinstance(member, h5py.h5g.GroupID):
                waiting.append((name, member))
            elif isinstance(member, h5py.h5d.DatasetID):
                texts |= _inspect_attributes(member, name, declared, longest)
                _inspect_array(member, name, declared)
                inspect_lengths(member, name, longest)
    inspect_attribute_lengths(file, texts, longest)
    return declared


def _decoded(raw: bytes, place: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ParseError(f"a name in {place or '/'} is not UTF-8: {raw[:40]!r}; {REWRITE}") from error


def _refuse_link(link: int, name: str) -> None:
    import h5py

    if link == h5py.h5l.TYPE_HARD:
        return
    word = {h5py.h5l.TYPE_SOFT: "a soft link", h5py.h5l.TYPE_EXTERNAL: "an external link, which leads out of the file"}
    raise ParseError(f"{name} is {word.get(link, 'a link of a kind that nobody knows')}; {_LEAVES}")


def _inspect_array(array: Any, name: str, declared: Declared) -> None:
    import h5py

    settings = array.get_create_plist()
    layout = settings.get_layout()
    if layout == h5py.h5d.VIRTUAL or settings.get_external_count() > 0:
        raise ParseError(f"the values of {name} lie in another file; {_LEAVES}")
    _inspect_type(array.get_type(), name)
    for number in range(settings.get_nfilters()):
        code, *_ = settings.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            raise UnsupportedError(
                f"{name} is packed by the filter {code}, which is not here: write the file with "
                "compression='gzip', or install hdf5plugin and import it first"
            )
    chunk = settings.get_chunk() if layout == h5py.h5d.CHUNKED else None
    shape = array.shape
    size = array.get_type().get_size()
    declared.array(name, () if shape is None else shape, size, chunk)
    if chunk is not None and settings.get_nfilters():
        _inspect_chunks(array, name, prod(chunk) * size)


def _inspect_type(kind: Any, name: str) -> None:
    import h5py

    h5t = h5py.h5t
    group = kind.get_class()
    if group == h5t.COMPOUND:
        for number in range(kind.get_nmembers()):
            _inspect_type(kind.get_member_type(number), name)
        return
    if group not in (h5t.INTEGER, h5t.FLOAT, h5t.STRING, h5t.ENUM, h5t.REFERENCE):
        raise ParseError(
            f"{name} holds values of HDF5 class {group}, neither numbers nor text; leave it out of the file"
        )


def _inspect_chunks(array: Any, name: str, size: int) -> None:
    """Refuse packed chunks that are larger than what they should unpack to, as unpacking has no end of its own."""
    most = size + size // 64 + _PACKING_COST

    def look(chunk: Any) -> None:
        if chunk.size > most:
            raise ParseError(f"a chunk of {name} has {chunk.size:,} bytes, packed, for {size:,} unpacked; {REWRITE}")

    array.chunk_iter(look)


def _inspect_attributes(part: Any, name: str, declared: Declared, longest: int) -> set[bytes]:
    """Return the names of those that are texts of any length."""
    import h5py

    texts = set()
    for number in range(h5py.h5a.get_num_attrs(part)):
        attribute = h5py.h5a.open(part, index=number)
        count, kind = attribute.get_space().get_simple_extent_npoints(), attribute.get_type()
        is_text = kind.get_class() == h5py.h5t.STRING and kind.is_variable_str()
        size = count * (max(longest, kind.get_size()) if is_text else kind.get_size())
        label = f"{name}@{attribute.name!r}"
        if attribute.name not in _LISTS and kind.get_class() == h5py.h5t.VLEN:  # reading one of no known sort may crash
            raise ParseError(f"the attribute {label} is a list of any length, neither numbers nor text; {REWRITE}")
        declared.part(label)
        if size > _LARGEST_ATTRIBUTE:
            raise ParseError(f"the attribute {label} may take {size:,} bytes; attributes are words: {REWRITE}")
        if is_text:
            texts.add(attribute.name)
    return texts
