"""Plain values of pickles: every protocol, NumPy's arrays, and nothing that runs."""

from __future__ import annotations

import os
import pickle
import random
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from biomatrix.errors import BioMatrixError, ParseError
from biomatrix.tasks.benchmarks.official_files.pickled_values import plain_value

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
RECORD: dict[str, Any] = {
    "primary_1": "MKTAYIAK", "count": 3, "affinity": 6.25, "yes": True, "none": None, "large": 10**30,
    "nested": [1, [2, ("a", b"\x00\xff")], {"k": ()}], "ordered": OrderedDict(a=1),
}  # fmt: skip


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_records_come_back(protocol: int) -> None:
    assert plain_value(pickle.dumps(RECORD, protocol=protocol)) == {**RECORD, "ordered": {"a": 1}}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "u1", "?", ">f4"])
def test_arrays_of_numbers_come_back(protocol: int, dtype: str) -> None:
    array = np.arange(12).reshape(3, 4).astype(dtype)
    for given in (array, np.asfortranarray(array), array[:0]):
        found = plain_value(pickle.dumps({"a": given, "again": [given, given]}, protocol=protocol))
        assert np.array_equal(found["a"], given)
        assert np.array_equal(found["again"][1], given)
    assert plain_value(pickle.dumps(np.float32(6.25), protocol=protocol)) == 6.25


class _Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch never",)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("value", [_Runs(), np.array([_Runs()], dtype=object), os.system, complex(1, 2), {1, 2}])
def test_all_else_is_refused(protocol: int, value: object) -> None:
    with pytest.raises(ParseError):
        plain_value(pickle.dumps([value], protocol=protocol))


def test_what_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ParseError):
        plain_value(pickle.dumps(loop))


def test_shared_parts_do_not_multiply() -> None:
    value: list[Any] = ["x"]
    for _ in range(200):
        value = [value, value]
    assert len(plain_value(pickle.dumps(value))) == 2


SHARED = b"Nq\x00" + b"h\x00h\x00\x86q\x00" * 60
"""A tuple of two, each of two, ... 60 deep: a few bytes that no repr and no hash comes to the end of."""
FLOAT = b"cnumpy\ndtype\nX\x02\x00\x00\x00f8\x85R"


@pytest.mark.parametrize(
    "code",
    [
        b"}" + SHARED + b"Ns.",
        b"(" + SHARED + b"Nd.",
        SHARED + SHARED + b"\x93.",
        b"cnumpy\ndtype\n" + SHARED + b"\x85R.",
        b"cnumpy.core.numeric\n_frombuffer\n(U\x08aaaaaaaa" + FLOAT + SHARED + b"U\x01CtR.",
        b"cnumpy.core.multiarray\nscalar\n" + FLOAT + b"\x8a\x06" + (10**13).to_bytes(6, "little") + b"\x86R.",
    ],
    ids=["key", "keys", "name", "element type", "shape", "zeros"],
)
def test_a_few_bytes_do_not_ask_for_time_or_memory_without_end(code: bytes) -> None:
    with pytest.raises(ParseError):
        plain_value(b"\x80\x04" + code)


def test_mangled_pickles_raise_nothing_else() -> None:
    rng = random.Random(0)
    whole = pickle.dumps({**RECORD, "a": np.arange(4.0)}, protocol=4)
    for _ in range(3000):
        data = bytearray(whole[: rng.randrange(1, len(whole) + 1)])
        for _ in range(rng.randrange(4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            plain_value(bytes(data))
        except BioMatrixError:
            continue
