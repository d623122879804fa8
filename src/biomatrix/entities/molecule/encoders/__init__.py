"""Encoders of molecules that need no network."""

from __future__ import annotations
