"""From SMILES to SELFIES symbols, in one pass.

A Kekulé SMILES as RDKit writes it is cut into chunks, each an atom with its ring numbers and the one-atom branches
behind it, so that ``C1([H])[H]`` becomes ``C1([H])`` and ``[H]``. Few different chunks make up most molecules, so the
symbols of a chunk are worked out once. Branch lengths and ring distances are counted in symbols and atoms already
written. Anything not in that form (aromatic atoms, a ring number behind a branch, broken text) goes to the selfies
package.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from biomatrix.entities.molecule.selfies.rules import (
    MAX_INDEX_SYMBOLS,
    ORDERS,
    PLAIN_ATOMS,
    Atom,
    bracket_atom,
    index_symbols,
    plain_atom,
)
from biomatrix.errors import UnsupportedError

_ATOM: Final = r"(?:\[[^\]]*\]|Br|Cl|[BCNOPSFI])"
_BOND: Final = r"[-=#/\\]?"
_RING: Final = rf"{_BOND}(?:[0-9]|%[0-9][0-9])"
_LEAF: Final = rf"\({_BOND}{_ATOM}\)"
_CHUNKS: Final = re.compile(rf"\)|\(?{_BOND}{_ATOM}(?:{_RING})*(?:{_LEAF})*|.", re.DOTALL)
_CHUNK: Final = re.compile(rf"(\(?)({_BOND})({_ATOM})((?:{_RING})*)((?:{_LEAF})*)")
_RING_PARTS: Final = re.compile(rf"({_BOND})([0-9]|%[0-9][0-9])")
_LEAF_PARTS: Final = re.compile(rf"\(({_BOND})({_ATOM})\)")
_BRACKET: Final = re.compile(r"\[(\d*)([A-Z][a-z]?)(@{0,2})((?:H\d?)?)((?:\++|-+|[+-]\d+)?)(?::\d+)?\]")
_FIRST_OF_ODD: Final = frozenset("(-=#/\\")

_MAX_CACHED: Final = 65_536
_SHOWN: Final = 80


class _UnusualError(Exception):
    """The SMILES is not of the form the fast path knows."""


class _Chunk(NamedTuple):
    branch: str | None
    """The bond mark of the branch it opens, or None."""
    order: int
    """The order of the bond to the atom before."""
    head: str
    """The symbol of its first atom."""
    rings: tuple[tuple[str, str], ...]
    """Number and bond mark of each ring closure."""
    tail: tuple[str, ...]
    """The symbols of its one-atom branches."""
    size: int
    """The number of its atoms."""
    free: int
    """The number of bonds its first atom may still make."""


class _Chunks(dict[str, _Chunk]):
    def __missing__(self, text: str) -> _Chunk:
        if len(self) >= _MAX_CACHED:
            self.clear()
        chunk = self[text] = _read_chunk(text)
        return chunk


class _Branches(dict[tuple[str, int], tuple[str, ...]]):
    def __missing__(self, key: tuple[str, int]) -> tuple[str, ...]:
        return self.setdefault(key, _counted_symbols("Branch", *key))


class _Rings(dict[tuple[str, int], tuple[str, ...]]):
    def __missing__(self, key: tuple[str, int]) -> tuple[str, ...]:
        return self.setdefault(key, _counted_symbols("Ring", *key))


def symbols_of_smiles(smiles: str) -> tuple[str, ...]:
    """Return the SELFIES symbols of a SMILES string, atoms in its order; exactly those of ``selfies.encoder``.

    Fragments are separated by ``.``, which is a symbol of its own. The package writes branches and rings longer than
    4096 with symbols that no reader accepts; they are refused here.

    Raises
    ------
    UnsupportedError
        Broken SMILES, wildcard atoms, branches or rings past the limit, or valences outside the default
        constraints of SELFIES.

    Examples
    --------
    >>> symbols_of_smiles("CC(=O)O")
    ('[C]', '[C]', '[=Branch1]', '[C]', '[=O]', '[O]')
    """
    try:
        if "." not in smiles:
            return tuple(_fragment(smiles))
        symbols: list[str] = []
        for fragment in smiles.split("."):
            symbols += _fragment(fragment)
            symbols.append(".")
        return tuple(symbols[:-1])
    except _UnusualError:
        return _by_package(smiles)


def _fragment(smiles: str) -> list[str]:
    # SELFIES does not treat a branch with nothing after it as one, and RDKit never writes one
    if not smiles or smiles[0] in _FIRST_OF_ODD or smiles[-1] == ")" or "))" in smiles:
        raise _UnusualError
    out: list[str] = []
    free = [1]  # bonds left to the first atom of each chunk, counted from 1; number 0 stands before the root
    branches: list[tuple[int, str, int]] = []
    rings: _OpenRings | None = None
    current = atoms = 0
    chunks = _CACHED
    for text in _CHUNKS.findall(smiles):
        if text == ")":
            if not branches:
                raise _UnusualError
            start, mark, current = branches.pop()
            out[start:start] = _BRANCHES[mark, len(out) - start]
            continue
        branch, order, head, numbers, tail, size, left = chunks[text]
        if branch is not None:
            branches.append((len(out), branch, current))
        free[current] -= order
        parent = current
        current = len(free)
        free.append(left)
        out.append(head)
        if numbers:
            rings = rings or _OpenRings()
            rings.meet(numbers, atoms, current, parent, free, out)
        if tail:
            out += tail
        atoms += size
    free[1] += 1  # the root has no bond behind it
    if branches or min(free) < 0 or (rings is not None and rings.open):
        raise _UnusualError
    return rings.with_chirality(out) if rings is not None and rings.centres else out


class _OpenRings:
    """The ring numbers met so far in one fragment."""

    __slots__ = ("centres", "closed", "open")

    def __init__(self) -> None:
        self.open: dict[str, tuple[int, int, str, int]] = {}
        """number -> atom, chunk, bond mark, place among the ring numbers of that atom"""
        self.closed: set[tuple[int, int]] = set()
        self.centres: dict[int, tuple[str, list[int], list[int]]] = {}
        """chunk of a stereocentre -> its symbol, places of the rings it closes, of those it opens as they close"""

    def meet(
        self,
        numbers: tuple[tuple[str, str], ...],
        atom: int,
        chunk: int,
        parent: int,
        free: list[int],
        out: list[str],
    ) -> None:
        """Open or close the rings of an atom whose symbol was just written."""
        centre = "@" in out[-1]
        if centre:
            self.centres[chunk] = (out[-1], [], [])
            out[-1] = _marker(chunk)
        for place, (number, mark) in enumerate(numbers):
            opening = self.open.pop(number, None)
            if opening is None:
                self.open[number] = (atom, chunk, mark, place)
                continue
            other, left, left_mark, left_place = opening
            bond = _RING_BONDS.get((left_mark, mark))
            if bond is None or left in (chunk, parent) or (left, chunk) in self.closed:
                raise _UnusualError
            self.closed.add((left, chunk))
            order, prefix = bond
            free[left] -= order
            free[chunk] -= order
            out += _RINGS[prefix, atom - other]
            if centre:
                self.centres[chunk][1].append(place)
            if left in self.centres:
                self.centres[left][2].append(left_place)

    def with_chirality(self, out: list[str]) -> list[str]:
        """Return the symbols with the chirality marks that SELFIES gives stereocentres.

        SELFIES reorders the neighbours of a ring atom: rings it closes, then rings it opens in the order they
        close, then the rest. An odd permutation inverts the mark.
        """
        symbols: dict[str, str] = {}
        for chunk, (symbol, closes, opens) in self.centres.items():
            if _is_odd(closes + opens):
                symbol = symbol.replace("@@", "@") if "@@" in symbol else symbol.replace("@", "@@")
            symbols[_marker(chunk)] = symbol
        return [symbols.get(symbol, symbol) for symbol in out]


def _marker(chunk: int) -> str:
    return f"@{chunk}"


def _is_odd(permutation: list[int]) -> bool:
    pairs = ((a, b) for position, a in enumerate(permutation) for b in permutation[position + 1 :])
    return sum(a > b for a, b in pairs) % 2 == 1


def _read_chunk(text: str) -> _Chunk:
    match = _CHUNK.fullmatch(text)
    if match is None:
        raise _UnusualError
    opened, mark, atom_text, rings, leaves = match.groups()
    atom = _read_atom(atom_text)
    free = atom.capacity - ORDERS[mark]
    tail: list[str] = []
    for leaf_mark, leaf_text in _LEAF_PARTS.findall(leaves):
        leaf = _read_atom(leaf_text)
        if leaf.capacity < ORDERS[leaf_mark]:
            raise _UnusualError
        free -= ORDERS[leaf_mark]
        tail += (*_BRANCHES[_strong(leaf_mark), 1], _symbol(leaf_mark, leaf))
    return _Chunk(
        branch=_strong(mark) if opened else None,
        order=ORDERS[mark],
        head=_symbol(mark, atom),
        rings=tuple((number, ring_mark) for ring_mark, number in _RING_PARTS.findall(rings)),
        tail=tuple(tail),
        size=1 + len(_LEAF_PARTS.findall(leaves)),
        free=free,
    )


def _read_atom(text: str) -> Atom:
    if text in PLAIN_ATOMS:
        return plain_atom(text)
    match = _BRACKET.fullmatch(text)
    if match is None:
        raise _UnusualError
    isotope, element, chirality, hydrogens, charge = match.groups()
    count = int(hydrogens[1:] or 1) if hydrogens else 0
    sign = -1 if charge[:1] == "-" else 1
    size = int(charge[1:]) if charge[-1:].isdigit() else len(charge)
    atom = bracket_atom(isotope, element, chirality, count, sign * size)
    if atom is None:
        raise _UnusualError
    return atom


def _symbol(mark: str, atom: Atom) -> str:
    return f"[{'' if mark == '-' else mark}{atom.name}]"


def _strong(mark: str) -> str:
    """Return the bond mark that branch and ring symbols carry; stereo marks are dropped."""
    return mark if ORDERS[mark] > 1 else ""


def _counted_symbols(kind: str, prefix: str, count: int) -> tuple[str, ...]:
    digits = index_symbols(count - 1)
    if len(digits) > MAX_INDEX_SYMBOLS:
        what = f"a branch of {count} symbols" if kind == "Branch" else f"a ring over {count} atoms"
        raise UnsupportedError(f"{what} has no SELFIES: the limit is {16**MAX_INDEX_SYMBOLS}")
    return (f"[{prefix}{kind}{len(digits)}]", *digits)


def _ring_bonds() -> dict[tuple[str, str], tuple[int, str]]:
    """Return order and SELFIES prefix of every pair of compatible bond marks at the two ends of a ring."""
    bonds: dict[tuple[str, str], tuple[int, str]] = {}
    for left in ORDERS:
        for right in ORDERS:
            if left and right and left != right and not {left, right} <= {"/", "\\"}:
                continue
            order = max(ORDERS[left], ORDERS[right])
            shown = order == 1 and not {left, right}.isdisjoint(("/", "\\"))
            bonds[left, right] = (order, (left or "-") + (right or "-") if shown else _strong(left) or _strong(right))
    return bonds


def _by_package(smiles: str) -> tuple[str, ...]:
    import selfies

    errors = (selfies.EncoderError, ValueError, LookupError, RecursionError, AssertionError, AttributeError, TypeError)
    try:
        text = selfies.encoder(smiles)
    except errors as error:
        lines = [line.strip() for line in str(error).splitlines() if not line.strip().startswith("SMILES:")]
        reason = " ".join(lines)[:200] or type(error).__name__
        raise UnsupportedError(f"{smiles[:_SHOWN]} has no SELFIES: {reason}") from error
    if any(f"{kind}{MAX_INDEX_SYMBOLS + 1}]" in text for kind in ("Branch", "Ring")):
        raise UnsupportedError(f"a branch or ring has no SELFIES: longer than the limit of {16**MAX_INDEX_SYMBOLS}")
    return tuple(selfies.split_selfies(text))


_CACHED: Final = _Chunks()
_BRANCHES: Final = _Branches()
_RINGS: Final = _Rings()
_RING_BONDS: Final = _ring_bonds()
