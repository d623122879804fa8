"""Is a vocabulary of 17,000 added tokens quick to open, and is encoding entities quicker than going through text?

The peer is the stock tokenizer over the same vocabulary folder, measured in the same run on the same documents:

- stock: ``AutoTokenizer`` on the documents' text, in one batched call;
- stock, bare: ``tokenizers.Tokenizer.encode_batch_fast`` on the same text, without the wrapper's bookkeeping;
- tokens: ``Vocabulary.encode_batch`` on the same documents with entities as lists of token strings;
- codes: the same with entities as arrays of codes.

All four must give the same ids. A document is a sentence of its own, a molecule as SELFIES and as joint tokens,
and a protein as sequence and structure, of random tokens and random length. Its text is encoded by the base
model on every path, so the share of ids that are text bounds what can be gained. ``--one-core`` keeps the
tokenizers library, which otherwise spreads a batch over all cores, on one, and counts processor time: the fair
comparison on a busy machine.

    python benchmarks/vocabulary.py --tokenizer FOLDER [--documents 1000] [--json]

FOLDER holds Qwen3's ``vocab.json``, ``merges.txt`` (or .gz) and ``special_tokens.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SELFIES, JOINT, PROTEIN_CODES, MOLECULE_CODES = 925, 11_294, 4_096, 512
ELEMENTS = ("C", "N", "O", "S", "P", "F", "Cl", "Br", "I", "B", "Si", "Se", "As", "Na", "K", "Ca", "Mg", "Zn", "Fe")
SENTENCE = "Assay {}: the ligand binds with a dissociation constant of {:.1f} nM. Its graph and the fold: "


def selfies_symbols() -> list[str]:
    """Return 925 distinct well-formed SELFIES symbols, common ones first."""
    bonds, chirality = ("", "=", "#", "/", "\\"), ("", "@", "@@")
    hydrogens, charges = ("", "H1", "H2", "H3"), ("", "+1", "-1", "+2", "-2")
    symbols = [f"[{b}{kind}{n}]" for kind in ("Branch", "Ring") for b in ("", "=", "#") for n in (1, 2, 3)]
    symbols += [
        f"[{bond}{element}{mark}{hydrogen}{charge}]"
        for charge in charges
        for hydrogen in hydrogens
        for mark in chirality
        for bond in bonds
        for element in ELEMENTS
    ]
    return list(dict.fromkeys(symbols))[:SELFIES]


def build(folder: Path, target: Path) -> None:
    """Extend Qwen3 by the published numbers of tokens and save the result."""
    from biomatrix.entities import modality
    from biomatrix.vocabulary import TokenizerRecord, Vocabulary, qwen3_tokenizer

    symbols = selfies_symbols()
    joint = [f"{symbol[:-1]} {code}]" for symbol in symbols for code in range(MOLECULE_CODES)][:JOINT]
    names = ("molecule_smiles", "molecule_selfies", "molecule_structure", "protein_sequence", "protein_structure")
    vocabulary = Vocabulary.build(
        qwen3_tokenizer(folder),
        {
            "molecule_selfies": symbols,
            "molecule_structure": joint,
            "protein_structure": [f"<S {code}>" for code in range(PROTEIN_CODES)],
        },
        [modality(name) for name in names],
        {
            "molecule_structure": TokenizerRecord("none", "none", MOLECULE_CODES),
            "protein_structure": TokenizerRecord("none", "none", PROTEIN_CODES),
        },
        base_rows=151_936,
    )
    vocabulary.save_pretrained(target)


def documents(vocabulary: Any, count: int, seed: int = 0) -> tuple[list[str], list[list[Any]], list[list[Any]]]:
    """Return the same documents as text, with entities as token strings, and with entities as codes."""
    from biomatrix.vocabulary import Codes, Tokens

    generator = np.random.default_rng(seed)
    sizes = {"molecule_selfies": 40, "molecule_structure": 60, "protein_sequence": 300, "protein_structure": 300}
    tables = {name: vocabulary.table(name, vocabulary.block(name).tokens) for name in sizes}
    texts, as_tokens, as_codes = [], [], []
    for number in range(count):
        sentence = SENTENCE.format(number, float(generator.gamma(2.0, 100.0)))
        text, tokens, codes = [sentence], [sentence], [sentence]
        for name, size in sizes.items():
            table = tables[name]
            picks = generator.integers(0, len(table.tokens), size=int(generator.integers(size // 2, 2 * size)))
            strings = [table.tokens[pick] for pick in picks]
            modality = vocabulary.block(name).modality
            text.append(modality.start_token + "".join(strings) + modality.end_token)
            tokens.append(Tokens(name, strings))
            codes.append(Codes(table, picks))
        texts.append("".join(text))
        as_tokens.append(tokens)
        as_codes.append(codes)
    return texts, as_tokens, as_codes


def best(run: Callable[[], Any], clock: Callable[[], float], repeats: int = 4) -> tuple[float, Any]:
    """Return the shortest time in seconds of a few runs, and what the last returned."""
    times = []
    for _ in range(repeats):
        start = clock()
        result = run()
        times.append(clock() - start)
    return min(times), result


def measure(folder: Path, count: int, clock: Callable[[], float]) -> dict[str, float]:
    """Return all figures of one run."""
    from transformers import AutoTokenizer

    from biomatrix.vocabulary import Vocabulary

    figures: dict[str, float] = {}
    probe = ["Fold ", "[N] is no nitrogen here."]
    load, vocabulary = best(lambda: _opened(Vocabulary, folder, probe), clock)
    stock_load, stock = best(lambda: AutoTokenizer.from_pretrained(folder), clock)
    texts, as_tokens, as_codes = documents(vocabulary, count)
    bare = stock.backend_tokenizer
    stock_time, expected = best(lambda: stock(texts, add_special_tokens=False)["input_ids"], clock)
    bare_time, bare_ids = best(lambda: [e.ids for e in bare.encode_batch_fast(texts, add_special_tokens=False)], clock)
    token_time, from_tokens = best(lambda: vocabulary.encode_batch(as_tokens).ids, clock)
    code_time, from_codes = best(lambda: vocabulary.encode_batch(as_codes).ids, clock)
    same = [expected == found for found in (bare_ids, _lists(from_tokens), _lists(from_codes))]
    total = sum(map(len, expected))
    spelled = sum(len(vocabulary.encode_text(document[0])) for document in as_codes)
    figures.update(
        added_tokens=float(len(vocabulary.new_ids)),
        load_s=load,
        stock_load_s=stock_load,
        documents=float(count),
        ids=float(total),
        text_share=spelled / total,
        same_ids=float(all(same)),
        stock_ids_per_s=total / stock_time,
        bare_ids_per_s=total / bare_time,
        tokens_ids_per_s=total / token_time,
        codes_ids_per_s=total / code_time,
        tokens_over_stock=stock_time / token_time,
        tokens_over_bare=bare_time / token_time,
        codes_over_stock=stock_time / code_time,
        codes_over_bare=bare_time / code_time,
    )
    return figures


def _opened(cls: Any, folder: Path, probe: list[str]) -> Any:
    vocabulary = cls.from_pretrained(folder)
    vocabulary.decode(vocabulary.encode(probe))
    return vocabulary


def _lists(batch: list[Any]) -> list[list[int]]:
    return [ids.tolist() for ids in batch]


def main() -> None:
    """Build, measure, print."""
    default = Path(os.environ.get("BIOMATRIX_SHARED", "../shared")) / "data" / "tokenizer"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, default=default, help="folder of Qwen3's vocabulary files")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--one-core", action="store_true", help="keep the tokenizers library on one core")
    arguments = parser.parse_args()
    if arguments.one_core:
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
    with tempfile.TemporaryDirectory() as scratch:
        build(arguments.tokenizer, Path(scratch))
        clock = time.process_time if arguments.one_core else time.perf_counter
        figures = measure(Path(scratch), arguments.documents, clock)
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"{figures['added_tokens']:,.0f} added tokens; {figures['ids']:,.0f} ids, {figures['text_share']:.1%} text")
    print(f"same ids on every path: {'yes' if figures['same_ids'] else 'NO'}")
    print(f"open, encode, decode:   {figures['load_s']:.2f} s (AutoTokenizer opens in {figures['stock_load_s']:.2f} s)")
    for path in ("stock", "bare", "tokens", "codes"):
        print(f"{path:>8}: {figures[f'{path}_ids_per_s'] / 1e6:7.2f} M ids/s")
    for path in ("tokens", "codes"):
        over = figures[f"{path}_over_stock"], figures[f"{path}_over_bare"]
        print(f"{path:>8}: {over[0]:.1f} times the stock tokenizer, {over[1]:.1f} times the bare one")


if __name__ == "__main__":
    main()
