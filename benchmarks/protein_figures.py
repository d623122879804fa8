"""Draw rate against distortion, and what wrong codes cost, from the recorded figures of the protein tokenizers.

    python benchmarks/protein_figures.py [--language docs/data/protein_language.json]
        [--noise docs/data/protein_noise.json] [--output docs/images/protein_structure.svg]

The first file is written by protein_language.py (--summary), the second by protein_noise.py (--json). Needs matplotlib
(`pip install 'biomatrix[figures]'`). The same figures give the same bytes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib import pyplot
from matplotlib.axes import Axes

ROOT: Final = Path(__file__).parents[1]
FAMILIES: Final = {
    "geometric": ("closed loop", "#1f5fa8", "o"),
    "open": ("open loop", "#8a8a8a", "s"),
    "anchored": ("anchored", "#c2571a", "D"),
    "gcp_vqvae": ("learned", "#2e8b57", "^"),
}
"""Label, colour and mark of each kind of tokenizer."""


def family(name: str) -> str:
    """The family of tokenizers that a name belongs to."""
    if name.endswith(":open"):
        return "open"
    return next((kind for kind in FAMILIES if Path(name).name.startswith(kind)), "geometric")


def draw_rate(axes: Axes, tokenizers: dict[str, dict[str, Any]]) -> None:
    """RMSD of the tokenizer against the bits that a small language model needs for a residue's code."""
    for kind, (label, colour, mark) in FAMILIES.items():
        points = sorted(
            (one["bits"]["codes"], one["own"]["RMSD, mean (A)"], one["codes"])
            for name, one in tokenizers.items()
            if family(name) == kind
        )
        if not points:
            continue
        bits, errors, _ = zip(*points, strict=True)
        joined = "-" if kind == "geometric" else ""
        axes.plot(bits, errors, mark + joined, color=colour, label=label, markersize=6, linewidth=1)
        for x, y, count in points:
            axes.annotate(f"{count:,}", (x, y), textcoords="offset points", xytext=(6, 5), fontsize=8, color=colour)
    axes.set_yscale("log")
    axes.set_xlabel("bits a residue under the small language model")
    axes.set_ylabel("mean backbone RMSD (Å)")
    axes.set_title("Rate and distortion")
    axes.legend(frameon=False, fontsize=8)


def draw_noise(axes: Axes, results: list[dict[str, Any]], figure: str, label: str) -> None:
    """A figure of decoded chains against the share of codes that were replaced."""
    for result in results:
        _, colour, mark = FAMILIES[family(result["tokenizer"])]
        dashed = "--" if result["num_codes"] < 4096 else "-"
        axes.plot(
            [100 * row["share"] for row in result["rows"]],
            [row[figure] for row in result["rows"]],
            mark + dashed,
            color=colour,
            label=f"{result['tokenizer']} ({result['num_codes']:,} codes)",
            markersize=5,
            linewidth=1,
        )
    axes.set_xlabel("codes replaced (%)")
    axes.set_ylabel(label)
    axes.set_title("Wrong codes")


def main() -> None:
    """Read, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", type=Path, default=ROOT / "docs" / "data" / "protein_language.json")
    parser.add_argument("--noise", type=Path, default=ROOT / "docs" / "data" / "protein_noise.json")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images" / "protein_structure.svg")
    arguments = parser.parse_args()
    # Without these two, each run writes other identifiers and a date.
    mpl.rcParams.update({"svg.hashsalt": "biomatrix", "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4), layout="constrained")
    draw_rate(axes[0], json.loads(arguments.language.read_text())["tokenizers"])
    noise = json.loads(arguments.noise.read_text())
    draw_noise(axes[1], noise, "rmsd", "mean backbone RMSD (Å)")
    axes[1].set_yscale("log")
    draw_noise(axes[2], noise, "tm_score", "mean TM-score")
    axes[2].legend(frameon=False, fontsize=8)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(arguments.output, metadata={"Date": None})
    print(arguments.output)


if __name__ == "__main__":
    main()
