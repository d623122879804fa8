"""Protein chains through a structure tokenizer and back: errors, bonds, codes, rates, and what wrong codes do."""

from __future__ import annotations

from collections.abc import Iterable

from biomatrix.entities.chain_trip import ChainTrip
from biomatrix.entities.chain_trip_options import ChainTripOptions
from biomatrix.entities.protein.entity import Protein
from biomatrix.entities.protein.round_trip.errors import ProteinTally
from biomatrix.entities.protein.round_trip.result import NoisyProteins, ProteinRoundTrip
from biomatrix.entities.protein.structure.tokenizer import ProteinStructureTokenizer
from biomatrix.entities.rejects import Reject
from biomatrix.entities.round_trip import RecordSource, Told


def round_trip(
    source: RecordSource, tokenizer: str, options: ChainTripOptions, progress: Told = lambda _: None
) -> ProteinRoundTrip:
    """Measure the chains of a source; ``tokenizer`` is a name or a folder.

    Raises
    ------
    BioMatrixError
        The tokenizer cannot be opened. Single bad records are failures in the result.
    """
    opened = ProteinStructureTokenizer.from_pretrained(tokenizer)
    return measure_proteins(source.records, opened, noise=options.noise, seed=options.seed, progress=progress)


def measure_proteins(
    proteins: Iterable[Protein | Reject],
    tokenizer: ProteinStructureTokenizer,
    *,
    noise: float = 0.0,
    seed: int = 0,
    progress: Told = lambda _: None,
) -> ProteinRoundTrip:
    """Encode and decode chains and compare what came back with what went in.

    Parameters
    ----------
    proteins : iterable of Protein or Reject
        With a backbone. A record that could not be read counts as a failure.
    tokenizer : ProteinStructureTokenizer
    noise : float
        Also replace this share of the codes by samples of a bigram model fitted on the codes of these chains, and
        measure again. The chains are then held in memory.
    seed : int
        Seed of the replacement.
    progress : callable
        Called with the number of records done since its last call.
    """
    trip = ChainTrip(tokenizer, ProteinTally, _why_not, keep=noise > 0.0)
    trip.run(proteins, progress)
    wrong = trip.with_wrong_codes(noise, seed)
    return ProteinRoundTrip(
        tokenizer=tokenizer.name,
        fingerprint=tokenizer.fingerprint,
        records=trip.records,
        residues=sum(one.num_residues for one in trip.tally.each),
        failures=tuple(trip.failures),
        errors=trip.tally.errors(),
        codes=trip.codes,
        encode_residues_per_second=trip.rate("encode"),
        decode_residues_per_second=trip.rate("decode"),
        each=tuple(trip.tally.each),
        noisy=None if wrong is None else NoisyProteins(noise, seed, wrong[0], wrong[1].errors()),
    )


def _why_not(protein: Protein) -> str:
    return "" if protein.resolved.any() else "no residue has all of N, CA and C"
