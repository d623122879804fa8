"""Encoders of proteins that need no network."""

from __future__ import annotations
