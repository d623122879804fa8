"""Encoders of cells that need no network."""

from __future__ import annotations
