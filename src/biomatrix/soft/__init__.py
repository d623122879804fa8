"""Soft tokens: vectors of frozen encoders that stand in a prompt in place of the embeddings of tokens.

An encoder turns entities into vectors, a projector brings them to the width of a decoder, and the prompt holds a
position for each. The vocabulary stays as it is. Such a model reads the entity; it cannot write it.
"""

from __future__ import annotations
