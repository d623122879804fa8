"""How fast molecules become structure tokens and tokens molecules, against the plain per-atom program.

    python benchmarks/molecule_speed.py molecules.parquet --weights molstructok_vqvae.safetensors

Takes a Parquet table with a column ``mol_block``, an SD file, or, without a file, components of the dictionary that
Biotite carries. Everything runs on one core, the same molecules for all, from RDKit molecules to token text and back; a
figure is the least processor time of several rounds. Prints molecules per second, ratios to the plain program, the time
of each stage, and what a second process gives.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pyarrow.parquet as pq
import torch
from molecule_baseline import PlainTokenizer
from rdkit import Chem, rdBase

from biomatrix.corpus.sources.components import COMPONENT_SOURCES
from biomatrix.entities import Molecule, MoleculeCodes, MoleculeStructureTokenizer
from biomatrix.entities.molecule.structure.molstructok.reference import parse_tokens, token_text
from biomatrix.entities.molecule.structure.molstructok.tokenizer import MolStrucTok
from biomatrix.errors import BioMatrixError

BATCH = 256
ROUNDS = 5
ENCODE_TARGET, DECODE_TARGET, SCALING_TARGET = 5.0, 12.0, 1.8

Openings = dict[str, tuple[str, dict[str, bool]]]


def molecules_of(path: Path | None, limit: int, weights: str) -> list[Molecule]:
    """Return molecules with a conformer that a tokenizer of the published architecture takes."""
    if path is None:
        found = components(4 * limit)
    elif path.suffix == ".parquet":
        blocks = pq.read_table(path, columns=["mol_block"]).column(0).to_pylist()
        found = [Chem.MolFromMolBlock(block, removeHs=False) for block in blocks if block]
    else:
        found = list(Chem.SDMolSupplier(str(path), removeHs=False))
    molecules = [Molecule(mol) for mol in found if mol is not None and mol.GetNumAtoms() >= 5]
    tokenizer = MoleculeStructureTokenizer.from_pretrained(weights, closed_loop=False, reference=True)
    answers = tokenizer.encode_each(molecules)
    return [m for m, answer in zip(molecules, answers, strict=True) if isinstance(answer, MoleculeCodes)][:limit]


def components(limit: int) -> list[Chem.Mol]:
    """Return components of the Chemical Component Dictionary with coordinates, in its order."""
    source = COMPONENT_SOURCES["ccd"](Path("../shared/data"))
    found: list[Chem.Mol] = []
    for identifier, row in source.rows():
        if len(found) == limit:
            break
        try:
            entity = source.record(identifier, row).entity
        except BioMatrixError:
            continue
        if isinstance(entity, Molecule) and entity.has_conformer:
            found.append(entity.mol)
    return found


def least(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the least processor time of several rounds, in seconds."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return min(times)


def encode(tokenizer: MoleculeStructureTokenizer, molecules: Sequence[Molecule]) -> list[str]:
    """Return the token text of each molecule."""
    return [token_text(codes) for codes in tokenizer.encode(molecules)]


def decode(tokenizer: MoleculeStructureTokenizer, texts: Sequence[str]) -> list[Molecule]:
    """Return the molecule of each token text."""
    return tokenizer.decode([parse_tokens(text) for text in texts])


def stages(tokenizer: MoleculeStructureTokenizer, molecules: Sequence[Molecule]) -> dict[str, float]:
    """Return microseconds per molecule of each stage of encoding and decoding."""

    def batched(action: Callable[[list], object], items: list) -> Callable[[], object]:  # type: ignore[type-arg]
        return lambda: [action(items[start : start + BATCH]) for start in range(0, len(items), BATCH)]

    mols = [molecule.mol for molecule in molecules]
    prepared = [tokenizer.prepare(molecule) for molecule in molecules]
    codes = tokenizer.encode(molecules)
    texts = [token_text(one) for one in codes]
    graphs = [tokenizer.prepare_codes(one) for one in codes]
    placed = [
        p for start in range(0, len(graphs), BATCH) for p in tokenizer.positions_of(graphs[start : start + BATCH])
    ]
    smiles = [Chem.MolToSmiles(graph.mol) for graph in graphs]
    actions: dict[str, Callable[[], object]] = {
        "encode: canonical SMILES (RDKit)": lambda: [
            Chem.MolToSmiles(mol, canonical=True, kekuleSmiles=True, isomericSmiles=False) for mol in mols
        ],
        "encode: prepared (with SMILES, SELFIES)": lambda: [tokenizer.prepare(molecule) for molecule in molecules],
        "encode: codes": batched(tokenizer.codes_of, prepared),
        "encode: text": lambda: [token_text(one) for one in codes],
        "decode: text": lambda: [parse_tokens(text) for text in texts],
        "decode: graph (SELFIES, sanitising)": lambda: [tokenizer.prepare_codes(one) for one in codes],
        "decode: for comparison, RDKit reads SMILES": lambda: [Chem.MolFromSmiles(text) for text in smiles],
        "decode: positions": batched(tokenizer.positions_of, graphs),
        "decode: conformer, stereochemistry": lambda: [
            tokenizer.molecule_of(graph, positions) for graph, positions in zip(graphs, placed, strict=True)
        ],
    }
    if isinstance(tokenizer, MolStrucTok):
        actions["encode: of the codes, frames"] = batched(tokenizer.describe, prepared)
    return {name: least(action) / len(molecules) * 1e6 for name, action in sorted(actions.items())}


def work(pipe: Connection, weights: str, blobs: list[bytes]) -> None:
    """Encode and decode the same molecules at each request, until asked to stop: the work of one process."""
    os.setsid()  # a busy machine may share its time out by session, and these processes stand for users of their own
    torch.set_num_threads(1)
    tokenizer = MoleculeStructureTokenizer.from_pretrained(weights, closed_loop=False)
    molecules = [Molecule(Chem.Mol(blob)) for blob in blobs]
    decode(tokenizer, encode(tokenizer, molecules))
    pipe.send(0.0)
    while pipe.recv():
        started = time.process_time()
        decode(tokenizer, encode(tokenizer, molecules))
        pipe.send(time.process_time() - started)


def scaling(weights: str, molecules: Sequence[Molecule], rounds: int) -> tuple[float, float]:
    """Return how many times faster two processes are than one: by the clock, and by the processor time they take.

    The second is what two free cores would give; on a machine that others use, the clock shows less.
    """
    blobs = [molecule.mol.ToBinary() for molecule in molecules]
    spawn = multiprocessing.get_context("spawn")
    teams: dict[int, list[Connection]] = {}
    for count, parts in ((1, [blobs]), (2, [blobs[0::2], blobs[1::2]])):
        pipes = [spawn.Pipe() for _ in parts]
        for (_, theirs), part in zip(pipes, parts, strict=True):
            spawn.Process(target=work, args=(theirs, weights, part), daemon=True).start()
        teams[count] = [ours for ours, _ in pipes]
    for pipe in (*teams[1], *teams[2]):
        pipe.recv()
    clock: dict[int, list[float]] = {1: [], 2: []}
    processor: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):  # in turn, so that both meet the same machine
        for count, pipes in teams.items():
            started = time.perf_counter()
            for pipe in pipes:
                pipe.send(True)
            processor[count].append(sum(pipe.recv() for pipe in pipes))
            clock[count].append(time.perf_counter() - started)
    for pipe in (*teams[1], *teams[2]):
        pipe.send(False)
    return min(clock[1]) / min(clock[2]), 2.0 * min(processor[1]) / min(processor[2])


def main() -> None:
    """Print rates, ratios, stages and scaling."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", help="a Parquet table with mol_block, or an SD file")
    parser.add_argument("--weights", required=True, help="weights of the published architecture")
    parser.add_argument("--limit", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    molecules = molecules_of(given.file, given.limit, given.weights)
    count = len(molecules)
    atoms = sum(molecule.mol.GetNumAtoms() for molecule in molecules)
    print(f"{count} molecules, {atoms / count:.1f} atoms each; least processor time of {given.rounds} rounds")
    plain = PlainTokenizer(given.weights)
    texts = [plain.encode(molecule.mol) for molecule in molecules]
    encoding = least(lambda: [plain.encode(molecule.mol) for molecule in molecules], given.rounds)
    decoding = least(lambda: [plain.decode(text) for text in texts], given.rounds)
    print(f"{'molecules / s':32}{'encode':>10}{'decode':>10}{'encode x':>10}{'decode x':>10}")
    rates = [count / encoding, count / decoding]
    print(f"{'plain, one at a time':32}{rates[0]:10.0f}{rates[1]:10.0f}{1:10.1f}{1:10.1f}")
    openings: Openings = {
        "open loop": (given.weights, {"closed_loop": False}),
        "closed loop": (given.weights, {"closed_loop": True}),
        "reference": (given.weights, {"reference": True}),
        "default weights": ("default", {}),
    }
    ratios: dict[str, list[float]] = {}
    for name, (weights, options) in openings.items():
        tokenizer = MoleculeStructureTokenizer.from_pretrained(weights, **options)  # type: ignore[arg-type]
        own = encode(tokenizer, molecules)
        if name in ("open loop", "reference"):
            equal = sum(a == b for a, b in zip(own, texts, strict=True))
            print(f"  {name}: {equal} of {count} texts as the plain program writes them")
        times = [
            least(lambda t=tokenizer: encode(t, molecules), given.rounds),
            least(lambda t=tokenizer, o=own: decode(t, o), given.rounds),
        ]
        found = [count / seconds for seconds in times]
        ratios[name] = [a / b for a, b in zip(found, rates, strict=True)]
        print(f"{name:32}{found[0]:10.0f}{found[1]:10.0f}{ratios[name][0]:10.1f}{ratios[name][1]:10.1f}")
    for what, ratio, target in zip(
        ("encode", "decode"), ratios["open loop"], (ENCODE_TARGET, DECODE_TARGET), strict=True
    ):
        print(f"open loop, {what}: {ratio:.1f} times the plain program (target {target:g})")
    print("\nmicroseconds a molecule, open loop")
    tokenizer = MoleculeStructureTokenizer.from_pretrained(given.weights, closed_loop=False)
    for name, micros in stages(tokenizer, molecules).items():
        print(f"  {name:46}{micros:8.1f}")
    by_clock, by_time = scaling(str(given.weights), molecules, 3 * given.rounds)
    print(f"\ntwo processes against one: {by_clock:.2f} by the clock, {by_time:.2f} by processor time", end="")
    print(f" (target {SCALING_TARGET:g}; other work on this machine: load {os.getloadavg()[0]:.1f})")


if __name__ == "__main__":
    with rdBase.BlockLogs():
        main()
