"""A file through a structure tokenizer and back: opened, measured, and written up."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from biomatrix.corpus.progress import Progress
from biomatrix.doctor.molecule_errors import MoleculeError
from biomatrix.doctor.molecule_roundtrip import MoleculeRoundTrip, measure_molecules
from biomatrix.doctor.protein_errors import ProteinError
from biomatrix.doctor.protein_roundtrip import ProteinRoundTrip, measure_proteins
from biomatrix.doctor.records import Kind, count_records, kind_of, molecule_records, protein_records
from biomatrix.entities import MoleculeStructureTokenizer, ProteinStructureTokenizer
from biomatrix.entities.files import write_whole
from biomatrix.entities.molecule.structure.refinement import Method
from biomatrix.errors import ConfigurationError, ParseError

RoundTrip = MoleculeRoundTrip | ProteinRoundTrip


@dataclass(frozen=True)
class RoundTripOptions:
    """What a round trip of a file is to do.

    Parameters
    ----------
    tokenizer : str
        A shipped name, a folder, or for molecules the published checkpoint as a safetensors file.
    kind : {"molecule", "protein"}, optional
        What the file holds, where its name and columns do not say.
    limit : int, optional
        At most this many records.
    held_out : bool
        Only what no shipped tokenizer was fitted on: see `records`.
    embed : bool
        Molecules: embed files of SMILES or SELFIES.
    closed_loop : bool, optional
        Molecules: overrides what the weights were made for.
    decoder : {"branch", "trunk"}, optional
        Molecules: which decoder of the published checkpoint.
    reference : bool
        Molecules: behave exactly as the published code.
    refine : {"mmff", "uff", "xtb"}, optional
        Molecules: also refine what was decoded, and report before and after.
    noise : float
        Proteins: also replace this share of the codes by samples of a bigram model.
    seed : int
        Of the replacement.
    """

    tokenizer: str = "default"
    kind: Kind | None = None
    limit: int | None = None
    held_out: bool = False
    embed: bool = True
    closed_loop: bool | None = None
    decoder: str | None = None
    reference: bool = False
    refine: Method | None = None
    noise: float = 0.0
    seed: int = 0


_OF_MOLECULES = ("embed", "closed_loop", "decoder", "reference", "refine")
_OF_PROTEINS = ("noise", "seed")


def measure_file(path: Path, options: RoundTripOptions | None = None) -> RoundTrip:
    """Measure the round trip of every record of a file.

    Raises
    ------
    ConfigurationError
        Options that do not fit what the file holds.
    BioMatrixError
        The file or the tokenizer cannot be opened. Single bad records are failures in the result.
    """
    given = options or RoundTripOptions()
    if not path.is_file():
        raise ParseError("no such file", file=str(path))
    kind = kind_of(path, given.kind)
    _refuse_misplaced(given, kind)
    total = count_records(path, kind)
    if total is not None and given.limit is not None:
        total = min(total, given.limit)
    progress = Progress("round trip", total, f"{kind}s", every=5.0) if total else None
    advance = progress.advance if progress else lambda _: None
    if kind == "molecule":
        records = molecule_records(path, embed=given.embed, held_out=given.held_out, limit=given.limit)
        return measure_molecules(records, open_molecule_tokenizer(given), refinement=given.refine, progress=advance)
    chains = protein_records(path, held_out=given.held_out, limit=given.limit)
    tokenizer = ProteinStructureTokenizer.from_pretrained(given.tokenizer)
    return measure_proteins(chains, tokenizer, noise=given.noise, seed=given.seed, progress=advance)


def open_molecule_tokenizer(options: RoundTripOptions) -> MoleculeStructureTokenizer:
    """Open the molecule tokenizer the options name, as they say."""
    asked: dict[str, Any] = {"closed_loop": options.closed_loop, "decoder": options.decoder}
    if options.reference:
        asked["reference"] = True
    return MoleculeStructureTokenizer.from_pretrained(options.tokenizer, **asked)


def table_of(each: Sequence[MoleculeError | ProteinError]) -> str:
    """Return one line of comma-separated values a record, under a header."""
    text = io.StringIO()
    if each:
        writer = csv.DictWriter(text, [field.name for field in fields(each[0])], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(one) for one in each)
    return text.getvalue()


def write_table(each: Sequence[MoleculeError | ProteinError], path: Path) -> None:
    """Write :func:`table_of` to a file, whole or not at all."""
    write_whole(path, table_of(each).encode())


def _refuse_misplaced(options: RoundTripOptions, kind: Kind) -> None:
    """Refuse options that say nothing about this kind of file, rather than ignore them."""
    plain = replace(RoundTripOptions(), tokenizer=options.tokenizer)
    for name in _OF_PROTEINS if kind == "molecule" else _OF_MOLECULES:
        if getattr(options, name) != getattr(plain, name):
            other = "proteins" if kind == "molecule" else "molecules"
            raise ConfigurationError(f"the option {name.replace('_', '-')} is for {other}; the file holds {kind}s")
