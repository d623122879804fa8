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
