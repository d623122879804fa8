"""Write real records at hand in the official formats of the published sources, as a data folder to measure on.

    python benchmarks/official_files.py FOLDER --shared SHARED
    python benchmarks/official_files.py FOLDER --shared SHARED --count 2000 --only pubchem afdb

The files have the names, places and forms of the publishers'; their records come from the data at hand, in the folder
``data`` of SHARED. What the records of each source are made of, and in what they differ from the publisher's, is
printed and kept in FOLDER/made_of.json. A source for which nothing is at hand gets the sample that ships. Beside them
stand links to the folders of the data at hand, where the rows of benchmarks are found, and to Qwen3's tokenizer under
the name of its model, so that the recipe of the published corpus is built there from end to end:

    biomatrix corpus build recipes/biomatrix_corpus.toml --data FOLDER -o BUILT
    biomatrix corpus plan recipes/biomatrix_corpus.toml --data FOLDER --vocabulary BUILT/vocabulary
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from official import interactions, molecules, proteins, texts
from official.tables import Job

QWEN3 = "Qwen/Qwen3-1.7B"
SAMPLES = Path(str(files("biomatrix.corpus.sources.published") / "samples"))
WRITERS: dict[str, Callable[[Job], str]] = {
    **molecules.WRITERS,
    **proteins.WRITERS,
    **texts.WRITERS,
    **interactions.WRITERS,
}


def written(name: str, data: Path, out: Path, count: int) -> str:
    """Write the files of one source anew, and return what they are made of."""
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    if name in WRITERS:
        return WRITERS[name](Job(data, folder, count))
    shutil.copytree(SAMPLES / name, folder)
    return "the shipped sample: nothing of it is at hand"


def link(data: Path, out: Path) -> None:
    """Link the folders of the data at hand, which hold test sets, and the tokenizer that tokens are added to."""
    places = {out / folder.name: folder for folder in data.iterdir() if folder.is_dir()}
    for place, target in {**places, out / QWEN3: data / "tokenizer"}.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(target.resolve(), target_is_directory=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; return 1 where a source gives no record."""
    from biomatrix.corpus.inspection import source_records
    from biomatrix.corpus.records import Record
    from biomatrix.corpus.sources import open_source
    from biomatrix.corpus.sources.published.source_card import card_names

    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shared", type=Path, required=True, help="the folder that holds data")
    parser.add_argument("--count", type=int, default=1000, help="the most records or documents of each source")
    parser.add_argument("--only", nargs="*", default=None, choices=card_names(), metavar="SOURCE")
    chosen = parser.parse_args(arguments)
    notes = chosen.folder / "made_of.json"
    told = json.loads(notes.read_text()) if notes.is_file() else {}
    silent = []
    for name in chosen.only or card_names():
        told[name] = written(name, chosen.shared / "data", chosen.folder, chosen.count)
        print(f"{name}: {told[name]}", flush=True)
        if not any(isinstance(one, Record) for _, one in source_records(open_source(name, chosen.folder), 50)):
            silent.append(name)
    link(chosen.shared / "data", chosen.folder)
    notes.write_text(json.dumps(told, indent=1, sort_keys=True))
    if silent:
        print(f"no record among the first 50 rows of {', '.join(silent)}")
    return int(bool(silent))


if __name__ == "__main__":
    sys.exit(main())
