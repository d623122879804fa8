"""Filling a network with published tensors: every one of them is used, or refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from biomatrix.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn


def fill(
    network: nn.Module,
    tensors: Mapping[str, Tensor],
    path: Path,
    *,
    derived: Callable[[str, Tensor], bool | None] = lambda name, tensor: None,
    left_out: Iterable[str] = (),
) -> tuple[str, ...]:
    """Fill a network, in float32, and return the names of the tensors that were left out.

    Parameters
    ----------
    network : Module
    tensors : mapping of str to Tensor
    path : Path
        For errors.
    derived : callable
        Says of a published tensor that the network computes for itself whether it is as computed; None for others.
    left_out : iterable of str
        Beginnings of the names of parts that are not needed.

    Raises
    ------
    WeightsError
        A tensor is missing, left over, of another shape, not finite, or not what the network computes.
    """
    import torch

    own = network.state_dict()
    used: dict[str, Tensor] = {}
    dropped: list[str] = []
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor):
            raise WeightsError(f"holds a {type(tensor).__name__}, not a tensor", file=str(path), position=name)
        same = derived(name, tensor)
        if same is False:
            raise WeightsError("is not what the network computes by itself", file=str(path), position=name)
        if same:
            continue
        if name.startswith(tuple(left_out)):
            dropped.append(name)
        elif name not in own:
            raise WeightsError("is no tensor of this network, and none is left unused", file=str(path), position=name)
        else:
            used[name] = _checked(tensor, own[name], name, path)
    computed = {name for name, tensor in own.items() if derived(name, tensor)}
    missing = [name for name in own if name not in used and name not in computed]
    if missing:
        raise WeightsError(f"lacks {len(missing)} tensors, the first {missing[0]}", file=str(path))
    network.load_state_dict({**{name: own[name] for name in computed}, **used}, strict=True)
    return tuple(dropped)


def _checked(tensor: Tensor, wanted: Tensor, name: str, path: Path) -> Tensor:
    import torch

    if tensor.shape != wanted.shape:
        raise WeightsError(
            f"has the shape {tuple(tensor.shape)}, the network {tuple(wanted.shape)}", file=str(path), position=name
        )
    if not tensor.is_floating_point():
        return tensor
    if not bool(torch.isfinite(tensor).all()):
        raise WeightsError("holds values that are not finite", file=str(path), position=name)
    return tensor.to(torch.float32)
