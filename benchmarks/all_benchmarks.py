"""Every benchmark whose data, or data of the same form, are at hand: nano and the floors of the baselines.

    python benchmarks/all_benchmarks.py --shared ../shared --limit 100 -o runs
    python benchmarks/all_benchmarks.py --shared ../shared --tasks interaction --models baseline:nearest -o runs
    python benchmarks/all_benchmarks.py --shared ../shared --tasks mol_prop_esol --served nano -o runs

Links each source to the folder that holds it, asks every model the same rows (a fixed random sample), and writes a
result and a log for each model and one report. A run that was interrupted goes on. What is printed as "not run" names
the file that is missing. With --served the model answers through an OpenAI-compatible server on this machine, which
the harness knows by its address alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDERS = {
    "": (
        "bindingdb_kd",
        "casf2016_complexes",
        "chains",
        "chains_of_sequences",
        "deepdtaf_pdbbind2016",
        "guo_yeast_ppi",
        "lengths_of_sequences",
        "lengths_of_structures",
        "pdfbench_cfpgen",
        "prottex_predictions",
        "skempi",
    ),
    "molecule": (
        "chembl30_sample",
        "moleculenet_bbbp",
        "moleculenet_clintox",
        "moleculenet_esol",
        "moleculenet_hiv",
        "moleculenet_lipo",
        "moleculenet_sider",
        "mumo_instruct",
        "zinc250k",
    ),
    "molecule/chebi20": ("chebi20",),
    "molecule/conformers_3d": ("qm7_gdb7", "qm9_with_properties_100"),
    "molecule/drugassist": ("molopt",),
    "molecule/openmolins": ("openmolins",),
    "molecule/pubchem_records": ("pubchem_records",),
    "molecule/sciknoweval": ("sciknoweval_names", "sciknoweval_properties"),
    "protein/ec_clean": ("clean",),
    "protein/localization": ("deeploc", "peer_localization"),
    "protein/remote_homology": ("tape_folds",),
    "protein/uniprot": ("uniprot_records",),
    "reaction": ("uspto50k", "uspto_1k_tpl"),
}
"""By folder below ``data``, the sources it holds."""
BESIDE = {"s2_bench": ("molecule/tomg_bench", "molecule/zinc250k.parquet")}
"""By source, a folder of it and the file that its metrics look for beside: novelty is against ZINC-250K."""
PORT = 8765
"""Where a model is served: fixed, so that a run that is gone on with has the same address."""
MODELS = ("baseline:majority", "baseline:random", "baseline:nearest", "baseline:copy", "nano")


def link_sources(data: Path, folder: Path) -> None:
    """Make a folder that holds each source under its name."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, sources in FOLDERS.items():
        for source in sources:
            link_to(data / place, folder / source)
    for source, (place, file) in BESIDE.items():
        (folder / source).mkdir(exist_ok=True)
        for part in (*(data / place).iterdir(), data / file):
            link_to(part, folder / source / part.name)


def link_to(target: Path, link: Path) -> None:
    """Make a link where there is none."""
    if not link.exists():
        link.symlink_to(target.resolve())


@contextmanager
def served(name: str) -> Iterator[str]:
    """Run a model behind a small OpenAI-compatible server; yield its address."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "generation"))
    from completions_server import Server, serving

    import biomatrix as bm

    with serving(Server(bm.load(name), "extended"), port=PORT) as running:
        yield running.url


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="the folder that holds data/")
    parser.add_argument("--limit", type=int, default=100, help="rows of each benchmark")
    parser.add_argument("--tasks", nargs="+", default=["all"], help="benchmarks or groups")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--served", metavar="MODEL", help="ask this model behind a server, and no other")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    sources = options.output / "sources"
    link_sources(options.shared / "data", sources)
    command = [sys.executable, "-m", "biomatrix.cli.main", "evaluate", "run", *options.tasks]
    command += ["--from", str(sources), "--stand-ins", "--limit", str(options.limit), "-o", str(options.output)]
    if options.served is None:
        models = [word for model in options.models for word in ("--model", model)]
        return subprocess.run([*command, *models], check=False).returncode
    with served(options.served) as address:
        asked = ["--model", address, "--vocabulary-of", options.served, "--enforced-by", "processor"]
        return subprocess.run([*command, *asked], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
