"""The package's own operations: importing this module registers them."""

from __future__ import annotations

from biomatrix.serving.operations import (
    asking_tasks,
    converting,
    drawing,
    generating,
    judging,
    listing,
    scoring,
    superposing,
    writing_tokens,
)
from biomatrix.serving.operations.operation import register

for _module in (writing_tokens, generating, asking_tasks, judging, converting, scoring, listing, drawing, superposing):
    for _operation in _module.OPERATIONS:
        register(_operation)
