"""A modality's grammar as a Lark grammar of llguidance, for engines that take one (vLLM, SGLang, llama.cpp, ...).

Terminals are ranges of token ids, ``<[3860-3885]>``, so a token can only ever be written as itself and never spelled
out in letters. A length is counted exactly in the parameter of a rule, and no rule leads where the length could not be
reached any more: what the engine allows is what our own automaton of the table allows, but for the budget of tokens,
which an engine keeps by cutting (``max_tokens``).

What is written is the *table* of the modality (:meth:`biomatrix.entities.base_modality.Modality.grammar`). Rules that
are no table, such as valence in SELFIES and the ring bonds of SMILES, are kept by our automata alone; what an engine
writes by this grammar is checked, and written again where it is refused.

Legend of shapes: S grammar states, C columns (classes of tokens, or parts of a composite), L the largest count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.base_modality import Modality
from biomatrix.entities.composite import CompositeModality
from biomatrix.entities.grammar import one_or_more
from biomatrix.entities.layout import OWN
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.entities.table_automaton import ranges_of
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

_LONGEST: Final = 1 << 16
"""The largest count that is laid out."""


def lark_grammar(
    vocabulary: Vocabulary, output: str, length: int | tuple[int, int | None] | None = None, *, opened: bool = True
) -> str:
    """Return the grammar of one segment.

    Parameters
    ----------
    vocabulary : Vocabulary
        Its ids are the engine's.
    output : str
        The modality.
    length : int or (int, int or None), optional
        The number of counted tokens: exact, or the least and the most.
    opened : bool
        Whether the prompt ends with the start token, as ours do; otherwise the grammar begins with it.

    Raises
    ------
    ConfigurationError
        No segment has such a length, or the modality does not count.
    VocabularyError
        The vocabulary does not hold the modality.
    """
    ids = vocabulary.segment_ids(output)
    rules: list[str] = []
    bounds = (length, length) if isinstance(length, int) else length
    whole = _segment(vocabulary.block(output).modality, ids, bounds, rules)
    if whole is None:
        asked = "" if bounds is None else f" of length {bounds[0]} to {bounds[1] or 'any number'}"
        raise ConfigurationError(f"no {output} segment{asked} can be written with the tokens of the vocabulary")
    start = whole if opened else f"<[{ids.start_id}]> {whole}"
    return "\n".join(["%llguidance {}", f"start: {start}", *rules, ""])


@dataclass(frozen=True)
class _Table:
    """A finite automaton whose columns are written as symbols; a segment ends with its end token.

    ``ids`` of a column are its tokens; a column without any is the symbol ``symbols[column]``, the rule of a part.
    """

    transitions: NDArray[np.int64]
    accepting: NDArray[np.bool_]
    counted: NDArray[np.bool_ | np.integer]
    start: int
    ids: Sequence[NDArray[np.int64]]
    symbols: Sequence[str]
    end_id: int


def _segment(
    modality: Modality, ids: SegmentIds, bounds: tuple[int, int | None] | None, rules: list[str]
) -> str | None:
    """Write the rules of the inside of a segment; return the symbol that begins it, None where there is no segment."""
    if isinstance(modality, CompositeModality):
        table = _composite(modality, ids, bounds, rules)
        if bounds is not None and modality.measured_by is not None:
            bounds = None  # the measuring part has it
    else:
        table = _plain(modality, ids)
    if bounds is not None and not table.counted.any():
        raise ConfigurationError(f"{modality.name} has no length that is counted; leave length out")
    if bounds is not None and table.counted.max() > 1:
        raise ConfigurationError(
            f"tokens of {modality.name} count more than one, which a rule cannot add up; leave length out"
        )
    return _written(table, bounds, f"s{len(rules)}", rules)


def _plain(modality: Modality, ids: SegmentIds) -> _Table:
    """Return the table of a modality over its own tokens, or over the base pieces where it is spelled as text."""
    grammar = modality.grammar() or one_or_more(counted=False)
    classes = len(grammar.counted)
    members: list[list[int]] = [[] for _ in range(classes)]
    if modality.spelled_as_text:
        members[0] = ids.plain_ids.tolist()
    else:
        for token, id_ in ids.tokens.items():
            members[modality.token_class(token)].append(id_)
    columns = [np.array(sorted(column), dtype=np.int64) for column in members]
    present = np.array([len(column) > 0 for column in columns])
    transitions = np.where(present[None, :], grammar.transitions, -1).astype(np.int64)
    return _Table(transitions, grammar.accepting, grammar.counted, grammar.start, columns, [""] * classes, ids.end_id)


def _composite(
    modality: CompositeModality, ids: SegmentIds, bounds: tuple[int, int | None] | None, rules: list[str]
) -> _Table:
    """Return the layout of a composite as a table whose columns are its parts, and write their rules."""
    order = modality.order
    columns: list[NDArray[np.int64]] = []
    symbols: list[str] = []
    for item in order.items:
        if item == OWN:
            columns.append(np.array(sorted(ids.tokens.values()), dtype=np.int64))
            symbols.append("")
            continue
        inner = bounds if item == modality.measured_by else None
        symbol = _segment(modality.part(item), ids.parts[item], inner, rules)
        columns.append(np.empty(0, dtype=np.int64))
        symbols.append("" if symbol is None else f"<[{ids.parts[item].start_id}]> {symbol}")
    present = np.array([len(column) > 0 or bool(symbol) for column, symbol in zip(columns, symbols, strict=True)])
    transitions = np.where(present[None, :], order.transitions, -1).astype(np.int64)
    return _Table(transitions, order.accepting, np.zeros(len(columns), dtype=bool), 0, columns, symbols, ids.end_id)


def _written(table: _Table, bounds: tuple[int, int | None] | None, name: str, rules: list[str]) -> str | None:
    """Write a table as rules, one a state; return the symbol of its start, None where no way leads to the end."""
    least, most = (0, None) if bounds is None else bounds
    cap = least if most is None else most
    if least < 0 or cap > _LONGEST or cap < least:
        raise ConfigurationError(f"a length from {least} to {most} cannot be asked for; up to {_LONGEST:,} can")
    ends = np.repeat(table.accepting[None, :], cap + 1, axis=0)
    ends[:least] = False
    alive = _alive(table, ends, saturates=most is None)
    if not alive[0, table.start]:
        return None
    counts = "" if bounds is None else "::_"
    for state in range(len(table.transitions)):
        options = _options(table, state, alive, name, saturates=most is None, counts=bounds is not None)
        options += [(f"<[{table.end_id}]>", ends[:, state])]
        written = [symbol + _condition(where, counts) for symbol, where in options if where.any()]
        if written:
            rules.append(f"{name}_{state}{counts}: " + "\n  | ".join(written))
    return f"{name}_{table.start}{'::0' if counts else ''}"


def _options(
    table: _Table, state: int, alive: NDArray[np.bool_], name: str, *, saturates: bool, counts: bool
) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return what may follow a state: each symbol with the counts at which it may, ``bool [L + 1]``."""
    merged: dict[tuple[int, bool], list[NDArray[np.int64]]] = {}
    options: list[tuple[str, NDArray[np.bool_]]] = []
    for column, following in enumerate(table.transitions[state].tolist()):
        if following >= 0 and table.symbols[column]:
            options.append((f"{table.symbols[column]} {name}_{following}{'::_' * counts}", alive[:, following]))
        elif following >= 0:
            merged.setdefault((following, bool(table.counted[column])), []).append(table.ids[column])
    for (following, counted), each in merged.items():
        terminal = _terminal(np.concatenate(each))
        target = f"{terminal} {name}_{following}"
        if not counts or not counted:
            options.append((target + "::_" * counts, alive[:, following]))
            continue
        options.append((f"{target}::incr(_)", np.append(alive[1:, following], False)))
        if saturates:  # at the least length, more may come uncounted
            options.append((f"{target}::_", _last(alive[:, following])))
    return options


def _alive(table: _Table, ends: NDArray[np.bool_], *, saturates: bool) -> NDArray[np.bool_]:
    """Return from which states, at which counts, a way leads to the end: ``bool [L + 1, S]``."""
    alive = ends.copy()
    reaches = table.transitions >= 0
    for count in reversed(range(len(alive))):
        while True:
            later = alive[min(count + 1, len(alive) - 1)] if saturates or count + 1 < len(alive) else False
            here = np.where(table.counted[None, :], _taken(later, table.transitions), alive[count][table.transitions])
            better = alive[count] | (here & reaches).any(axis=1)
            if (better == alive[count]).all():
                break
            alive[count] = better
    return alive


def _taken(values: NDArray[np.bool_] | bool, transitions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the values of the next states, ``bool [S, C]``."""
    if isinstance(values, bool):
        return np.full(transitions.shape, values)
    taken: NDArray[np.bool_] = values[transitions]
    return taken


def _last(values: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the values with all but the last one False."""
    kept = np.zeros_like(values)
    kept[-1] = values[-1]
    return kept


def _terminal(ids: NDArray[np.int64]) -> str:
    """Return ids as llguidance writes them: ``<[3-5,9]>``, ranges with both ends."""
    pairs = ranges_of(np.unique(ids)).tolist()
    return f"<[{','.join(f'{first}-{stop - 1}' if stop - first > 1 else str(first) for first, stop in pairs)}]>"


def _condition(where: NDArray[np.bool_], counts: str) -> str:
    """Return the condition that a count is among those where a symbol may come; nothing where it always may."""
    if not counts or where.all():
        return ""
    spans = ranges_of(np.flatnonzero(where)).tolist()
    tests = [f"eq(_, {first})" if stop - first == 1 else f"and(ge(_, {first}), lt(_, {stop}))" for first, stop in spans]
    joined = tests[0]
    for test in tests[1:]:
        joined = f"or({joined}, {test})"
    return f" %if {joined}"
