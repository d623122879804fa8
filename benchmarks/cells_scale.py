"""Rate and peak memory of a corpus of cells, by their number; two workers against one; a build that is killed.

    python benchmarks/cells_scale.py                           # 10^4, 10^5 and 10^6 cells
    python benchmarks/cells_scale.py --sizes 2000 10000 --compared 10000
    python benchmarks/cells_scale.py --sizes --compared 0 --killed 10000

Cells are made up, in one h5ad file: 200 counts each among 2,000 genes, 8 types. A build is `build_corpus`, all of it,
in the modality `cell_expression`, as `corpus_scale.py` measures it, with its targets: peak memory of the whole build at
most 1.15 times from the smallest size to the largest, two workers at least 1.8 times as fast as one, which needs two
free cores (processor time of the longest path is disturbed less). With `--killed`, a build of so many cells is killed
at every third second and begun again until it ends; TARGET: the same shards as a build that was left alone.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from corpora.made_cells import recipe, write_cells
from corpus_scale import Made, main

_SECONDS = 3.0


def build_into(folder: Path, work: Path, output: Path) -> None:
    """Build the corpus of a folder in this process."""
    from biomatrix.corpus import CorpusRecipe, build_corpus

    made = build_corpus(CorpusRecipe.model_validate(recipe(500)), folder, work)
    output.write_text(str(made), encoding="utf-8")


def shards_of(work: Path) -> dict[str, str]:
    """Return the hash of every shard below a working folder."""
    files = sorted(path for path in work.rglob("*.bin") if path.is_file())
    return {str(path.relative_to(work)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def report_killed(count: int) -> bool:
    """Kill a build again and again, and print whether its shards are those of one that was left alone."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_cells(folder, count)
        kills, seconds, results = 0, _SECONDS, {}
        for name in ("left alone", "killed"):
            work, output = folder / name.replace(" ", "_"), folder / f"{name}.txt"
            while not output.is_file():
                process = subprocess.Popen([sys.executable, __file__, "--build-into", folder, work, output])
                try:
                    process.wait(timeout=seconds if name == "killed" else None)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    kills, seconds = kills + 1, seconds * 1.3
                else:
                    if process.returncode:
                        raise SystemExit(f"the build ended with {process.returncode}")
            results[name] = shards_of(work)
    same = bool(results["killed"]) and results["killed"] == results["left alone"]
    print(f"killed {kills} times; {len(results['killed'])} shards; TARGET the same: {'met' if same else 'MISSED'}")
    return same


if __name__ == "__main__":
    if sys.argv[1:2] == ["--build-into"]:
        build_into(*map(Path, sys.argv[2:5]))
    elif "--killed" in sys.argv:
        at = sys.argv.index("--killed")
        count = int(sys.argv[at + 1])
        del sys.argv[at : at + 2]
        met = report_killed(count)
        if len(sys.argv) == 1 or not met:
            sys.exit(not met)
        main(Made(__file__, write_cells, recipe), __doc__)
    else:
        main(Made(__file__, write_cells, recipe), __doc__)
