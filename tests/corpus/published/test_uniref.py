"""UniRef: clusters as proteins, other headers refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.corpus.sources import open_source
from biomatrix.errors import ParseError

FASTA = """>UniRef50_Q0QQ11 Made-up protein (Fragment) n=12 Tax=Homo sapiens TaxID=9606 RepID=Q0QQ11_HUMAN
MKTAYIAKQR
QISFVKSHFS
>UniRef50_A0A00Z Uncharacterized protein n=1 Tax=Escherichia coli K-12 TaxID=83333 RepID=A0A00Z_ECOLI
MKVLAAGX
>sp|P00000|NOT_HERE another header
MKK
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "uniref50"
    folder.mkdir()
    (folder / "uniref50.fasta").write_text(FASTA)
    return tmp_path


def test_clusters_become_proteins(data: Path) -> None:
    source = open_source("uniref50", data)
    rows = list(source.rows())
    assert [name for name, _ in rows] == ["UniRef50_Q0QQ11", "UniRef50_A0A00Z", "sp|P00000|NOT_HERE"]
    first = source.record(*rows[0])
    assert first.fields == {"name": "Made-up protein (Fragment)", "organism": "Homo sapiens", "members": "12"}
    assert first.entity is not None
    assert first.entity.sequence == "MKTAYIAKQRQISFVKSHFS"
    with pytest.raises(ParseError, match="UniRef"):
        source.record(*rows[2])
