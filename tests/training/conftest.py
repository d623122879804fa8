"""Fixtures of the training tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_SPEC = importlib.util.spec_from_file_location("training_documents", Path(__file__).with_name("documents.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
sys.modules["training_documents"] = _MODULE
_SPEC.loader.exec_module(_MODULE)
