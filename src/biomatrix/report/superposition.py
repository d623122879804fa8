"""Structures turned so that their flat side faces the viewer."""

from __future__ import annotations

import numpy as np

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of


def facing(entity: Entity) -> Entity:
    """Return the entity turned to be widest across the page and thinnest in depth; unchanged without points."""
    points = kind_of(entity).points(entity)
    if points is None or not np.isfinite(points).any():
        return entity
    finite = points[np.isfinite(points).all(axis=-1)].astype(np.float64)
    center = finite.mean(axis=0)
    axes = np.linalg.svd(finite - center, full_matrices=True)[2]
    axes[2] *= np.sign(np.linalg.det(axes)) or 1.0  # a proper rotation: handedness must not change
    return kind_of(entity).with_points(entity, ((points - center) @ axes.T).astype(np.float32))


def lay_over(moving: Entity, target: Entity) -> Entity:
    """Return the entity superposed on the target, or unchanged where the two cannot be paired atom by atom."""
    return kind_of(target).superpose(moving, target) if moving.kind == target.kind else moving
