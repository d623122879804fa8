"""What wrong codes cost: every tokenizer's chains decoded after a share of their codes was replaced.

    python benchmarks/protein_noise.py geometric-4096 geometric-256 --chains CHAINS.parquet [--json OUT.json]

Codes of the chains whose ``split`` is "test" are replaced by samples of a bigram model of the same tokenizer's codes
(`biomatrix.metrics.codes`). A sample may be the code that was there, which is likelier the more codes there are, so the
share that differs is printed too. RMSD is over N, CA and C after superposition, TM-score over CA; means over chains.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from biomatrix.entities import Protein
from biomatrix.entities.protein.files.chain_table import read_chains
from biomatrix.entities.protein.round_trip.errors import ProteinErrors
from biomatrix.entities.protein.round_trip.measure import measure_proteins
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer


def measure(tokenizer: ProteinStructureTokenizer, proteins: list[Protein], shares: list[float]) -> dict[str, Any]:
    """Return the errors without wrong codes and with each share of them."""
    trips = [measure_proteins(proteins, tokenizer, noise=share) for share in shares]
    rows = [{"share": 0.0, "changed": 0.0, **figures(trips[0].errors)}]
    for trip in trips:
        assert trip.noisy is not None
        rows.append({"share": trip.noisy.share, "changed": trip.noisy.changed, **figures(trip.noisy.errors)})
    return {
        "tokenizer": tokenizer.name,
        "fingerprint": tokenizer.fingerprint,
        "num_codes": tokenizer.num_codes,
        "chains": len(trips[0].each),
        "rows": rows,
    }


def figures(errors: ProteinErrors) -> dict[str, float]:
    """Return the figures of one row, rounded."""
    return {
        "rmsd": round(errors.rmsd.mean, 4),
        "rmsd_median": round(errors.rmsd.median, 4),
        "tm_score": round(errors.tm_score.mean, 4),
    }


def show(result: dict[str, Any]) -> None:
    """Print one line per share."""
    print(f"{result['tokenizer']} ({result['num_codes']} codes, {result['chains']} chains)")
    for row in result["rows"]:
        print(
            f"  {row['share']:6.1%} replaced, {row['changed']:6.1%} differ: RMSD {row['rmsd']:7.3f} A "
            f"(median {row['rmsd_median']:.3f})  TM-score {row['tm_score']:.4f}",
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokenizers", nargs="+", help="shipped names or folders")
    parser.add_argument("--chains", type=Path, required=True)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.01, 0.05, 0.10])
    parser.add_argument("--limit", type=int, help="about this many chains, evenly spaced in the table")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    proteins = [record.protein for record in read_chains(arguments.chains) if record.split == "test"]
    proteins = proteins[:: max(1, len(proteins) // (arguments.limit or len(proteins)))]
    results = []
    for name in arguments.tokenizers:
        results.append(measure(ProteinStructureTokenizer.from_pretrained(name), proteins, arguments.shares))
        show(results[-1])
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
