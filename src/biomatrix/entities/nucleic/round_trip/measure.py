"""Strands through a structure tokenizer and back: errors, bonds, codes, rates, and what wrong codes do."""

from __future__ import annotations

from collections.abc import Iterable

from biomatrix.entities.chain_trip import ChainTrip
from biomatrix.entities.chain_trip_options import ChainTripOptions
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.round_trip.errors import NucleicTally
from biomatrix.entities.nucleic.round_trip.result import NoisyStrands, NucleicRoundTrip
from biomatrix.entities.nucleic.structure.nucleotide.beads import resolved_nucleotides
from biomatrix.entities.nucleic.structure.tokenizer import RnaStructureTokenizer
from biomatrix.entities.rejects import Reject
from biomatrix.entities.round_trip import RecordSource, Told


def round_trip(
    source: RecordSource, tokenizer: str, options: ChainTripOptions, progress: Told = lambda _: None
) -> NucleicRoundTrip:
    """Measure the strands of a source; ``tokenizer`` is a name or a folder.

    Raises
    ------
    BioMatrixError
        The tokenizer cannot be opened. Single bad records are failures in the result.
    """
    opened = RnaStructureTokenizer.from_pretrained(tokenizer)
    return measure_strands(source.records, opened, noise=options.noise, seed=options.seed, progress=progress)


def measure_strands(
    strands: Iterable[NucleicAcid | Reject],
    tokenizer: RnaStructureTokenizer,
    *,
    noise: float = 0.0,
    seed: int = 0,
    progress: Told = lambda _: None,
) -> NucleicRoundTrip:
    """Encode and decode strands and compare what came back with what went in.

    Parameters
    ----------
    strands : iterable of NucleicAcid or Reject
        With a backbone. A record that could not be read counts as a failure.
    tokenizer : RnaStructureTokenizer
    noise : float
        Also replace this share of the codes by samples of a bigram model fitted on the codes of these strands, and
        measure again. The strands are then held in memory.
    seed : int
        Seed of the replacement.
    progress : callable
        Called with the number of records done since its last call.
    """
    trip = ChainTrip(tokenizer, NucleicTally, _why_not, keep=noise > 0.0)
    trip.run(strands, progress)
    wrong = trip.with_wrong_codes(noise, seed)
    return NucleicRoundTrip(
        tokenizer=tokenizer.name,
        fingerprint=tokenizer.fingerprint,
        records=trip.records,
        nucleotides=sum(one.num_nucleotides for one in trip.tally.each),
        failures=tuple(trip.failures),
        errors=trip.tally.errors(),
        codes=trip.codes,
        encode_nucleotides_per_second=trip.rate("encode"),
        decode_nucleotides_per_second=trip.rate("decode"),
        each=tuple(trip.tally.each),
        noisy=None if wrong is None else NoisyStrands(noise, seed, wrong[0], wrong[1].errors()),
    )


def _why_not(strand: NucleicAcid) -> str:
    if strand.backbone is not None and not resolved_nucleotides(strand.backbone).any():
        return "no nucleotide has all of P, C4' and the glycosidic N"
    return ""
