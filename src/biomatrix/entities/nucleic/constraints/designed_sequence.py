"""The automaton of a sequence under all that is asked of it, as constraints add to it one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.entities.nucleic.bases import as_rna
from biomatrix.entities.nucleic.constraints.design import Design, Untranslated
from biomatrix.entities.nucleic.constraints.design_automaton import DesignAutomaton, Table
from biomatrix.entities.nucleic.constraints.gc_content import GcContent
from biomatrix.entities.nucleic.constraints.gc_windows import WIDEST, GcWindows
from biomatrix.entities.nucleic.constraints.motif_automaton import BASES, CODONS, FIRST_CODON, NUM_SYMBOLS
from biomatrix.entities.nucleic.entity import NucleicAcid
from biomatrix.entities.nucleic.features import CDS, Feature, Interval
from biomatrix.entities.nucleic.modalities.codons import MrnaCodons
from biomatrix.entities.nucleic.modalities.sequence import LetterSequence
from biomatrix.entities.table_automaton import TableAutomaton
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.entities.automaton import Automaton, Bounds
    from biomatrix.entities.base_modality import Modality
    from biomatrix.entities.segment_ids import SegmentIds

_ANY: Final = 1 << 40
_UTR: Final = Untranslated(0, 500)
"""The untranslated parts of a transcript of which nothing is said."""


class DesignedSequence(DesignAutomaton):
    """The automaton of bases, or of a transcript, under a design.

    Parameters
    ----------
    name : str
        The modality, for messages.
    start_id, end_id : int
        The control pair.
    symbol_ids : ndarray, shape=(68,), dtype=int64
        See :class:`DesignAutomaton`.
    design : Design
    """

    def __init__(
        self, name: str, start_id: int, end_id: int, symbol_ids: NDArray[np.int64], design: Design | None = None
    ) -> None:
        super().__init__(name, start_id, end_id, symbol_ids)
        self.design = design or Design()

    @classmethod
    def over(cls, constraint: str, automaton: Automaton, modality: Modality, ids: SegmentIds) -> DesignedSequence:
        """Return the automaton of a modality as one that takes wishes; ``constraint`` is for the message.

        Raises
        ------
        ConfigurationError
            The modality is not written base by base or codon by codon, or a function has narrowed it before.
        """
        if isinstance(automaton, DesignedSequence):
            return automaton
        if not isinstance(modality, LetterSequence | MrnaCodons):
            raise ConfigurationError(
                f"{constraint} is kept base by base or codon by codon, as dna_sequence, rna_sequence and mrna_codons "
                f"write; {modality.name} does not"
            )
        if not isinstance(automaton, TableAutomaton):
            raise ConfigurationError(f"{constraint} cannot follow what else has narrowed {modality.name}")
        return DesignedSequence(modality.name, ids.start_id, ids.end_id, _symbol_ids(modality, ids))

    def keeping(self, changes: Mapping[str, object]) -> DesignedSequence:
        """Return the automaton under one more wish. Raises ConfigurationError where two contradict one another."""
        design = self.design.adding(changes)
        return type(self)(self.name, self.start_id, self.end_id, self.symbol_ids, design)

    def lengths(self, bounds: Bounds) -> tuple[int, int]:
        """Return the least and the most bases there may be; any number where the parts say how many there are."""
        if bounds.range is not None:
            return bounds.range
        is_told = self.design.coding is not None or self.design.paired_length > 0
        return (0, _ANY) if is_told else (0, bounds.budget)

    def table(self, least: int, most: int) -> Table:
        """Return what fits a range of bases.

        Raises
        ------
        ConfigurationError
            Nothing does; where a protein is kept, the message names the residue at which it closes.
        """
        nodes = self.design.nodes(least, most, None if self._by_base else _UTR)
        if self._by_base and any(node.bases and node.codons for node in nodes):
            raise ConfigurationError(
                f"where the 5' UTR ends is not told by the bases of {self.name}; give it an exact length, or ask for "
                "mrna_codons"
            )
        compiled = self.design.compiled(nodes, self.codon_cost)
        shortest, longest = compiled.bases_left[0].tolist()
        if shortest < least or longest > most:
            sizes = f"{shortest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
            raise ConfigurationError(
                f"what is asked for has {sizes} bases, and a length of {least:,} to {most:,} is asked for too; leave "
                "the length out, or give the parts around the protein another one"
            )
        windows = GcWindows(tuple(one for one in self.design.windows if one[2] <= WIDEST))
        if not self.design.gc:
            return Table(compiled, windows=windows)
        low, high = max(one for one, _ in self.design.gc), min(other for _, other in self.design.gc)
        return Table(compiled, GcContent(compiled, low, high), windows)


def _symbol_ids(modality: LetterSequence | MrnaCodons, ids: SegmentIds) -> NDArray[np.int64]:
    """Return the id of each symbol, ``int64 [68]``, -1 for those that the modality or the vocabulary lacks."""
    found = np.full(NUM_SYMBOLS, -1, dtype=np.int64)
    tokens = _tokens(modality)
    found[: len(tokens)] = [ids.tokens.get(token, -1) for token in tokens]
    missing = [token for token, id_ in zip(tokens, found.tolist(), strict=False) if id_ < 0]
    if missing:
        raise ConfigurationError(f"the vocabulary lacks {missing[0]}, without which {modality.name} designs nothing")
    return found


def _tokens(modality: LetterSequence | MrnaCodons) -> list[str]:
    """Return the tokens of the bases, and of the codons where the modality has them, in the order of symbols."""
    bases = BASES if modality.kind == "dna" else as_rna(BASES)
    if isinstance(modality, LetterSequence):
        return modality.encode(NucleicAcid(bases, modality.kind))
    coding = Feature(CDS, (Interval(FIRST_CODON, FIRST_CODON + 3 * len(CODONS)),))
    return modality.encode(NucleicAcid(bases + as_rna("".join(CODONS)), modality.kind, features=(coding,)))
