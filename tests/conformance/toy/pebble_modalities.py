"""Two modalities of pebbles: the colours in a row, ``<P 2>``; a walk on a lattice besides, ``<P 2 5>``."""

import re
from types import SimpleNamespace

import numpy as np
from pebbles import COLOURS, Pebble

from biomatrix.entities import Grammar, Modality
from biomatrix.errors import DecodeError, UnsupportedError

AXES = np.concatenate([np.eye(3), -np.eye(3)])  # the steps of a walk, by code


class Sequence(Modality):
    name, kind, file_format = "pebble_sequence", "pebble", "pebble"
    start_token, start_description = "<|pebble_start|>", "Begins a row of pebbles"
    end_token, end_description = "<|pebble_end|>", "Ends a row of pebbles"
    token_pattern, tails = re.compile(r"<P ([1-4])>"), ("",)

    def vocabulary(self):
        return {f"<P {digit}{tail}>": COLOURS[digit] for digit in COLOURS for tail in self.tails}

    def encode(self, entity):
        if not self.accepts(entity):
            raise UnsupportedError(f"{self.name} cannot write this {entity.kind}")
        codes = [0] * len(entity.colours)
        if self.needs_structure:
            codes = (np.diff(entity.places, axis=0, prepend=0) @ AXES.T).argmax(axis=1)
        return [f"<P {digit}{self.tails[code]}>" for digit, code in zip(entity.colours, codes, strict=True)]

    def decode(self, tokens):
        groups = [match.groups() for match in map(self.token_pattern.fullmatch, tokens) if match]
        if not groups or len(groups) < len(tokens):
            raise DecodeError("not pebbles", position=0)
        steps = [AXES[int(code)] for _, *codes in groups for code in codes]
        return Pebble("".join(digit for digit, *_ in groups), np.cumsum(steps, axis=0).tolist() if steps else None)

    def grammar(self):  # one or more pebbles, the first of which is red
        return Grammar(np.array([[1, -1], [1, 1]], np.int16), np.array([False, True]), np.array([True, True]))

    def token_class(self, token):
        return int(token[3] != "1")


class Structure(Sequence):
    name, needs_structure, needs_tokenizer, tokenizer = "pebble_structure", True, True, None
    start_token, end_token = "<|pebble_3d_start|>", "<|pebble_3d_end|>"
    token_pattern, tails = re.compile(r"<P ([1-4]) ([0-5])>"), tuple(f" {code}" for code in range(6))

    def __init__(self, tokenizer="lattice-6"):
        self.tokenizer = SimpleNamespace(name=tokenizer, fingerprint="6a77ace00006", num_codes=6, code_features=AXES)

    def code_of(self, token):
        return int(token[5])
