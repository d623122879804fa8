"""SKEMPI: dissociation constants of mutated complexes, as pairs of mutated sequences.

Settings: ``table``, the published ``skempi_v2.csv``; ``structures``, the folder of its PDB files, or ``chains``, a
table of chains with their PDB codes. Splits are by number of mutations, as PEER splits it: train has the wild types
and at most 2, validation 3 or 4, test more. Partners of several chains are left out with that reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from biomatrix.entities import Protein
from biomatrix.entities.rejects import Reject
from biomatrix.entities.tables import find_table, parquet_rows, read_table
from biomatrix.errors import ParseError
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.rows.pair_examples import FIRST, SECOND, SEQUENCE, as_number, text
from biomatrix.tasks.benchmarks.rows.split_files import of_split
from biomatrix.tasks.benchmarks.rows.table_examples import Row, table_examples

_BY_MUTATIONS: Final = {"train": range(3), "validation": range(3, 5), "test": range(5, 1000)}
_MUTATION: Final = re.compile(r"([A-Z])(\w)(-?\d+[a-z]?)([A-Z])")
_COMPLEX: Final = re.compile(r"(\w{4})_(\w)_(\w)")

_Chains = Callable[[str, str], Sequence[Protein]]


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the complexes of a split; a wild type once."""
    wanted = of_split(_BY_MUTATIONS, split)
    path = official_file(folder, settings["table"])
    chains = (
        _table_of(folder, settings["chains"]) if "chains" in settings else _files_of(folder, settings["structures"])
    )
    wild: set[str] = set()

    def make(number: int, row: Row) -> Iterator[Example]:
        named, mutations = text(row, "#Pdb"), text(row, "Mutation(s)_PDB").split(",")
        if len(mutations) in wanted:
            yield _example(f"{named}-{number + 1}", named, mutations, row, chains)
        if 0 in wanted and named not in wild:
            wild.add(named)
            yield _example(f"{named}-wild", named, (), row, chains)

    return table_examples(path, make)


def _example(key: str, named: str, mutations: Sequence[str], row: Mapping[str, str], chains: _Chains) -> Example:
    found = _COMPLEX.fullmatch(named)
    if found is None:
        raise ParseError(f"partners of several chains: {named}")
    column = "Affinity_mut_parsed" if mutations else "Affinity_wt_parsed"
    constant = as_number(row.get(column), column)
    if constant <= 0:
        raise ParseError(f"a dissociation constant of {constant:g} M")
    changes = [_read(each) for each in mutations]
    fields = {
        place: (_mutated(chains(found[1], chain), chain, changes), SEQUENCE)
        for place, chain in ((FIRST, found[2]), (SECOND, found[3]))
    }
    return Example(key, dict(fields), (f"{-math.log10(constant):.3f}",), facts={"mutations": len(mutations)})


def _read(mutation: str) -> tuple[str, str, str, str]:
    """Return the letter before, the chain, the residue number with its insertion code, and the letter after."""
    found = _MUTATION.fullmatch(mutation.strip())
    if found is None:
        raise ParseError(f"no mutation: {mutation[:40]!r}")
    return found[1], found[2], found[3].upper(), found[4]


def _mutated(versions: Sequence[Protein], chain: str, changes: Sequence[tuple[str, str, str, str]]) -> Protein:
    """Return a chain with its mutations, of several files of it the first that has what they replace."""
    own = [(before, number, after) for before, where, number, after in changes if where == chain]
    for version in versions:
        place = {number: index for index, number in enumerate(version.numbers)}
        letters = list(version.sequence)
        if all(number in place and letters[place[number]] == before for before, number, _ in own):
            for _, number, after in own:
                letters[place[number]] = after
            return Protein.from_sequence("".join(letters), version.name)
    raise ParseError(f"no sequence of chain {chain}" + (" with the residues that are replaced" if versions else ""))


def _without_backbone(chain: Any) -> Protein:
    """Return a chain with its residue numbers alone."""
    return Protein(chain.sequence, name=chain.name, residue_numbers=chain.residue_numbers)


def _files_of(folder: Path, structures: str) -> _Chains:
    def chains(code: str, chain: str) -> Sequence[Protein]:
        return [Protein.from_file(official_file(folder / structures, f"{code}.pdb"), chain)]

    return chains


def _table_of(folder: Path, path: str) -> _Chains:
    file = official_file(folder, path)
    _, table = find_table(file)
    held: dict[tuple[str, str], list[Protein]] = {}
    for row, chain in zip(parquet_rows(file, ("pdb_id", "chain")), read_table(file, table), strict=True):
        if not isinstance(chain, Reject) and row["pdb_id"]:
            held.setdefault((row["pdb_id"].upper(), row["chain"]), []).append(_without_backbone(chain))
    return lambda code, chain: held.get((code.upper(), chain), [])
