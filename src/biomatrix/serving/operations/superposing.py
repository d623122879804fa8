"""Lay one structure over another of the same molecule or chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import UnsupportedError
from biomatrix.serving.answers import told_check
from biomatrix.serving.entities import file_text, open_entity
from biomatrix.serving.operations.operation import Operation
from biomatrix.serving.schemas.showing import SuperposeAsked, SuperposeTold

if TYPE_CHECKING:
    from biomatrix.serving.service import Service

_METHANOL: Final = (
    "methanol\n\n\n  2  1  0  0  0  0  0  0  0  0999 V2000\n"
    "{:10.4f}    0.0000    0.0000 C   0  0\n{:10.4f}    0.0000    0.7000 O   0  0\n  1  2  1  0\nM  END\n$$$$\n"
)
"""Its two heavy atoms, at given places along the first axis, in Angstrom; a file whose every z is 0 is a drawing."""


def superpose(service: Service, asked: SuperposeAsked) -> SuperposeTold:
    """Return the moving entity laid over the target; unmoved where atoms of the two cannot be paired.

    Raises
    ------
    UnsupportedError
        The two are not of one kind, or one has no coordinates.
    """
    moving, target = open_entity(asked.moving, service, "moving"), open_entity(asked.target, service, "target")
    kind = kind_of(moving)
    if kind is not kind_of(target) or kind.viewer is None or not (moving.has_structure and target.has_structure):
        raise UnsupportedError("only two structures of one kind are superposed; give both with coordinates")
    moved = kind.superpose(moving, target)
    shown = next(one for one in kind.formats if one.name == kind.viewer[0])
    content = file_text(moved, shown)
    if content is None:
        raise UnsupportedError(f"this {kind.name} cannot be written as {shown.name}")
    shared = [told_check(one) for one in kind.compare(target, moved)]
    return SuperposeTold(moved=moved is not moving, format=shown.name, content=content, comparison=shared)


OPERATIONS: Final = (
    Operation(
        "superpose",
        "Lay one structure over another of the same molecule or chain.",
        SuperposeAsked,
        SuperposeTold,
        superpose,
        {
            "moving": {"type": "molecule", "sdf": _METHANOL.format(0.0, 1.25)},
            "target": {"type": "molecule", "sdf": _METHANOL.format(5.0, 6.25)},
        },
        is_tool=False,
    ),
)
