"""Alignment: a projector is trained so that vectors of entities lie where the texts about them lie.

The encoder, the texts' side and the decoder stay frozen. What is reported stands beside its controls, always.
"""

from __future__ import annotations
