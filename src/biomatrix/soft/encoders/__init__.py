"""Encoders: entities of one kind to vectors of one width, frozen."""

from __future__ import annotations
