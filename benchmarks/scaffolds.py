"""How often a scaffold is kept: written by construction, against found among drafts, for 20 fragments.

    python benchmarks/scaffolds.py --samples 4

For every fragment the model writes molecules in SMILES under the constraint, and as many that are only judged by it,
with the same number of drafts. Prints the share of answers that keep the fragment and the drafts per answer.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from biomatrix.entities.automaton import Automaton
from biomatrix.entities.molecule.constraints.scaffold import Scaffold
from biomatrix.generation import Answer, Model

FRAGMENTS = (
    "c1ccccc1", "c1ccncc1", "c1ccc2[nH]ccc2c1", "c1ccc2ncccc2c1", "C1CCNCC1", "C1COCCN1", "C1CC1", "C1CCCCC1",
    "CC(=O)N", "OC(=O)c1ccccc1", "NS(=O)(=O)c1ccccc1", "c1ccc(-c2ccccc2)cc1", "C[C@H](N)C(=O)O", "FC(F)(F)c1ccccc1",
    "O=C1CCCN1", "c1nc2ncncc2[nH]1", "C1CC2CCC1C2", "CC(C)(C)OC(=O)N", "c1csc(n1)N", "O=c1ccoc2ccccc12",
)  # fmt: skip


class Judged(Scaffold):
    """The same scaffold, kept by looking at finished molecules alone."""

    def narrow(self, automaton: Automaton, *_: object) -> Automaton:
        return automaton


def kept(answers: Sequence[Answer], scaffold: Scaffold) -> float:
    """Return the share of answers that hold the scaffold."""
    return sum(one.entity is not None and scaffold.fault(one.entity) is None for one in answers) / len(answers)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--drafts", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=120, help="the longest answer")
    options = parser.parse_args()
    model = Model.from_pretrained(options.model)
    ways: tuple[tuple[str, Callable[[str], Scaffold]], ...] = (("written", Scaffold.parse), ("judged", Judged.parse))
    totals = {name: [0.0, 0.0, 0.0] for name, _ in ways}
    for smiles in FRAGMENTS:
        line = f"{smiles:22}"
        for name, made in ways:
            scaffold, begun = made(smiles), time.perf_counter()
            answers = model.generate(
                "Make a molecule.", "molecule_smiles", constraints=[scaffold], num_samples=options.samples,
                drafts=options.drafts, max_new_tokens=options.tokens,
            )  # fmt: skip
            drafts = sum(1 + len(answer.refused) for answer in answers) / len(answers)
            figures = kept(answers, scaffold), drafts, (time.perf_counter() - begun) / len(answers)
            totals[name] = [total + figure for total, figure in zip(totals[name], figures, strict=True)]
            line += f"  {name}: kept {figures[0]:.2f}, drafts {figures[1]:.1f}, {figures[2]:.1f} s"
        print(line, flush=True)
    for name, (share, drafts, seconds) in totals.items():
        count = len(FRAGMENTS)
        print(f"{name}: kept {share / count:.3f}, drafts {drafts / count:.2f}, {seconds / count:.2f} s an answer")
    return 0 if totals["written"][0] == len(FRAGMENTS) else 1


if __name__ == "__main__":
    sys.exit(main())
