"""Chains of a table as sentences of residue types and structure codes, the codes kept between runs."""

from __future__ import annotations

import hashlib
import itertools
import logging
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from protein_structure import OpenLoop, scaled

from biomatrix.entities import Protein
from biomatrix.entities.protein.files.chain_table import read_chains, training_chains
from biomatrix.entities.protein.structure.anchored.tokenizer import AnchoredTokenizer
from biomatrix.entities.protein.structure.gcp_vqvae.tokenizer import GCPVQVAETokenizer
from biomatrix.entities.protein.structure.geometric.tokenizer import GeometricTokenizer
from biomatrix.entities.protein.structure.geometric.training import fit_tokenizer, save_tokenizer
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from code_language.sentences import Sentences

LOG = logging.getLogger(__name__)
RESIDUE_TYPES = "ACDEFGHIKLMNPQRSTVWY"
UNKNOWN = len(RESIDUE_TYPES) + 1
"""The symbol of any other residue; the twenty types are 1 to 20."""

_ENCODED_AT_ONCE = 256


class Unread(AnchoredTokenizer):
    """The same codes, decoded as if no digit contradicted its step: mending drawn chains takes a second each."""

    def decode_batch(self, prepared: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float32]]:
        """Backbones of the steps alone."""
        return self.steps.decode_batch([np.where(row < 0, -1, row // self.slabs.levels) for row in prepared])


@dataclass(frozen=True)
class ChainSets:
    """The chains to learn from and those to measure on.

    Parameters
    ----------
    train, test : list of Protein
        No test chain shares a 30% cluster with a training chain.
    identity : str
        What tells these sets from others.
    """

    train: list[Protein]
    test: list[Protein]
    identity: str


def chain_sets(table: Path, recipe: Path, limit: int | None = None) -> ChainSets:
    """Return the chains of a table that the recipe permits to learn from, and those of split "test".

    Parameters
    ----------
    table : Path
        Parquet in the layout of ``biomatrix.entities.protein.files.chain_table``.
    recipe : Path
        Its ``[data]`` table names the permitted sources.
    limit : int, optional
        Take only so many chains of either set.
    """
    records = list(read_chains(table))
    sources = set(tomllib.loads(recipe.read_text())["data"]["sources"])
    train = [record.protein for record in training_chains(records, sources=sources)][:limit]
    test = [record.protein for record in records if record.split == "test"][:limit]
    names = " ".join(f"{protein.name}/{len(protein)}" for protein in [*train, *test])
    return ChainSets(train, test, hashlib.sha256(f"{len(train)} {names}".encode()).hexdigest()[:12])


def opened(text: str, train: Sequence[Protein], recipe: Path, work: Path) -> ProteinStructureTokenizer:
    """Open a tokenizer written as NAME, FOLDER, NAME:open, NAME:unread, NAME:seeing or geometric:CODES.

    ":open" is the codebook of a geometric codec in open loop; ":unread" an anchored codec that does not mend codes;
    ":seeing" feeds the residue types to a GCP-VQVAE; ":CODES" is fitted by the recipe, scaled, on the training chains,
    and kept as a folder in ``work``.
    """
    name, _, option = text.partition(":")
    if option.isdigit():
        folder = work / f"{name}-{option}"
        if not (folder / "config.json").exists():
            _fit(int(option), train, recipe, folder)
        return ProteinStructureTokenizer.from_pretrained(folder)
    tokenizer = ProteinStructureTokenizer.from_pretrained(name)
    if not option:
        return tokenizer
    if option == "open" and isinstance(tokenizer, GeometricTokenizer):
        return OpenLoop(tokenizer, name=text, fingerprint=f"{tokenizer.fingerprint}-open")
    if option == "unread" and isinstance(tokenizer, AnchoredTokenizer):
        return Unread(tokenizer.steps, tokenizer.slabs)
    if option == "seeing" and isinstance(tokenizer, GCPVQVAETokenizer):
        return tokenizer.with_behaviour(replace(tokenizer.behaviour, sequence_blind=False))
    raise SystemExit(f"{text}: {name} is no tokenizer that can be opened as {option!r}")


def chain_codes(
    tokenizer: ProteinStructureTokenizer, sets: ChainSets, work: Path
) -> tuple[list[NDArray[np.int16]], list[NDArray[np.int16]]]:
    """Return the codes of the training and of the test chains, from the work folder where they were written before."""
    stored = work / f"codes-{tokenizer.fingerprint}-{sets.identity}.npz"
    if not stored.exists():
        unfinished = stored.with_suffix(".tmp.npz")
        train, test = _encoded(tokenizer, sets.train), _encoded(tokenizer, sets.test)
        np.savez(unfinished, train=np.concatenate(train), test=np.concatenate(test))
        unfinished.rename(stored)
    with np.load(stored, allow_pickle=False) as arrays:
        train, test = (_split(arrays[name], chains) for name, chains in (("train", sets.train), ("test", sets.test)))
    return train, test


def sentences(proteins: Sequence[Protein], codes: Sequence[NDArray[np.int16]], longest: int) -> Sentences:
    """Return chains as residue types and codes; a longer chain in pieces of about equal length.

    Pieces are cut from codes of the whole chain: no code of a piece depends on where it was cut.
    """
    pieces = [
        (part, codes[index][start:end], index)
        for index, protein in enumerate(proteins)
        for start, end in _cuts(len(protein), longest)
        for part in [residue_types(protein.sequence[start:end])]
    ]
    symbols, cut, sources = zip(*pieces, strict=True)
    return Sentences(list(symbols), [part.astype(np.int64) for part in cut], np.array(sources))


def residue_types(sequence: str) -> NDArray[np.int64]:
    """Return the symbols of a sequence, ``int64 [L]``."""
    return np.array([RESIDUE_TYPES.find(letter) + 1 or UNKNOWN for letter in sequence], dtype=np.int64)


def _cuts(length: int, longest: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, length, -(-length // longest) + 1).round().astype(int).tolist()
    return list(itertools.pairwise(edges))


def _encoded(tokenizer: ProteinStructureTokenizer, proteins: Sequence[Protein]) -> list[NDArray[np.int16]]:
    codes: list[NDArray[np.int16]] = []
    for start in range(0, len(proteins), _ENCODED_AT_ONCE):
        codes += tokenizer.encode(proteins[start : start + _ENCODED_AT_ONCE])
        LOG.info("%s: %d of %d chains encoded", tokenizer.name, len(codes), len(proteins))
    return codes


def _split(flat: NDArray[np.int16], chains: Sequence[Protein]) -> list[NDArray[np.int16]]:
    return np.split(flat, np.cumsum([len(chain) for chain in chains])[:-1])


def _fit(num_codes: int, train: Sequence[Protein], recipe: Path, folder: Path) -> None:
    content = tomllib.loads(recipe.read_text())
    settings = scaled(content["fit"], num_codes)
    LOG.info("fitting %d codes on %d chains", num_codes, len(train))
    tokenizer = fit_tokenizer(train, settings)
    description = {"licence": content["data"]["licence"], "training_data": {"chains": len(train)}}
    save_tokenizer(folder, tokenizer, settings, description)
