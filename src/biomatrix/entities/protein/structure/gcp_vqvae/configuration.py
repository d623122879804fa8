"""Sizes of the network, and the choices around it that alter codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, TypeVar

from biomatrix.errors import ConfigurationError

NODE_SCALARS_IN = 49
NODE_VECTORS_IN = 2
NUM_RADIAL = 8
EDGE_SCALARS_IN = 1 + NUM_RADIAL
EDGE_VECTORS_IN = 1
AMINO_ACIDS = "ABCDEFGHIJKLMNPQRSTVWXY"
"""Letters of the one-hot residue type, in the order of the published networks."""

_LATER = ("posed", "close_bonds", "refinements")

LongChains = Literal["windows", "refuse", "cut"]
Padding = Literal["longest", "max_length"]
Unresolved = Literal["keep", "drop"]

_T = TypeVar("_T", "NetworkSizes", "Behaviour")


@dataclass(frozen=True)
class NetworkSizes:
    """Every size of the network; the defaults are those of the published development configuration (286.9 M).

    Parameters
    ----------
    gcp_layers : int
        Interaction layers of the graph network.
    node_scalars, node_vectors, edge_scalars, edge_vectors : int
        Hidden features of residues and edges; ``node_vectors`` is a multiple of 4.
    encoder_width, encoder_depth, decoder_width, decoder_depth : int
        The two transformers.
    heads, kv_heads : int
        Attention heads of 64, and the key/value heads they share.
    ff_mult : int
        Width of the feed forward, in transformer widths.
    code_width, codebook_size : int
        The codebook is ``[codebook_size, code_width]``.
    next_token_head : bool
        Whether a linear next-token head on quantised vectors exists; only training uses it.
    posed : bool
        Whether chains are first turned to their principal axes and the encoder sees where residues stand in them, see
        `pose`. The published networks are not.
    """

    gcp_layers: int = 6
    node_scalars: int = 128
    node_vectors: int = 16
    edge_scalars: int = 32
    edge_vectors: int = 4
    encoder_width: int = 1024
    encoder_depth: int = 8
    decoder_width: int = 1024
    decoder_depth: int = 12
    heads: int = 8
    kv_heads: int = 2
    ff_mult: int = 4
    code_width: int = 128
    codebook_size: int = 4096
    next_token_head: bool = True
    posed: bool = False

    def __post_init__(self) -> None:
        small = [f.name for f in fields(self) if getattr(self, f.name) is not False and getattr(self, f.name) < 1]
        if small:
            raise ConfigurationError(f"network sizes must be at least 1: {', '.join(small)}")
        if self.heads % self.kv_heads:
            raise ConfigurationError(f"{self.heads} heads cannot share {self.kv_heads} key/value heads evenly")
        if self.node_vectors % 4 or (2 * self.node_vectors + self.edge_vectors) % 4:
            raise ConfigurationError(
                f"node_vectors ({self.node_vectors}) and 2 * node_vectors + edge_vectors "
                f"({2 * self.node_vectors + self.edge_vectors}) must be multiples of 4 (bottleneck)"
            )
        if self.codebook_size > 32768:
            raise ConfigurationError(f"codebook_size is {self.codebook_size}, the limit is 32768 (codes are int16)")


@dataclass(frozen=True)
class Behaviour:
    """The choices made around the network.

    Parameters
    ----------
    sequence_blind : bool
        Feed X for every residue, so that codes say nothing but structure.
    impute : bool
        Give unresolved residues invented positions and let them be nodes of the graph, as the published encoder does
        (measured N atoms after a gap then move). Otherwise only resolved residues are nodes.
    break_distance : float or None
        CA-CA distance in Angstrom above which consecutive residues are not treated as bonded; None: always bonded.
    max_length : int
        Longest chain, in residues, that passes through in one piece.
    long_chains : {"windows", "refuse", "cut"}
        For longer ones: overlapping windows of ``max_length``, a LimitError, or silently the first ``max_length``
        residues as the published code does (the rest are -1).
    overlap : int
        Residues that consecutive windows share.
    encoded_length : int, optional
        Longest piece for encoding, overlapping by half; ``max_length`` and ``overlap`` when not given.
    batch_independent : bool
        Angles past a chain's end are undefined, whatever it is encoded with. Otherwise the chains of one call are a
        batch as the published code makes it: all but the longest take the origin for their next residues.
    padding : {"longest", "max_length"}
        What a batch is padded to; codes are the same, the published choice is slower.
    unresolved : {"keep", "drop"}
        Give unresolved residues the code -1 in their place, or leave them out as the published corpus does.
    phantom_residues : bool
        Insert unresolved residues where the author's numbering jumps, as the published corpus does, although nothing
        may be missing there.
    refinements : int
        Times a chain is decoded while it is encoded, to choose codes that make up for each other's rounding, see
        `refinement`; each costs as much as two or three times decoding. 0: the encoder's own choice.
    close_bonds : bool
        Move decoded atoms until bonds between residues are of the right length, see `closing`. Codes are the same.
    """

    sequence_blind: bool = True
    impute: bool = False
    break_distance: float | None = 4.5
    max_length: int = 512
    long_chains: LongChains = "refuse"
    overlap: int = 32
    encoded_length: int | None = None
    batch_independent: bool = True
    padding: Padding = "longest"
    unresolved: Unresolved = "keep"
    phantom_residues: bool = False
    refinements: int = 0
    close_bonds: bool = False

    def __post_init__(self) -> None:
        if self.refinements < 0:
            raise ConfigurationError(f"refinements is {self.refinements}, the least is 0")
        if self.max_length < 8:
            raise ConfigurationError(f"max_length is {self.max_length}, the least is 8")
        if self.encoded_length is not None and (self.encoded_length < self.max_length or self.long_chains != "windows"):
            raise ConfigurationError("encoded_length must be at least max_length, and needs long_chains = 'windows'")
        if self.long_chains not in ("windows", "refuse", "cut"):
            raise ConfigurationError(f"long_chains is {self.long_chains!r}, not one of windows, refuse, cut")
        if self.padding not in ("longest", "max_length") or self.unresolved not in ("keep", "drop"):
            raise ConfigurationError("padding is longest or max_length, unresolved is keep or drop")
        if self.long_chains == "windows" and not 3 <= self.overlap <= self.max_length // 2:
            raise ConfigurationError(
                f"overlap is {self.overlap}; windows of {self.max_length} need 3 to {self.max_length // 2}"
            )


def reference_behaviour(max_length: int = 1280) -> Behaviour:
    """Return what the published encoder does, batch of one: sequence seen, gaps imputed, long chains cut.

    For how its batches and its corpus differ further, see `published_corpus_behaviour`.
    """
    return Behaviour(sequence_blind=False, impute=True, break_distance=None, max_length=max_length, long_chains="cut")


def published_corpus_behaviour(max_length: int = 1280) -> Behaviour:
    """Return how the published corpus was made: batches that matter, padding, phantom residues, gaps left out."""
    return replace(
        reference_behaviour(max_length),
        batch_independent=False,
        padding="max_length",
        unresolved="drop",
        phantom_residues=True,
    )


def from_mapping(kind: type[_T], values: Mapping[str, Any], *, file: str | None = None) -> _T:
    """Build sizes or behaviour from a config's object; an unknown name is refused (ConfigurationError)."""
    unknown = sorted(set(values) - {field.name for field in fields(kind)})
    if unknown:
        raise ConfigurationError(f"unknown settings {unknown}", file=file)
    try:
        return kind(**values)
    except TypeError as error:
        raise ConfigurationError(f"settings of the wrong type: {error}", file=file) from error


def to_mapping(value: NetworkSizes | Behaviour) -> dict[str, Any]:
    """Return the settings as a JSON object.

    Settings added later are written only where they are set: fingerprints are taken of what is written, so that older
    ones stay as they are.
    """
    return {name: setting for name, setting in asdict(value).items() if name not in _LATER or setting}
