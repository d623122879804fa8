"""How large outside data may be: one table of limits, each of which a caller may raise or lower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from biomatrix.errors import LimitError

_LARGE: Final = 1 << 28
"""Unpacked bytes from which on it matters how many packed ones they come from."""


@dataclass(frozen=True)
class Limits:
    """The sizes past which a reader refuses, with a LimitError that names the value and the limit.

    Parameters
    ----------
    file_bytes : int
        A file as it lies on disk, compressed or not.
    decompressed_bytes : int
        The same file unpacked and read record by record (SMILES, SELFIES, SDF, MOL2, FASTA).
    structure_bytes : int
        A structure file unpacked, which is held in memory whole (PDB, mmCIF, BinaryCIF).
    record_bytes : int
        One record of a file that is read record by record.
    atoms_per_molecule : int
        Atoms of one molecule, explicit hydrogens counted.
    atoms_per_structure : int
        Atoms of one structure file, all models and chains counted.
    residues_per_chain : int
        Residues of one protein chain or sequence.
    bases_per_sequence : int
        Bases of one sequence of DNA or RNA that is read whole; windows are read of a longer one.
    records : int
        Records of one file.
    unpacked_ratio : int
        How many times its packed size a file may have unpacked, where it is large; one that is made to fill a machine
        has a thousand times.
    """

    file_bytes: int = 2 * 2**30
    decompressed_bytes: int = 16 * 2**30
    structure_bytes: int = 2**30
    record_bytes: int = 16 * 2**20
    atoms_per_molecule: int = 5_000
    atoms_per_structure: int = 5_000_000
    residues_per_chain: int = 50_000
    bases_per_sequence: int = 16_000_000
    records: int = 100_000_000
    unpacked_ratio: int = 200

    def check(self, limit: str, value: int, what: str) -> None:
        """Raise LimitError where ``value`` exceeds the limit of that name."""
        allowed = int(getattr(self, limit))
        if value > allowed:
            raise LimitError(
                f"{what} is {value:,}, past the limit of {allowed:,}; "
                f"cut it into smaller parts, or raise Limits.{limit} from Python",
                limit=limit,
                actual=value,
                allowed=allowed,
            )

    def check_ratio(self, unpacked: int, packed: int) -> None:
        """Raise LimitError where a large file unpacks, so far or in all, to too many times its packed bytes."""
        if unpacked > _LARGE and unpacked > self.unpacked_ratio * packed:
            raise LimitError(
                f"{packed:,} packed bytes unpack to {unpacked:,} and more, past the limit of {self.unpacked_ratio} "
                "times as many; unpack it yourself if that is right, or raise Limits.unpacked_ratio from Python",
                limit="unpacked_ratio",
                actual=unpacked / max(packed, 1),
                allowed=self.unpacked_ratio,
            )


DEFAULT_LIMITS = Limits()
"""The limits used where a caller gives none."""
