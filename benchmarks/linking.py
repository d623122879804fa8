"""How well a dictionary finds the molecules that abstracts name, and how many mentions texts hold.

    python benchmarks/linking.py --data ../shared/data

The dictionary holds the names and synonyms of molecules and proteins at hand: OPSIN's names, the Chemical Component
Dictionary inside Biotite, UniProt records. Its molecules are compared with the chemical mentions that people marked in
the sample of BioCreative V's CDR corpus: a mention counts where it has the very same characters (exact), or shares some
(overlapping). No dictionary finds names it does not hold, so recall is also told of those marked mentions whose very
name it holds. Then mentions per 1,000 words and words linked per second, of the sample and of OpenStax' textbooks.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
from biotite.structure.info.ccd import get_ccd

from biomatrix.corpus.link_recipe import EntityTableRecipe
from biomatrix.corpus.linking.dictionary import DictionaryLinker, automaton_class
from biomatrix.corpus.linking.entity_tables import EntityTables
from biomatrix.corpus.linking.linker import Linking, Text
from biomatrix.corpus.linking.name_rules import can_be_found, plain
from biomatrix.corpus.sources import open_source
from biomatrix.corpus.sources.pubtator_file import PubTatorDocument, PubTatorTable, read_document
from biomatrix.corpus.sources.texts import chunks
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import BioMatrixError

CDR = "text/cdr_sample.pubtator.txt"
TEXTBOOKS = "text/openstax_textbooks.parquet"
SHOWN = 10


def named_components(texts: Sequence[str], data: Path) -> Iterator[tuple[str, str]]:
    """Yield (names, SMILES) of components; only of those that texts may name, since making each takes a while."""
    heads = get_ccd()["chem_comp"]
    columns = [heads[name].as_array(str) for name in ("id", "name", "pdbx_synonyms")]
    named = {
        str(identifier): [one.strip(' "') for one in (str(name), *str(synonyms).split(";"))]
        for identifier, name, synonyms in zip(*columns, strict=True)
    }
    automaton = automaton_class()()
    for name in {plain(one) for names in named.values() for one in names if can_be_found(one)}:
        automaton.add_word(name, name)
    automaton.make_automaton()
    said = {name for text in texts for _, name in automaton.iter(plain(text))}
    source = open_source("ccd", data)
    rows = dict(source.rows())
    for identifier, names in named.items():
        if not said.intersection(map(plain, names)):
            continue
        try:
            record = source.record(identifier, rows[identifier])
        except BioMatrixError:
            continue
        if record.entity is not None:
            yield "; ".join(filter(can_be_found, names)), kind_of(record.entity).text(record.entity)


def tables(texts: Sequence[str], data: Path, folder: Path) -> EntityTables:
    """Return the tables of a dictionary, the components written as a table of names and SMILES."""
    with (folder / "components.tsv").open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, escapechar="\\")
        rows.writerow(("names", "smiles"))
        rows.writerows(named_components(texts, data))
    for path in ("molecule/opsin_names.parquet", "protein/uniprot/flatfile_records.parquet"):
        (folder / Path(path).name).symlink_to((data / path).resolve())
    molecule, protein = {"kind": "molecule", "entity": "smiles"}, {"kind": "protein", "entity": "sequence"}
    recipes = [
        EntityTableRecipe(files=["components.tsv"], reader="tsv", names=["names"], **molecule),
        EntityTableRecipe(files=["opsin_names.parquet"], reader="parquet", names=["name"], **molecule),
        EntityTableRecipe(
            files=["flatfile_records.parquet"], reader="parquet", names=["protein_name", "gene"], **protein
        ),
    ]
    return EntityTables(recipes, folder).load(names=True)


def judge(documents: Sequence[PubTatorDocument], linker: DictionaryLinker, held: frozenset[str]) -> None:
    """Print precision and recall of the molecules found in marked documents, and what was missed most."""
    results = linker.link([Text(one.id, one.text) for one in documents])
    gold, found, known = set(), set(), set()
    missed: Counter[str] = Counter()
    for one, result in zip(documents, results, strict=True):
        marked = {(one.id, mark.start, mark.end) for mark in one.annotations if mark.type == "Chemical"}
        gold |= marked
        known |= {mark for mark in marked if plain(one.text[mark[1] : mark[2]]) in held}
        if isinstance(result, Linking):
            found |= {(one.id, mention.start, mention.end) for mention in result.mentions if mention.kind == "molecule"}
        missed.update(one.text[start:end].lower() for _, start, end in marked - found)
    print(f"CDR sample: {len(documents)} abstracts, {len(gold)} chemical mentions, {len(known)} of a name in the table")
    exact = len(gold & found)
    print(f"  exact       precision {_share(exact, len(found))}  recall {_share(exact, len(gold))}")
    right = sum(any(_overlap(one, other) for other in gold) for one in found)
    reached = sum(any(_overlap(one, other) for other in found) for one in gold)
    print(f"  overlapping precision {_share(right, len(found))}  recall {_share(reached, len(gold))}")
    print(f"  exact recall of names in the table {_share(len(known & found), len(known))}")
    print(f"  missed most: {', '.join(f'{name} ({count})' for name, count in missed.most_common(SHOWN))}")


def count(title: str, texts: Sequence[str], linker: DictionaryLinker) -> None:
    """Print the mentions that texts hold, by kind, and the rate."""
    begin = time.perf_counter()
    results = linker.link([Text(str(i), text) for i, text in enumerate(texts)])
    seconds = time.perf_counter() - begin
    kinds: Counter[str] = Counter()
    names: Counter[str] = Counter()
    unlinked: Counter[str] = Counter()
    for text, result in zip(texts, results, strict=True):
        if isinstance(result, Linking):
            kinds.update(one.kind for one in result.mentions)
            names.update(text[one.start : one.end].lower() for one in result.mentions)
            unlinked += result.unlinked
    words = sum(len(text.split()) for text in texts)
    rates = ", ".join(f"{1000 * number / words:.2f} of {kind}s" for kind, number in kinds.most_common())
    linked = sum(isinstance(one, Linking) and bool(one.mentions) for one in results)
    print(f"{title}: {words:,} words, {words / seconds:,.0f} words/s; per 1,000 words {rates}")
    print(f"  {linked:,} of {len(texts):,} texts name one")
    print(f"  most: {', '.join(f'{name} ({number})' for name, number in names.most_common(SHOWN))}")
    print(f"  not linked: {dict(unlinked.most_common(5))}")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part}/{whole})" if whole else "none"


def _overlap(one: tuple[str, int, int], other: tuple[str, int, int]) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data: Path = parser.parse_args().data
    documents = [read_document(row) for row in PubTatorTable(data / CDR).rows()]
    pages = pq.read_table(data / TEXTBOOKS, columns=["text"]).column("text").to_pylist()
    book = [piece for page in pages for piece in chunks(page)]
    abstracts = [one.text for one in documents]
    with tempfile.TemporaryDirectory() as folder:
        named = tables([*abstracts, *book], data, Path(folder))
        linker = DictionaryLinker(named)
        held = frozenset(plain(name) for name in named.by_name if can_be_found(name))
        print(f"{len(held):,} names")
        judge(documents, linker, held)
        count("CDR sample", abstracts, linker)
        count("OpenStax", book, linker)


if __name__ == "__main__":
    main()
