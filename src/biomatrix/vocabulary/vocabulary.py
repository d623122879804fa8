"""The vocabulary: text and entities to ids, and ids back to typed segments.

Entities go to ids through one table per modality and text through the base model alone, so nothing in prose is
ever taken for a modality token, and no token of an entity is ever spelled out letter by letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from biomatrix.entities import Entity
from biomatrix.entities.automaton import Automaton
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.files.folders import files_written_aside
from biomatrix.entities.modality_registry import default_modalities
from biomatrix.entities.modality_registry import modalities as registered_modalities
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import BioMatrixError, VocabularyError
from biomatrix.vocabulary.binding import bind, check_binding, record_of, with_settings
from biomatrix.vocabulary.blocks import Block, block_of, find_blocks, join_parts
from biomatrix.vocabulary.chat import DOCUMENT_END, TURN_END, TURN_START, Turn, checked_turn
from biomatrix.vocabulary.decoding import Decoder
from biomatrix.vocabulary.encoding import Batch, Encoder, checked_items
from biomatrix.vocabulary.extension import extend
from biomatrix.vocabulary.folder import LAYOUT_FILES, locate, read_backend, read_rows, write_stock_files
from biomatrix.vocabulary.manifest import FILE_NAME, Manifest, TokenizerRecord
from biomatrix.vocabulary.plain_text import PlainText, printable_pieces
from biomatrix.vocabulary.segments import NOTHING, OPENS, TEXT, Segment, Value, assign_roles
from biomatrix.vocabulary.tables import CodeTable, Item

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerFast


class Vocabulary:
    """A base tokenizer and the modality tokens added to it.

    Made by :meth:`build` or :meth:`from_pretrained`.

    Parameters
    ----------
    backend : tokenizers.Tokenizer
        The extended tokenizer.
    blocks : dict of str to Block
        Where each modality lives.
    manifest : Manifest
        Sizes of the base, and the structure tokenizers the tokens belong to.
    settings : dict
        Further settings of the stock tokenizer: its named special tokens, its longest input and its chat template.
    trusted : frozenset of str
        Modalities whose structure tokenizer the caller has named.
    rows : int, optional
        Embedding rows of the model beside the tokenizer, where there is one.
    """

    def __init__(
        self,
        backend: Tokenizer,
        blocks: dict[str, Block],
        manifest: Manifest,
        settings: dict[str, Any],
        trusted: frozenset[str] = frozenset(),
        rows: int | None = None,
    ) -> None:
        self.blocks = join_parts(blocks)
        self.base_size = manifest.base_size
        self.base_rows = manifest.base_rows
        self.required_tokenizers: dict[str, TokenizerRecord] = dict(manifest.structure_tokenizers)
        self.backend = backend
        self._manifest = manifest
        self._settings = settings
        self._trusted_names = trusted
        self._model_rows = rows or 0
        self._verified_names: set[str] = set()
        self._automata: dict[str, Automaton] = {}
        self._text = PlainText(backend)
        self._added_ids = {token.content: id_ for id_, token in backend.get_added_tokens_decoder().items()}

    # Building, opening and saving

    @classmethod
    def build(
        cls,
        base: PreTrainedTokenizerFast,
        tokens: Mapping[str, Sequence[str]] | None = None,
        modalities: Iterable[Modality] | None = None,
        structure_tokenizers: Mapping[str, TokenizerRecord] | None = None,
        base_rows: int | None = None,
    ) -> Vocabulary:
        """Extend a base tokenizer.

        Parameters
        ----------
        base : PreTrainedTokenizerFast
            Any Hugging Face fast tokenizer; it is copied.
        tokens : mapping of str to sequence of str, optional
            By modality name, its tokens, such as the joint molecule tokens chosen by coverage;
            ``modality.vocabulary()`` for modalities not named.
        modalities : iterable of Modality, optional
            When not given, every registered one of the kinds that are held by default.
        structure_tokenizers : mapping of str to TokenizerRecord, optional
            By modality name, the structure tokenizer that the tokens belong to; read from the modality's own structure
            tokenizer when not given.
        base_rows : int, optional
            Rows of the base model's embedding where it has more rows than tokens (Qwen3: 151,936).
        """
        modality_list = list(default_modalities() if modalities is None else modalities)
        backend = extend(base, modality_list, tokens or {})
        base_size = base.backend_tokenizer.get_vocab_size(with_added_tokens=True)
        blocks = _blocks(backend, modality_list)
        known_records = structure_tokenizers or {}
        records = {m.name: known_records.get(m.name) or record_of(m) for m in modality_list}
        manifest = Manifest(
            base_size,
            max(base_size, base_rows or 0),
            _counts(blocks),
            {name: record for name, record in records.items() if record is not None},
            {m.name: dict(m.settings()) for m in modality_list if m.settings()},
        )
        special_tokens = base.special_tokens_map.items()
        settings: dict[str, Any] = {role: token for role, token in special_tokens if isinstance(token, str)}
        settings["chat_template"] = base.chat_template
        settings["model_max_length"] = base.model_max_length
        return cls(backend, blocks, manifest, settings)

    @classmethod
    def from_pretrained(
        cls,
        path_or_id: str | Path,
        structure_tokenizers: Mapping[str, Any] | None = None,
        modalities: Iterable[Modality] | None = None,
    ) -> Vocabulary:
        """Open a folder, or a repository of the Hugging Face hub, in the ordinary tokenizer layout.

        Modalities are found by their token strings, whatever their ids. A folder this package wrote also says
        which structure tokenizers its tokens belong to; for any other, name them.

        Parameters
        ----------
        path_or_id : str or Path
            A folder with ``tokenizer.json``, or a hub id.
        structure_tokenizers : mapping of str to (str or Path or structure tokenizer), optional
            By modality name, the structure tokenizer to use: a shipped name, a folder, or an object.
        modalities : iterable of Modality, optional
            The modalities to look for; every registered one when not given.

        Raises
        ------
        VocabularyError
            If the folder holds no modality, its files do not belong together, or a named structure tokenizer is not
            the recorded one.
        """
        folder = locate(path_or_id)
        backend, settings = read_backend(folder)
        manifest = Manifest.read(folder)
        modality_list = list(registered_modalities() if modalities is None else modalities)
        if manifest is not None:
            modality_list = with_settings(modality_list, manifest.settings, given=modalities is not None)
        blocks = _blocks(backend, modality_list)
        if not blocks:
            raise VocabularyError("the tokenizer holds no modality's control tokens", file=str(path_or_id))
        if manifest is None:
            manifest = _infer(backend, blocks)
        elif dict(manifest.tokens) != _counts(blocks):
            raise VocabularyError(
                f"{FILE_NAME} speaks of other tokens than the tokenizer holds; the files are mixed up",
                file=str(path_or_id),
            )
        blocks = bind(blocks, manifest.structure_tokenizers, structure_tokenizers or {})
        return cls(backend, blocks, manifest, settings, frozenset(structure_tokenizers or {}), read_rows(folder))

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the ordinary tokenizer layout, which stock ``AutoTokenizer`` opens, and ``biomatrix.json``.

        Each file is first written in another place, and moved to its name when complete. Files of an older tokenizer
        in the folder are replaced or removed.
        """
        with files_written_aside(folder, LAYOUT_FILES) as aside:
            write_stock_files(self.tokenizer, aside)
            (aside / FILE_NAME).write_text(self._manifest.to_json(), encoding="utf-8")

    # Sizes and ids

    def __len__(self) -> int:
        """Return one more than the largest id."""
        return len(self._roles)

    def __contains__(self, modality: object) -> bool:
        return modality in self.blocks

    def __repr__(self) -> str:
        added = ", ".join(f"{name}: {len(block.tokens):,}" for name, block in self.blocks.items())
        return f"Vocabulary({self.base_size:,} base entries; {added})"

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The stock tokenizer over the same ids."""
        from transformers import PreTrainedTokenizerFast

        settings = {key: value for key, value in self._settings.items() if value is not None}
        return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=self.backend, **{"clean_up_tokenization_spaces": False, **settings}
        )

    @property
    def rows(self) -> int:
        """Embedding rows of the model beside the tokenizer, else of the base; never fewer than the tokens."""
        return max(self._model_rows or self.base_rows, len(self))

    @property
    def modalities(self) -> tuple[str, ...]:
        """The names of the modalities the vocabulary holds."""
        return tuple(self.blocks)

    @property
    def new_ids(self) -> NDArray[np.int64]:
        """Every id that belongs to a modality, control pairs included, ascending: ``int64 [n]``."""
        return np.flatnonzero(self._roles >= OPENS)

    @property
    def pad_id(self) -> int | None:
        """The padding token's id, if the tokenizer names one."""
        return self._named_id("pad_token")

    @property
    def end_of_text_id(self) -> int | None:
        """The id that ends an answer, if the tokenizer names one."""
        return self._named_id("eos_token")

    @property
    def ending_ids(self) -> list[int]:
        """The ids at which an answer ends, the one the tokenizer names first."""
        candidates = [self.end_of_text_id, *map(self.backend.token_to_id, (TURN_END, DOCUMENT_END))]
        return list(dict.fromkeys(id_ for id_ in candidates if id_ is not None))

    @property
    def plain_ids(self) -> NDArray[np.int64]:
        """The ids of the base model's pieces, without added tokens, ascending: ``int64 [n]``."""
        return np.flatnonzero(self._roles == TEXT)

    def block(self, modality: str) -> Block:
        """Return a modality's place in the vocabulary; VocabularyError where the vocabulary does not hold it."""
        return block_of(self.blocks, modality)

    def start_id(self, modality: str) -> int:
        """Return the id of a modality's start token."""
        return self.block(modality).start_id

    def end_id(self, modality: str) -> int:
        """Return the id of a modality's end token."""
        return self.block(modality).end_id

    def mask(self, rows: int | None = None) -> NDArray[np.bool_]:
        """Return which of ``rows`` embedding rows are tokens, ``bool [rows]``; the others must never be sampled.

        Parameters
        ----------
        rows : int, optional
            The model's embedding rows; :attr:`rows` when not given.

        Raises
        ------
        VocabularyError
            If there are fewer rows than tokens.
        """
        size = self.rows if rows is None else rows
        if size < len(self):
            raise VocabularyError(f"{size:,} embedding rows are too few for a vocabulary of {len(self):,}")
        mask = np.zeros(size, dtype=bool)
        mask[: len(self)] = self._roles != NOTHING
        return mask

    def padding_ids(self, rows: int | None = None) -> NDArray[np.int64]:
        """Return the rows that are no token, ascending: ``int64 [n]``; see :meth:`mask`."""
        return np.flatnonzero(~self.mask(rows))

    def segment_ids(self, modality: str) -> SegmentIds:
        """Return the ids of a modality, as its automaton needs them."""
        block = self.block(modality)
        parts = {name: self.segment_ids(name) for name in block.modality.parts}
        return SegmentIds(
            block.start_id, block.end_id, block.index, self.plain_ids, parts, lambda: self._printable_pieces
        )

    @cached_property
    def _printable_pieces(self) -> dict[int, str]:
        """The texts of the base model's pieces that are printable ASCII without blanks, by id."""
        return printable_pieces(self.backend, self.plain_ids)

    def automaton(self, modality: str) -> Automaton:
        """Return which ids may come next inside a segment of the modality; the same object each time."""
        if modality not in self._automata:
            self._automata[modality] = self.block(modality).modality.automaton(self.segment_ids(modality))
        return self._automata[modality]

    def table(self, modality: str, tokens: Sequence[str]) -> CodeTable:
        """Return the table in which code ``i`` stands for ``tokens[i]``: the quickest way from codes to ids."""
        return CodeTable.from_block(self.block(modality), tokens)

    # Encoding

    def encode(self, items: Item | Sequence[Item]) -> list[int]:
        """Return the ids of text and entities in order.

        Parameters
        ----------
        items : sequence of (str, Entity, (Entity, modality), Tokens, Codes, Positions)
            Text stays text whatever it looks like. A bare entity is written in its :meth:`default_modality`;
            pair it with a modality's name to choose another.

        Raises
        ------
        VocabularyError
            If the vocabulary does not hold a token of an entity; names the token and its index.
        """
        return self._encoder.encode(items)

    def encode_entity(self, entity: Entity, modality: str) -> list[int]:
        """Return the ids of one segment, control pair included, for an entity written in a modality."""
        return self.encode_tokens(self._checked_modality(modality).encode(entity), modality)

    def encode_tokens(self, tokens: Sequence[str], modality: str) -> list[int]:
        """Return the ids of one segment, control pair included, for an entity already written as tokens."""
        return self._encoder.encode_tokens(tokens, modality)

    def encode_text(self, text: str) -> list[int]:
        """Return the ids of a text's base pieces; strings that look like added tokens are text too."""
        return self._text.encode(text)

    def encode_batch(self, documents: Sequence[Sequence[Item]]) -> Batch:
        """Encode many documents at once: texts in one call to the base model, entities in one call per modality.

        A document that cannot be encoded is refused with its reason; the others go on.
        """
        return self._encoder.encode_batch(documents)

    def default_modality(self, entity: Entity) -> str:
        """Return the modality that an entity is written in where none is named.

        It is the first one that takes the entity, is not spelled as text and needs no coordinates, such as SELFIES
        for a molecule and the sequence for a protein; where there is none, the first that takes the entity.

        Raises
        ------
        VocabularyError
            If no modality of the vocabulary takes the entity.
        """
        return self._encoder.default_modality(entity)

    def encode_chat(self, turns: Sequence[Turn], add_generation_prompt: bool = True) -> list[int]:
        """Return the ids of a conversation in Qwen3's format, with text and entities inside its turns.

        Only the turns' own marks become special tokens: a mark written inside a message stays text.

        Raises
        ------
        ConfigurationError
            A turn is no Turn, or its role is unknown.
        UnsupportedError
            A part of a turn is no item, at the index ``position`` of the turn's content.
        """
        start, end = self._control(TURN_START), self._control(TURN_END)
        ids: list[int] = []
        for number, turn in enumerate(turns, start=1):
            try:
                content = checked_items(checked_turn(turn).content)
                ids += [start, *self.encode([f"{turn.role}\n", *content]), end, *self.encode_text("\n")]
            except BioMatrixError as error:
                raise (error.at(record=f"turn {number}") if len(turns) > 1 else error) from error.__cause__
        if add_generation_prompt:
            ids += [start, *self.encode_text("assistant\n")]
        return ids

    # Decoding

    def decode(self, ids: Sequence[int] | NDArray[np.integer], skip_special: bool = False) -> list[Value]:
        """Return typed parts in order: text, entities, and a Failure for what spells neither.

        Parameters
        ----------
        ids : sequence of int
            Ids as a model wrote them, the last segment closed or not.
        skip_special : bool
            Leave the base tokenizer's own special tokens (turn marks, padding) out of the text.
        """
        return [segment.value for segment in self.segments(ids, skip_special)]

    def segments(self, ids: Sequence[int] | NDArray[np.integer], skip_special: bool = False) -> list[Segment]:
        """Return the parts that :meth:`decode` gives, with the place, modality and tokens of each."""
        return self._decoder.segments(ids, skip_special)

    def segments_each(
        self, sequences: Sequence[Sequence[int] | NDArray[np.integer]], skip_special: bool = False
    ) -> list[list[Segment]]:
        """Return :meth:`segments` of many sequences, faster: entities of one modality are decoded in one batch."""
        return self._decoder.segments_each(sequences, skip_special)

    def text(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        """Return ids as the tokenizer writes them, control tokens included; ids without a token are left out."""
        return self._decoder.text(ids)

    def modality(self, name: str) -> Modality:
        """Return the modality as the vocabulary uses it, its structure tokenizer checked against the record.

        Raises
        ------
        VocabularyError
            If the vocabulary does not hold it, or its tokens belong to another structure tokenizer.
        """
        return self._checked_modality(name)

    # Inside

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder(self.blocks, self._text, self._checked_modality)

    @cached_property
    def _decoder(self) -> Decoder:
        return Decoder(self.backend, self.blocks, self._roles, self._checked_modality)

    @cached_property
    def _roles(self) -> NDArray[np.int16]:
        pieces = self.backend.get_vocab(with_added_tokens=False).values()
        return assign_roles(pieces, self._added_ids.values(), list(self.blocks.values()))

    def _checked_modality(self, name: str) -> Modality:
        block = self.block(name)
        if name not in self._verified_names:
            record = self.required_tokenizers.get(name)
            if record is not None:
                check_binding(block.modality, record, name in self._trusted_names)
            for part in block.parts:
                self._checked_modality(part)
            self._verified_names.add(name)
        return block.modality

    def _named_id(self, role: str) -> int | None:
        token = self._settings.get(role)
        return None if token is None else self.backend.token_to_id(token)

    def _control(self, token: str) -> int:
        id_ = self._added_ids.get(token)
        if id_ is None:
            raise VocabularyError(f"the tokenizer has no {token!r}, which the chat format needs")
        return id_


def _blocks(backend: Tokenizer, modalities: Sequence[Modality]) -> dict[str, Block]:
    added = {token.content: id_ for id_, token in backend.get_added_tokens_decoder().items()}
    text = PlainText(backend)
    return find_blocks(added, modalities, partial(text.encode, first=False))


def _counts(blocks: Mapping[str, Block]) -> dict[str, int]:
    return {name: len(block.tokens) + 2 for name, block in blocks.items()}


def _infer(backend: Tokenizer, blocks: Mapping[str, Block]) -> Manifest:
    """Return the manifest of a tokenizer that came without one, derived from its token strings."""
    counts = _counts(blocks)
    base_size = backend.get_vocab_size(with_added_tokens=True) - sum(counts.values())
    records = {name: record_of(block.modality, block.tokens) for name, block in blocks.items()}
    return Manifest(
        base_size,
        base_size,
        counts,
        {name: record for name, record in records.items() if record is not None},
    )
