"""Plain values of pickled records, put together from the disassembly: nothing of the pickle is imported or run.

Some official data are records that Python pickled. ``pickletools`` lists their opcodes without acting on them; here
those that build text, numbers, lists, mappings and NumPy arrays are followed, and every other one is refused.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from biomatrix.errors import LimitError, ParseError

LARGEST: Final = 256 << 20
"""The most bytes of one pickled record."""

_COPIES: Final = 4
"""How many times the bytes of a record may be copied: text into bytes, and those into an array."""
_FEW: Final = 1 << 20
_MARK: Final = object()

_CONSTANTS: Final[dict[str, Callable[[], Any]]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
    "EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple,
}  # fmt: skip
_LITERALS: Final = frozenset(
    (
        "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
        "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
        "SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8", "STRING", "BINSTRING", "SHORT_BINSTRING",
    )
)  # fmt: skip
_IDLE: Final = frozenset(("PROTO", "FRAME", "STOP"))
_KEYS: Final = (str, bytes, int, float, type(None))
_STORES: Final = frozenset(("PUT", "BINPUT", "LONG_BINPUT"))
_LOADS: Final = frozenset(("GET", "BINGET", "LONG_BINGET"))


class _Name(str):
    """A class or function that a pickle names; never imported."""


class _Type:
    """An element type under construction: its code, then its byte order."""

    def __init__(self, code: object, *_: object) -> None:
        if not isinstance(code, str) or not _is_number_code(code):
            raise ParseError(f"an array of {_briefly(code)}, where numbers are expected")
        self.dtype = np.dtype(code)

    def build(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|", "="):
            self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """An array under construction."""

    value: np.ndarray[Any, Any] | None = None

    def build(self, state: Any) -> None:
        if not (isinstance(state, tuple) and len(state) == 5 and isinstance(state[2], _Type)):
            raise ParseError("an array that is not one of plain numbers")
        shape, kind, fortran, data = state[1], state[2], state[3], _bytes(state[4])
        if not isinstance(shape, tuple) or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise ParseError(f"an array of the shape {_briefly(shape)}")
        try:
            self.value = np.frombuffer(data, kind.dtype).reshape(shape, order="F" if fortran else "C").copy()
        except ValueError as error:
            raise ParseError(f"a broken array: {error}") from error


def _is_number_code(code: str) -> bool:
    return len(code) in (2, 3) and code[0] in "biufS?" and code[1:].isdigit()


def _briefly(value: object) -> str:
    """Return a word of text as it stands, and of anything else its type: lists that share parts print without end."""
    return repr(value[:40]) if isinstance(value, str) else type(value).__name__


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):  # before protocol 3 bytes are text of the same code points
        return value.encode("latin-1")
    if not isinstance(value, bytes | bytearray):  # of a number, Python would make as many zero bytes
        raise ParseError(f"numbers made of a {type(value).__name__}, where bytes are expected")
    return bytes(value)


def _mapping(keys: list[Any], values: list[Any]) -> dict[Any, Any]:
    """Return a mapping; its keys are plain, since tuples that share parts are hashed without end."""
    wrong = next((key for key in keys if not isinstance(key, _KEYS)), None)
    if wrong is not None:
        raise ParseError(f"a mapping with a {type(wrong).__name__} as key")
    return dict(zip(keys, values, strict=True))


def _scalar(kind: Any, data: Any = b"") -> Any:
    if not isinstance(kind, _Type):
        raise ParseError("a number of an unknown type")
    return np.frombuffer(_bytes(data), kind.dtype)[0].item()


def _from_buffer(data: Any, kind: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.build((1, shape, kind, order == "F", data))
    return array


_CALLS: Final[dict[str, Callable[..., Any]]] = {
    "_reconstruct": lambda *_: _Array(),
    "_frombuffer": _from_buffer,
    "scalar": _scalar,
    "dtype": _Type,
    "_codecs encode": lambda text, *_: text.encode("latin-1"),
    "collections OrderedDict": lambda *_: {},
    "__builtin__ bytes": lambda: b"",  # how old protocols write no bytes at all
}


def _call(name: Any, operands: Any) -> Any:
    if not isinstance(name, _Name) or not isinstance(operands, tuple):
        raise ParseError("a pickle that calls what it has built; only plain values are read")
    module, _, attribute = name.partition(" ")
    known = attribute if module in _NUMPY else str(name)
    if known not in _CALLS:
        raise ParseError(f"a pickle that asks for {module}.{attribute}; only plain values are read")
    return _CALLS[known](*operands)


_NUMPY: Final = frozenset(
    ("numpy", *(f"numpy.{core}.{part}" for core in ("core", "_core") for part in ("multiarray", "numeric")))
)


class _Machine:
    """A stack and a memory, on which opcodes act."""

    def __init__(self, size: int) -> None:
        self.stack: list[Any] = []
        self.memory: dict[Any, Any] = {}
        self._may_copy = _COPIES * size + _FEW

    def act(self, code: str, argument: Any) -> None:
        if code in _CONSTANTS:
            self.stack.append(_CONSTANTS[code]())
        elif code in _LITERALS:
            self.stack.append(argument)
        elif code in _STORES:
            self.memory[argument] = self.stack[-1]
        elif code in _LOADS:
            self.stack.append(self.memory[argument])
        elif code not in _IDLE:
            action = getattr(self, f"_{code.lower()}", None)
            if action is None:
                raise ParseError(f"a pickle with the opcode {code}; only plain values are read")
            action(argument)

    def _memoize(self, _: Any) -> None:
        self.memory[len(self.memory)] = self.stack[-1]

    def _mark(self, _: Any) -> None:
        self.stack.append(_MARK)

    def _pop(self, _: Any) -> None:
        self.stack.pop()

    def _to_mark(self) -> list[Any]:
        found: list[Any] = []
        while (value := self.stack.pop()) is not _MARK:
            found.append(value)
        return found[::-1]

    def _append(self, _: Any) -> None:
        value = self.stack.pop()
        self._top(list).append(value)

    def _appends(self, _: Any) -> None:
        values = self._to_mark()
        self._top(list).extend(values)

    def _setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._top(dict).update(_mapping([key], [value]))

    def _setitems(self, _: Any) -> None:
        values = self._to_mark()
        self._top(dict).update(_mapping(values[::2], values[1::2]))

    def _tuple(self, _: Any) -> None:
        self.stack.append(tuple(self._to_mark()))

    def _list(self, _: Any) -> None:
        self.stack.append(self._to_mark())

    def _dict(self, _: Any) -> None:
        values = self._to_mark()
        self.stack.append(_mapping(values[::2], values[1::2]))

    def _tuple1(self, _: Any) -> None:
        self._gather(1)

    def _tuple2(self, _: Any) -> None:
        self._gather(2)

    def _tuple3(self, _: Any) -> None:
        self._gather(3)

    def _gather(self, count: int) -> None:
        if len(self.stack) < count:
            raise IndexError
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def _global(self, argument: Any) -> None:
        self.stack.append(_Name(argument))

    def _stack_global(self, _: Any) -> None:
        attribute, module = self.stack.pop(), self.stack.pop()
        if not (isinstance(attribute, str) and isinstance(module, str)):
            raise ParseError("a broken pickle")
        self.stack.append(_Name(f"{module} {attribute}"))

    def _spend(self, operands: Any) -> None:
        """Count what is copied into arrays: bytes that are remembered may be taken again and again."""
        parts = operands if isinstance(operands, tuple) else ()
        self._may_copy -= sum(len(part) for part in parts if isinstance(part, str | bytes | bytearray))
        if self._may_copy < 0:
            raise LimitError("a pickle that makes many times as much of its bytes as it holds")

    def _reduce(self, _: Any) -> None:
        operands, name = self.stack.pop(), self.stack.pop()
        self._spend(operands)
        self.stack.append(_call(name, operands))

    def _build(self, _: Any) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], (_Type, _Array)):
            raise ParseError("a pickle of an object; only plain values are read")
        self._spend(state)
        self.stack[-1].build(state)

    def _top(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise ParseError("a broken pickle")
        return self.stack[-1]


def plain_value(data: bytes) -> Any:
    """Return the text, number, list, mapping or array of numbers that a pickle holds, all of them nested.

    Raises
    ------
    ParseError
        It is no pickle, is broken, or holds anything else.
    LimitError
        It is larger than 256 MiB, or makes far more of its bytes.
    """
    if len(data) > LARGEST:
        raise LimitError(f"a pickled record of {len(data):,} bytes: at most {LARGEST:,} are read")
    machine = _Machine(len(data))
    try:
        for opcode, argument, _ in pickletools.genops(data):
            machine.act(opcode.name, argument)
        return _settled(machine.stack.pop(), {})
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, UnicodeError, RecursionError) as error:
        raise ParseError(f"a broken pickle: {error}") from error


def _settled(value: Any, done: dict[int, Any]) -> Any:
    """Return a value with its arrays finished, each part once; one that holds itself nests without end: refused."""
    if id(value) not in done:
        done[id(value)] = _finished(value, done)
    return done[id(value)]


def _finished(value: Any, done: dict[int, Any]) -> Any:
    if isinstance(value, _Array):
        if value.value is None:
            raise ParseError("an array without its numbers")
        return value.value
    if isinstance(value, dict):
        return {_settled(key, done): _settled(each, done) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_settled(each, done) for each in value)
    if isinstance(value, _Name | _Type) or value is _MARK:
        raise ParseError("a pickle of a class, not of values")
    return value
