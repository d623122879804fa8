"""Encoders by name."""

from __future__ import annotations

import numpy as np
import pytest

import biomatrix as bm
from biomatrix.entities.encoder import Encoder
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.errors import ConfigurationError
from biomatrix.soft.encoders import known_encoders, open_encoder

MOLECULES = [bm.Molecule.from_smiles(one) for one in ("CCO", "c1ccccc1", "C")]


def test_every_row_is_an_encoder_with_a_line_about_it() -> None:
    table = {one.name: one for one in known_encoders()}
    assert {"morgan", "kmers", "expression_pca", "nano", "auto", "decoder"} <= set(table)
    for one in table.values():
        assert issubclass(load_attribute(one.home), Encoder)
        assert 10 < len(one.about) <= 120, one.name
    assert {name for kind in kinds() for name in kind.encoders} <= set(table)
    assert (table["auto"].form, table["morgan"].form, table["nano"].form) == ("auto:FOLDER", "morgan", "nano")


def test_a_spec_that_was_told_opens_the_same() -> None:
    for spec in ("morgan", "morgan,bits=512,chirality=true", "kmers,length=2", "morgan,parts=4"):
        encoder = open_encoder(spec)
        again = open_encoder(encoder.spec)
        assert (again.hash, again.spec) == (encoder.hash, encoder.spec)
    assert open_encoder("morgan", radius=3, kind="molecule").hash == open_encoder("morgan,radius=3").hash


def test_parts_hold_together_what_one_vector_holds() -> None:
    whole, parted = open_encoder("morgan,bits=30"), open_encoder("morgan,bits=30,parts=4")
    assert (parted.k, parted.d) == (4, 34)
    vectors = parted.encode(MOLECULES)
    np.testing.assert_array_equal(vectors[..., :30].sum(axis=1), whole.encode(MOLECULES)[:, 0])
    assert ((vectors[..., :30] != 0).sum(axis=1) <= 1).all()
    np.testing.assert_array_equal(vectors[..., 30:], np.broadcast_to(np.eye(4), (3, 4, 4)))
    assert parted.hash != whole.hash
    assert parted.key(MOLECULES[0]) == whole.key(MOLECULES[0])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("morgn", "did you mean morgan"),
        ("", "no encoder named ''"),
        ("morgan:folder", "takes no folder"),
        ("auto", "is written auto:FOLDER"),
        ("morgan,size=3", "takes no option 'size'; it takes bits"),
        ("morgan,bits=many", "morgan: bits='many'; give a whole number"),
        ("morgan,bits=2.5", "give a whole number"),
        ("morgan,parts=few", "give a whole number"),
        ("morgan,chirality=3", "give true or false"),
        ("morgan,kind=protein", "morgan encodes a molecule, not a protein"),
        ("kmers,parts=9999", "has from 2 to 8000 parts"),
        ("nano,kind=molecule,k=2,parts=2", "makes 2 vectors of an entity already"),
        ("nano,kind=molecule,k=0", "at least one vector"),
        ("nano,kind=stone", "no kind of entity named 'stone'"),
    ],
)
def test_specs_that_make_no_sense_are_refused(spec: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        open_encoder(spec)
    assert "\n" not in str(caught.value)
