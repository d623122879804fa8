"""The codes of protein structure tokenizers as a language: bits, folding and inverse folding by one small model.

    python benchmarks/protein_language.py geometric-256 geometric:512 gcp_vqvae-4096 --chains CHAINS.parquet

A tokenizer is a shipped name or a folder; "geometric:512" is fitted on the spot with 512 codes, "NAME:open" is a
geometric codebook in open loop, "NAME:unread" is an anchored codec that decodes without mending codes, "NAME:seeing" is
a GCP-VQVAE that is fed the residue types. For each, the same causal transformer is trained from scratch on the
same training chains in the same order, on documents of a sequence and then the codes, and of the codes and then the
sequence. Rows of codes start from their geometry (random Fourier features of ``code_features``). On the chains of
split "test", which share no 30% cluster with the training chains:

- bits per residue of codes alone, beside those of counting (unigram, bigram), and the tokenizer's RMSD and TM-score;
- folding: bits of codes given the sequence; folds drawn for the sequences, greedily and at a temperature, compared with
  the true chains; for comparison codes drawn from bigrams of training codes, and the true codes;
- inverse folding: bits of the sequence given the codes, recovery given the true types before (likeliest type), and of
  sequences drawn greedily; for comparison the unigram of residue types.

Chains longer than --longest are cut into pieces for training and for bits; folds are drawn for whole chains up to that
length.

**What "folds better" means**, set down before the first run: the higher mean, over the test chains, of the CA lDDT of
sampled folds (3 samples per chain at temperature 0.7, the mean of the samples, averaged over seeds). Two tokenizers tie
where their paired difference over chains is smaller than twice its standard error; the TM-score of the same folds then
decides by the same rule; if that ties too, they fold equally well. The standard error is over chains; how far seeds
differ is printed beside it. RMSD, secondary structure, torsions, greedy folds and the best of the samples are
reported and decide nothing.

Each run is appended to --output as one JSON line; the verdict is over all lines of that file, and --summary writes its
figures. Fitted tokenizers and codes are kept in --work. With one thread a tokenizer takes about eight minutes.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from code_language.chains import ChainSets, chain_codes, chain_sets, opened, residue_types, sentences
from code_language.documents import NUM_SYMBOLS, measure_chains, train_chains
from code_language.entropy import counted_bits
from code_language.folding import agreement, draw_codes, draw_sequences
from code_language.model import CodeLanguageModel, Sizes
from code_language.sentences import Sentences
from code_language.training import Schedule
from code_language.verdict import print_verdict, summary
from numpy.typing import NDArray

from biomatrix.entities import Protein
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.metrics.codes import BigramModel
from biomatrix.metrics.superposition import rmsd, tm_score

LOG = logging.getLogger("protein_language")
RECIPE = Path(__file__).parents[1] / "recipes" / "protein_geometric_256.toml"
Codes = NDArray[np.int64]
Figures = dict[str, float]
PerChain = dict[str, list[float]]


@dataclass(frozen=True)
class Written:
    """What one tokenizer writes about the chains.

    Parameters
    ----------
    tokenizer : ProteinStructureTokenizer
    train, test : Sentences
        All chains, long ones in pieces.
    chains : list of Protein
        The test chains to fold, and their codes.
    codes : list of ndarray, shape=(L,), dtype=int64
    train_codes, test_codes : list of ndarray, shape=(L,), dtype=int16
        Of all whole chains.
    """

    tokenizer: ProteinStructureTokenizer
    train: Sentences
    test: Sentences
    chains: list[Protein]
    codes: list[Codes]
    train_codes: list[NDArray[np.int16]]
    test_codes: list[NDArray[np.int16]]


def written(text: str, sets: ChainSets, given: argparse.Namespace) -> Written:
    """Open a tokenizer and return its codes of the chains."""
    tokenizer = opened(text, sets.train, given.recipe, given.work)
    train, test = chain_codes(tokenizer, sets, given.work)
    asked = [row for row, chain in enumerate(sets.test) if len(chain) <= given.longest and (test[row] >= 0).sum() > 3]
    return Written(
        tokenizer,
        sentences(sets.train, train, given.longest),
        sentences(sets.test, test, given.longest),
        [sets.test[row] for row in asked],
        [test[row].astype(np.int64) for row in asked],
        train,
        test,
    )


def own_errors(words: Written, test: Sequence[Protein]) -> Figures:
    """Return how near the codes of the test chains decode to them, whatever their length."""
    decoded = words.tokenizer.decode(words.test_codes)
    pairs = [(back, np.asarray(chain.backbone)) for back, chain in zip(decoded, test, strict=True)]
    return {
        "RMSD, mean (A)": float(np.mean([rmsd(back.reshape(-1, 3), true.reshape(-1, 3)) for back, true in pairs])),
        "TM-score, mean": float(np.mean([tm_score(back[:, 1], true[:, 1]) for back, true in pairs])),
    }


def counted(words: Written) -> Figures:
    """Return the bits per residue of the test chains by counting in the training chains."""
    num_codes = words.tokenizer.num_codes
    train, test = _one_symbol(words.train), _one_symbol(words.test)
    unigram, bigram = counted_bits(train, test, num_codes)
    given, _ = counted_bits(words.train, words.test, num_codes)
    types, _ = counted_bits(_types_as_codes(words.train), _types_as_codes(words.test), NUM_SYMBOLS)
    return {"codes, unigram": unigram, "codes, bigram": bigram, "codes given residue, unigram": given, "types": types}


def trained(words: Written, schedule: Schedule, given: argparse.Namespace) -> CodeLanguageModel:
    """Return a model of both kinds of documents, trained from scratch."""
    torch.manual_seed(schedule.seed)
    sizes = Sizes(NUM_SYMBOLS, words.tokenizer.num_codes, given.width, given.layers, given.width // 32)
    model = CodeLanguageModel(sizes)
    model.start_codes_from(words.tokenizer.code_features, schedule.seed)
    return train_chains(model, words.train, schedule)


def folds(model: CodeLanguageModel, words: Written, given: argparse.Namespace, seed: int) -> dict[str, PerChain]:
    """Return how near folds come to the true chains, by where their codes are from and by figure, chain by chain."""
    sequences = [residue_types(chain.sequence) for chain in words.chains]
    generator = np.random.default_rng(seed)
    bigram = BigramModel(words.train_codes, words.tokenizer.num_codes)
    repeated = [row for row in sequences for _ in range(given.samples)]
    drawn = draw_codes(model, repeated, given.temperature, seed)
    parts = [drawn[start :: given.samples] for start in range(given.samples)]
    samples = [_compared(words, part) for part in parts]
    names = list(samples[0])
    stacked = {name: np.array([sample[name] for sample in samples]) for name in names}
    return {
        "true codes": _compared(words, words.codes),
        "bigram": _compared(words, [_walk(bigram, len(row), generator) for row in sequences]),
        "greedy": _compared(words, draw_codes(model, sequences, 0.0, seed)),
        "sampled": {name: values.mean(axis=0).tolist() for name, values in stacked.items()},
        "best of samples": {
            name: (values.min(axis=0) if name == "rmsd" else values.max(axis=0)).tolist()
            for name, values in stacked.items()
        },
    }


def greedy_recovery(model: CodeLanguageModel, words: Written, seed: int) -> float:
    """Return the share of residues whose type a sequence drawn greedily for the codes has."""
    drawn = draw_sequences(model, words.codes, 0.0, seed)
    true = [residue_types(chain.sequence) for chain in words.chains]
    return float((np.concatenate(drawn) == np.concatenate(true)).mean())


def measure(text: str, words: Written, sets: ChainSets, given: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Train on the codes of one tokenizer and return its record."""
    started, used = time.monotonic(), time.process_time()
    schedule = Schedule(given.steps, given.batch, given.rate, seed=seed, bf16=not given.fp32)
    model = trained(words, schedule, given)
    said = measure_chains(model, words.test)
    LOG.info("%s, seed %d: %s", text, seed, said)
    folding = folds(model, words, given, seed)
    return {
        "tokenizer": Path(text).name,
        "fingerprint": words.tokenizer.fingerprint,
        "codes": words.tokenizer.num_codes,
        "seed": seed,
        "data": {
            "file": given.chains.name,
            "chains": sets.identity,
            "train chains": len(sets.train),
            "train residues": words.train.num_atoms,
            "test chains": len(sets.test),
            "test residues": words.test.num_atoms,
            "folded chains": len(words.chains),
        },
        "model": asdict(model.sizes),
        "schedule": asdict(schedule),
        "samples": given.samples,
        "temperature": given.temperature,
        "own": own_errors(words, sets.test),
        "bits": asdict(said),
        "counted": counted(words),
        "greedy_recovery": greedy_recovery(model, words, seed),
        "folding": folding,
        "seconds": time.monotonic() - started,
        "processor_seconds": time.process_time() - used,
        "versions": {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()},
    }


def _compared(words: Written, codes: Sequence[NDArray[np.integer[Any]]]) -> PerChain:
    decoded = words.tokenizer.decode([part.astype(np.int16) for part in codes])
    found = [agreement(chain, fold).figures() for chain, fold in zip(words.chains, decoded, strict=True)]
    return {name: [one[name] for one in found] for name in found[0]}


def _walk(bigram: BigramModel, length: int, generator: np.random.Generator) -> Codes:
    codes = [-1]
    for _ in range(length):
        codes.append(bigram.sample(codes[-1], generator))
    return np.array(codes[1:])


def _one_symbol(part: Sentences) -> Sentences:
    return Sentences([np.ones_like(row) for row in part.symbols], part.codes, part.sources)


def _types_as_codes(part: Sentences) -> Sentences:
    types = [np.where(codes >= 0, row, -1) for row, codes in zip(part.symbols, part.codes, strict=True)]
    return Sentences([np.ones_like(row) for row in part.symbols], types, part.sources)


def arguments(line: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizers", nargs="*", metavar="TOKENIZER", help="none: the verdict of what was measured")
    parser.add_argument("--chains", type=Path, help="Parquet with the columns of structure.protein.chains")
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="permitted sources, and settings of fits")
    parser.add_argument("--work", type=Path, default=Path("runs/protein_language"))
    parser.add_argument("--output", type=Path, help="JSON lines; results.jsonl in the work folder if not given")
    parser.add_argument("--summary", type=Path, help="write the figures of the verdict as JSON")
    parser.add_argument("--limit", type=int, help="take only so many chains of either split")
    parser.add_argument("--longest", type=int, default=256, help="residues of a document's strand")
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--batch", type=int, default=2048, help="positions in a batch")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--width", type=int, default=160, help="a multiple of 32")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--samples", type=int, default=3, help="folds drawn for each chain")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--fp32", action="store_true", help="train in full precision")
    given = parser.parse_args(line)
    if given.tokenizers and given.chains is None:
        parser.error("--chains is needed to measure tokenizers")
    return given


def main(line: Sequence[str] | None = None) -> None:
    """Measure every tokenizer with every seed, and print the verdict."""
    given = arguments(line)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    torch.set_num_threads(given.threads)
    given.work.mkdir(parents=True, exist_ok=True)
    output = given.output or given.work / "results.jsonl"
    if given.tokenizers:
        sets = chain_sets(given.chains, given.recipe, given.limit)
        for seed in given.seeds:
            for text in given.tokenizers:
                record = measure(text, written(text, sets, given), sets, given, seed)
                with output.open("a") as lines:
                    lines.write(json.dumps(record) + "\n")
    records = [json.loads(one) for one in output.read_text().splitlines()]
    print_verdict(records)
    if given.summary:
        given.summary.parent.mkdir(parents=True, exist_ok=True)
        given.summary.write_text(json.dumps(summary(records), indent=2) + "\n")


if __name__ == "__main__":
    main()
