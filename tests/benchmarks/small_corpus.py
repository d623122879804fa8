"""A corpus folder of a few molecules as a build leaves it: records, a vocabulary, training and held-out shards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from biomatrix.corpus.encoding import EncodedDocument
from biomatrix.corpus.records import Record, records_to_table
from biomatrix.corpus.shard_writing import write_lengths, write_manifest, write_origins, write_shard
from biomatrix.corpus.slices import DONE
from biomatrix.entities import Molecule, modality
from biomatrix.entities.molecule.examples import bundled_component
from biomatrix.vocabulary import Vocabulary, train_byte_bpe
from biomatrix.vocabulary.token_table import token_table_fingerprint

SOURCE, SLICE = "few", "00000-few"
VIEWS = ("molecule_smiles", "molecule_selfies", "molecule_structure")
TRAIN = ("ALA", "GLY", "SER", "CFF", "BNZ", "GOL", "ACT", "EDO")
HELD_OUT = ("VAL", "CYS", "IMD")
_HASH = "a" * 64


def small_corpus(work: Path) -> Path:
    """Write the corpus of the molecules above, in three views, and return its folder."""
    train, held_out = ([bundled_component(code) for code in codes] for codes in (TRAIN, HELD_OUT))
    modalities = [modality(name) for name in VIEWS]
    tokens = {
        one.name: sorted({token for molecule in [*train, *held_out] for token in one.encode(molecule)})
        for one in modalities
        if not one.spelled_as_text
    }
    base = train_byte_bpe(["Begins a molecule, ends a molecule: [C 132], [O], 0123456789"], 300)
    vocabulary = Vocabulary.build(base, tokens, modalities)
    vocabulary.save_pretrained(work / "vocabulary")
    records = [
        Record(SOURCE, code, "molecule", "train" if code in TRAIN else "held_out", entity=molecule)
        for code, molecule in zip((*TRAIN, *HELD_OUT), (*train, *held_out), strict=True)
    ]
    place = work / "records" / SOURCE / SLICE
    place.mkdir(parents=True)
    pq.write_table(records_to_table(records), place / "records.parquet")
    shards = work / "shards"
    for view in VIEWS:
        _write(shards / f"heldout_{view}", vocabulary, held_out, [view], HELD_OUT)
    _write(shards / "train", vocabulary, train * 8, VIEWS)
    return work


def _write(
    folder: Path, vocabulary: Vocabulary, molecules: Sequence[Molecule], views: Sequence[str], codes: Sequence[str] = ()
) -> None:
    shard = folder / "few-00000"
    shard.mkdir(parents=True)
    written = [(vocabulary.encode_entity(molecule, view), view) for molecule in molecules for view in views]
    documents = [EncodedDocument(np.array(ids, np.int32), np.full(len(ids), 255, np.uint8)) for ids, _ in written]
    write_shard(shard, documents, [view for _, view in written], np.dtype("<u2"))
    if codes:
        write_origins(shard, [(SOURCE, code) for code in codes])
    done = {"fingerprint": "", "source": SOURCE, "records": SLICE, "files": {}}
    (shard / DONE).write_text(json.dumps(done))
    write_manifest(
        folder,
        {
            "dtype": "<u2",
            "views": list(Counter(view for _, view in written)),
            "shards": [{"name": shard.name, "files": {"tokens.bin": {"sha256": _HASH}}}],
            "index": write_lengths(folder, [shard.name]),
            "vocabulary_size": len(vocabulary),
            "token_table": token_table_fingerprint(vocabulary),
        },
    )
