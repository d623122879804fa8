"""The codes of molecule tokenizers as a language: bits under one small model, and the geometry it then generates.

    python benchmarks/molecule_language.py default:open default:closed published.safetensors:open --data molecules.sdf

A tokenizer is a shipped name, a folder or a .safetensors file; ":open" or ":closed" says how codes are chosen, and
":branch" or ":trunk" which decoder of the published checkpoint. For each the same model is trained from scratch on the
joint tokens of the same training molecules, in the same order: a causal transformer that predicts the next SELFIES
symbol and then, from it, the code of its atom. Printed and appended to --output as one JSON line per tokenizer:

- bits on held-out molecules: per token (a symbol with its code), the part of the symbols, the part of the codes per
  atom, and what counting alone gives (unigram and bigram of codes given the symbol);
- figures of geometry, of sets of molecules: "real" are the held-out conformers, "codec" what their codes decode to,
  "molecules" what the model makes from nothing, "forced" what it says of held-out molecules when each symbol is forced
  in its turn, and "conformers" what a second model says of them that reads all their symbols first (it is trained
  alike, on documents of a SELFIES and the joint tokens). Steps of 0 leave a model out. Bond lengths and angles are
  compared with the real ones by squared MMD; the column "train" of real training conformers shows how much of that is
  the sample's size. Shares are of the attempts. The checks are those of
  biomatrix.entities.molecule.checks; those of shape leave out the graph and missing hydrogens, which are the symbols'
  fault and not the codes'.

--data is an SD file with 3D molecules and explicit hydrogens, or a recipe whose [[data]] tables name corpus sources
in the folder --sources; without it, the molecules of the Chemical Component Dictionary that comes with Biotite.
Gathered molecules and codes are kept in --work; give --fresh after a change of the encoder that leaves the weights'
fingerprint as it was. With one thread and the default steps a tokenizer takes about eight minutes, a minute of it
encoding; --steps 0 --conformer-steps 0 measures the codec alone.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from code_language import training
from code_language.corpus import Language, MoleculeFile, language, molecule_file
from code_language.entropy import counted_entropies
from code_language.geometry import Reference, figures, in_selfies_order, reference
from code_language.model import Sizes
from code_language.sampling import draw, draw_codes
from code_language.tables import print_table
from numpy.typing import NDArray
from rdkit import rdBase

from biomatrix.entities import Molecule, MoleculeCodes, MoleculeStructureTokenizer
from biomatrix.metrics.superposition import rmsd

LOG = logging.getLogger("molecule_language")
Figures = dict[str, float]

TYPICAL = 2000
"""Training conformers that give the usual length of each type of bond."""


@dataclass(frozen=True)
class RealMolecules:
    """Conformers that everything is compared with, the same for every tokenizer.

    Parameters
    ----------
    sources : list of int
        The records of the held-out molecules that are asked about.
    held_out : list of Molecule
        These molecules, atoms in the order of their tokens.
    reference : Reference
    figures : dict of str to dict
        The figures of real held-out and of real training molecules.
    """

    sources: list[int]
    held_out: list[Molecule]
    reference: Reference
    figures: dict[str, Figures]


def opened(text: str) -> MoleculeStructureTokenizer:
    """Open a tokenizer written as NAME, NAME:closed, NAME:open:trunk."""
    name, *options = text.split(":")
    if unknown := set(options) - {"open", "closed", "branch", "trunk"}:
        raise SystemExit(f"{text}: {', '.join(sorted(unknown))} is none of open, closed, branch, trunk")
    closed = True if "closed" in options else False if "open" in options else None
    decoder: Any = next((option for option in options if option in ("branch", "trunk")), None)
    return MoleculeStructureTokenizer.from_pretrained(name, closed_loop=closed, decoder=decoder)


def real_molecules(molecules: MoleculeFile, words: Language, samples: int, seed: int) -> RealMolecules:
    """Choose the held-out molecules to ask about, and measure them and as many training molecules."""
    generator = np.random.default_rng(seed)
    sources = generator.permutation(words.held_out.sources)[:samples].tolist()
    held_out = [_ordered(molecules, source) for source in sources]
    known = [_ordered(molecules, source) for source in generator.permutation(words.train.sources)[:TYPICAL].tolist()]
    real = reference(held_out, known)
    some = known[: len(held_out)]
    found = {"real": figures(len(held_out), held_out, real, seed), "train": figures(len(some), some, real, seed)}
    return RealMolecules(sources, held_out, real, found)


def count_figures(words: Language, num_codes: int) -> Figures:
    """Return the bits of held-out codes by counting alone."""
    used = {code for row in words.held_out.codes for code in row.tolist() if code >= 0}
    return {**counted_entropies(words.train, words.held_out, num_codes), "codes used by held-out molecules": len(used)}


def codec_figures(
    tokenizer: MoleculeStructureTokenizer, words: Language, real: RealMolecules, seed: int
) -> tuple[Figures, float]:
    """Return the figures of decoded held-out codes, and their mean distance from the truth in Angstrom."""
    truths = dict(zip(real.sources, real.held_out, strict=True))
    rows = asked_rows(words, real)
    decoded = tokenizer.decode_each([sentence(words, row) for row in rows])
    pairs = [
        (molecule, truths[int(words.held_out.sources[row])])
        for row, molecule in zip(rows, decoded, strict=True)
        if isinstance(molecule, Molecule)
    ]
    distances = [rmsd(m.mol.GetConformer().GetPositions(), t.mol.GetConformer().GetPositions()) for m, t in pairs]
    return figures(len(truths), [m for m, _ in pairs], real.reference, seed), float(np.mean(distances))


def asked_rows(words: Language, real: RealMolecules) -> list[int]:
    """Return the held-out sentences of the molecules asked about, except those that the tokenizer refused."""
    row_of = {int(source): row for row, source in enumerate(words.held_out.sources)}
    return [row_of[source] for source in real.sources if source in row_of]


def sentence(words: Language, row: int) -> MoleculeCodes:
    """Return a held-out molecule as symbols and codes."""
    symbols = tuple(words.alphabet[index] for index in words.held_out.symbols[row].tolist())
    return MoleculeCodes(symbols, words.held_out.codes[row].astype(np.int16))


def generated_figures(
    tokenizer: MoleculeStructureTokenizer, drawn: list[MoleculeCodes | None], real: RealMolecules, seed: int
) -> Figures:
    """Return the figures of what a model drew."""
    decoded = tokenizer.decode_each([item for item in drawn if item is not None])
    return figures(len(drawn), [item for item in decoded if isinstance(item, Molecule)], real.reference, seed)


def joint_model(
    tokenizer: MoleculeStructureTokenizer, words: Language, real: RealMolecules, given: argparse.Namespace
) -> tuple[Figures, dict[str, Figures]]:
    """Train a model of symbols and codes; return what held-out molecules cost it and what it makes."""
    model = training.train(words.train, sizes_of(tokenizer, words, given), schedule_of(given, given.steps))
    forced = draw_codes(model, words.alphabet, asked_symbols(words, real, given.samples), given.seed)
    new = draw(model, words.alphabet, given.samples, given.seed, given.longest)
    return training.measure(model, words.held_out).figures(), {
        "forced": generated_figures(tokenizer, forced, real, given.seed),
        "molecules": generated_figures(tokenizer, new, real, given.seed),
    }


def conformer_model(
    tokenizer: MoleculeStructureTokenizer, words: Language, real: RealMolecules, given: argparse.Namespace
) -> tuple[Figures, dict[str, Figures]]:
    """Train a model of the codes of given symbols; return what held-out molecules cost it and what it makes."""
    schedule = replace(schedule_of(given, given.conformer_steps), symbols_first=True)
    model = training.train(words.train, sizes_of(tokenizer, words, given), schedule)
    bits = training.measure(model, words.held_out, symbols_first=True)
    asked = asked_symbols(words, real, given.samples)
    drawn = draw_codes(model, words.alphabet, asked, given.seed, symbols_first=True)
    said = {"code part with symbols read first, bits / atom": bits.codes / bits.num_atoms}
    return said, {"conformers": generated_figures(tokenizer, drawn, real, given.seed)}


def sizes_of(tokenizer: MoleculeStructureTokenizer, words: Language, given: argparse.Namespace) -> Sizes:
    """Return the sizes of the models."""
    return Sizes(len(words.alphabet), tokenizer.num_codes, given.width, given.layers, given.width // 32)


def schedule_of(given: argparse.Namespace, steps: int) -> training.Schedule:
    """Return how a model is trained."""
    return training.Schedule(steps, given.batch, given.rate, seed=given.seed, bf16=not given.fp32)


def asked_symbols(words: Language, real: RealMolecules, samples: int) -> list[NDArray[np.int64]]:
    """Return one string of held-out symbols per sample, each string as often as the others."""
    rows = asked_rows(words, real)
    return [words.held_out.symbols[rows[index % len(rows)]] for index in range(samples)]


def measure(
    text: str, given: argparse.Namespace, molecules: MoleculeFile, real: RealMolecules | None
) -> tuple[dict[str, Any], RealMolecules]:
    """Train on the codes of one tokenizer and return its record."""
    started = time.monotonic()
    tokenizer = opened(text)
    words = language(tokenizer, molecules, given.work, given.longest)
    real = real or real_molecules(molecules, words, given.samples, given.seed)
    counts = {
        "train molecules": len(words.train),
        "train atoms": words.train.num_atoms,
        "held-out molecules": len(words.held_out),
        "held-out atoms": words.held_out.num_atoms,
        "symbols": len(words.alphabet) - 1,
        "codes": tokenizer.num_codes,
    }
    print(f"\n{text}: {counts}, left out {words.refused or 'none'}, seed {given.seed}", flush=True)
    codec, distance = codec_figures(tokenizer, words, real, given.seed)
    said: Figures = {}
    geometry = {**real.figures, "codec": codec}
    for steps, make in ((given.steps, joint_model), (given.conformer_steps, conformer_model)):
        if steps:
            bits, made = make(tokenizer, words, real, given)
            said |= bits
            geometry |= made
    said |= {**count_figures(words, tokenizer.num_codes), "codec RMSD, mean (A)": distance}
    LOG.info("%s: %.0f s in all", text, time.monotonic() - started)
    return {
        "tokenizer": text,
        "fingerprint": tokenizer.fingerprint,
        "closed_loop": tokenizer.closed_loop,
        "data": {"file": molecules.path.name, "bytes": molecules.path.stat().st_size, "records": len(molecules)},
        "counts": counts,
        "left_out": words.refused,
        "model": asdict(sizes_of(tokenizer, words, given)),
        "schedule": {**asdict(schedule_of(given, given.steps)), "conformer_steps": given.conformer_steps},
        "samples": given.samples,
        "language": said,
        "geometry": geometry,
        "seconds": time.monotonic() - started,
        "versions": {"torch": torch.__version__, "rdkit": rdBase.rdkitVersion, "python": platform.python_version()},
    }, real


def print_tables(records: list[dict[str, Any]]) -> None:
    """Print the bits, then one table of geometry for each set of molecules, tokenizers side by side."""
    names = [_short(record["tokenizer"]) for record in records]
    print_table("held-out molecules as a language", {n: r["language"] for n, r in zip(names, records, strict=True)})
    for kind, title in (
        ("codec", "codec: held-out codes decoded"),
        ("forced", "forced: codes drawn while held-out symbols are forced"),
        ("conformers", "conformers: codes drawn after all held-out symbols were read"),
        ("molecules", "molecules: drawn from nothing"),
    ):
        if not all(kind in record["geometry"] for record in records):
            continue
        known = {name: records[0]["geometry"][name] for name in ("real", "train")}
        print_table(title, known | {n: r["geometry"][kind] for n, r in zip(names, records, strict=True)})


def _short(text: str) -> str:
    name, *options = text.split(":")
    return ":".join([Path(name).stem[:16], *options])


def _ordered(molecules: MoleculeFile, index: int) -> Molecule:
    molecule = molecules[index]
    if molecule is None:
        raise SystemExit(f"record {index + 1} cannot be read any more; give --fresh")
    return in_selfies_order(molecule)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizers", nargs="*", default=["default:open", "default:closed"], metavar="TOKENIZER[:open]")
    parser.add_argument("--data", type=Path, help="an SD file, or a recipe with [[data]] tables")
    parser.add_argument("--sources", type=Path, default=Path("../shared/data"), help="the folder of corpus sources")
    parser.add_argument("--work", type=Path, default=Path("runs/molecule_language"))
    parser.add_argument("--output", type=Path, help="JSON lines; results.jsonl in the work folder if not given")
    parser.add_argument("--limit", type=int, help="read only so many records of the file")
    parser.add_argument("--longest", type=int, default=256, help="leave out molecules of more symbols")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--conformer-steps", type=int, default=1600, help="of the model that reads symbols first")
    parser.add_argument("--batch", type=int, default=2048, help="tokens in a batch")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--width", type=int, default=160, help="a multiple of 32")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--samples", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--fp32", action="store_true", help="train in full precision")
    parser.add_argument("--fresh", action="store_true", help="encode anew")
    return parser.parse_args()


def main() -> None:
    """Measure every tokenizer, one after another."""
    given = arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    torch.set_num_threads(given.threads)
    given.work.mkdir(parents=True, exist_ok=True)
    if given.fresh:
        for stored in given.work.glob("codes-*.npz"):
            stored.unlink()
    molecules = MoleculeFile(molecule_file(given.data, given.sources, given.work, given.seed), given.limit)
    output = given.output or given.work / "results.jsonl"
    records: list[dict[str, Any]] = []
    real: RealMolecules | None = None
    for text in given.tokenizers:
        record, real = measure(text, given, molecules, real)
        records.append(record)
        with output.open("a") as lines:
            lines.write(json.dumps(record) + "\n")
        print_tables([record])
    if len(records) > 1:
        print_tables(records)


if __name__ == "__main__":
    with rdBase.BlockLogs():
        main()
