"""Log-likelihoods behind one interface: batches of unequal lengths, strands, files, servers, windows of variants."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from biomatrix.entities.nucleic.bases import reverse_complement
from biomatrix.entities.nucleic.published.evo_bytes import PAD, evo_tokens
from biomatrix.errors import ConfigurationError, ParseError, ServerError, UnsupportedError
from biomatrix.evaluation.nucleic.causal import CausalModel, next_token_likelihoods, padded
from biomatrix.evaluation.nucleic.http_model import HttpModel
from biomatrix.evaluation.nucleic.likelihood import BothStrands
from biomatrix.evaluation.nucleic.score_file import ScoreFile, digest, write_questions
from biomatrix.evaluation.nucleic.variant_effects import effect_scores, variant_deltas
from biomatrix.evaluation.nucleic.windows import Reference, Variant, scored_sequences, variant_windows
from biomatrix.generation.json_client import JsonClient


class Markov(torch.nn.Module):
    """A network of order one over bytes: its logits of a token depend on the token alone."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(512, 512)
        torch.nn.init.normal_(self.table.weight, generator=torch.Generator().manual_seed(seed))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        logits: Tensor = self.table(ids)
        return logits


@pytest.fixture(scope="module")
def evo() -> CausalModel:
    return CausalModel("markov", Markov(), lambda sequence: evo_tokens(sequence).ids, PAD, batch=4)


def test_padding_is_in_no_score(evo: CausalModel) -> None:
    """Each sequence scores as it does alone; cutting at its length, as is published, would count padding."""
    sequences = ["ACGTACGTA", "GAT", "A", "", "TTAGGCATTTAGGCAT"]
    together = evo.log_likelihoods(sequences)
    table = Markov().table.weight.detach().double().log_softmax(-1)
    for sequence, score in zip(sequences, together, strict=True):
        ids = [ord(base) for base in sequence]
        expected = sum(float(table[one, two]) for one, two in itertools.pairwise(ids))
        assert (score.total, score.tokens) == (pytest.approx(expected, abs=1e-5), max(len(ids) - 1, 0))
    ids, mask = padded([evo_tokens(one).ids for one in sequences[:2]], PAD)
    naive = next_token_likelihoods(Markov()(ids, mask), ids, torch.ones_like(mask))
    assert naive[1].total < together[1].total - 1
    first = CausalModel("evo 1", Markov(), lambda sequence: evo_tokens(sequence, prepend_end=True).ids, PAD)
    assert first.log_likelihoods(["ACGT"])[0].tokens == 4


def test_both_strands_see_a_sequence_and_its_complement_alike(evo: CausalModel) -> None:
    both = BothStrands(evo)
    sequence, other = "ACGTTRNa", reverse_complement("ACGTTRNA", "dna")
    one, two = both.log_likelihoods([sequence, "t" + other[1:]])
    assert one.total == pytest.approx(two.total, abs=1e-6)
    assert one.mean == pytest.approx(np.mean([s.mean for s in evo.log_likelihoods([sequence, "t" + other[1:]])]))
    here, there = both.differences(["ACGT", reverse_complement("ACGT", "dna")], ["AGGT", "ACCT"])
    assert here == pytest.approx(there, abs=1e-6)


def test_a_score_file_answers_for_a_model_that_is_elsewhere(evo: CausalModel, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sequences = ["ACGT", "GATTACA", "ACGT", "acgt"]
    assert write_questions(sequences, tmp_path / "asked.csv") == 3
    with pytest.raises(ConfigurationError, match="there already"):
        write_questions([], tmp_path / "asked.csv")
    with (tmp_path / "asked.csv").open(newline="") as stream:
        asked = list(csv.DictReader(stream))
    scores = evo.log_likelihoods([row["sequence"] for row in asked])
    columns = {
        "sha256": [row["sha256"] for row in asked],
        "log_likelihood": [score.total for score in scores],
        "tokens": [score.tokens for score in scores],
    }
    pq.write_table(pa.table(columns), tmp_path / "scores.parquet")
    lines = ["sha256,log_likelihood,tokens", *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    (tmp_path / "scores.csv").write_text("\n".join(lines))
    for name in ("scores.parquet", "scores.csv"):
        assert ScoreFile(tmp_path / name).log_likelihoods(sequences) == evo.log_likelihoods(sequences)
    with pytest.raises(ConfigurationError, match="no score for 1 of 2 sequences, the first being number 2"):
        ScoreFile(tmp_path / "scores.csv").log_likelihoods(["ACGT", "TTTT"])
    with pytest.raises(UnsupportedError, match="no vectors"):
        ScoreFile(tmp_path / "scores.csv").embeddings(["ACGT"])
    key = digest("A")
    for text, message in (
        ("sha256,tokens\n", "lacks the column log_likelihood"),
        (f"sha256,log_likelihood,tokens\n{key},nan,3\n", "record 1.*no log-likelihood"),
        (f"sha256,log_likelihood,tokens\n{key},-1,3\n{key},-2,3\n", "record 2.*a second time"),
        (f"sha256,log_likelihood,tokens\n{key},-1\n", "record 1.*the row is cut"),
    ):
        (tmp_path / "broken.csv").write_text(text)
        with pytest.raises(ParseError, match=message):
            ScoreFile(tmp_path / "broken.csv")


@pytest.fixture
def served(evo: CausalModel) -> Iterator[str]:
    """A server that scores with the model here, and answers nonsense where a sequence asks for it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/embeddings"):
                answer = {"data": [{"embedding": [1.0, float(len(one))]} for one in body["input"]]}
            elif "CCC" in body["sequences"]:
                answer = {"scores": [{"log_likelihood": 7.0, "tokens": 2} for _ in body["sequences"]]}
            elif "GGG" in body["sequences"]:
                answer = {"scores": []}
            else:
                found = evo.log_likelihoods(body["sequences"])
                answer = {"scores": [{"log_likelihood": one.total, "tokens": one.tokens} for one in found]}
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_server_scores_as_the_model_behind_it(evo: CausalModel, served: str) -> None:
    model = HttpModel(JsonClient(served, retries=0), "served", batch=2)
    sequences = ["ACGT", "GATTACA", "TT"]
    assert model.log_likelihoods(sequences) == evo.log_likelihoods(sequences)
    assert model.embeddings(sequences)[:, 1].tolist() == [4.0, 7.0, 2.0]
    for wrong, message in (("CCC", "no log-likelihood"), ("GGG", "answers no 'scores' of 1")):
        with pytest.raises(ServerError, match=message):
            model.log_likelihoods([wrong])


def test_windows_are_cut_as_the_protocol_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    letters = "".join(rng.choice(list("ACGT"), size=60))
    (tmp_path / "part.fa").write_text(f">chr9:101-160 made up\n{letters[:30]}\n{letters[30:]}\n")
    part = Reference.read(tmp_path / "part.fa")
    assert (part.sequence, part.first, part.whole) == (letters, 101, False)
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    base = letters[29]
    variants = [
        Variant(130, base, other[base], "snv"),
        Variant(130, other[base], base, "wrong base"),
        Variant(105, letters[4], other[letters[4]], "too near"),
        Variant(130, letters[29:32], base, "deletion"),
        Variant(130, "", "A", "empty"),
    ]
    windows, rejects = variant_windows(part, variants, size=20)
    assert [one.variant.name for one in windows] == ["snv", "deletion"]
    assert (windows[0].reference, windows[0].offset) == (letters[19:39], 10)
    assert [a == b for a, b in zip(windows[0].reference, windows[0].alternative, strict=True)].index(False) == 10
    assert len(windows[1].alternative) == 18
    assert [one.record for one in rejects] == ["wrong base", "too near", "empty"]
    assert "the FASTA has" in rejects[0].reason
    assert "needs bases 95 to 114" in rejects[1].reason
    whole = Reference(letters, 1, whole=True)
    cut = variant_windows(whole, [Variant(5, letters[4], other[letters[4]])], size=20)[0][0]
    assert (cut.reference, cut.offset) == (letters[:14], 4)


def test_the_protocol_on_real_variants(evo: CausalModel, shared: Path) -> None:
    """Every window of the shared table can be cut, and recorded deltas score as they do elsewhere."""
    folder = shared / "data/nucleic/variants"
    with gzip.open(folder / "brca1_findlay2018.csv.gz", "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    reference = Reference.read(folder / "brca1_chr17_41193000_41281000_hg19.fasta.gz")
    assert reference.first == 41_193_000
    variants = [Variant(int(row["position_hg19"]), row["ref"], row["alt"], str(n)) for n, row in enumerate(rows)]
    windows, rejects = variant_windows(reference, variants)
    assert (len(windows), rejects) == (len(rows), [])
    assert {len(one.reference) for one in windows} == {8192}
    assert all(one.alternative[4096] == one.variant.alternative for one in windows)
    few = windows[:3]
    assert len(scored_sequences(few)) <= 6
    deltas = variant_deltas(evo, few)
    assert deltas[0] == pytest.approx(evo.differences([few[0].reference], [few[0].alternative])[0])
    beside = {"phylop": [float(row["phylop"]) for row in rows]}
    scores = effect_scores([row["class"] for row in rows], [float(row["evo2_delta"]) for row in rows], beside)
    assert scores["delta"].auroc == pytest.approx(0.7287 if len(rows) == 3893 else 0.7236, abs=1e-4)
    assert scores["phylop"].auroc > scores["delta_without_intermediate"].auroc > scores["delta"].auroc
