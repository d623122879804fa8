"""Fused kernels of Liger (``liger-kernel``) in place of a Qwen3 decoder's norms, rotary positions and SwiGLU.

The modules of one decoder are exchanged, not the classes of Transformers, so no other model of the process changes;
parameters stay the same objects under the same names, so checkpoints and exported models do too. The loss is this
package's own either way. Layers that are compiled keep their modules: the compiler fuses the same operations itself,
and could not look into a kernel that is not its own.
"""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Final

import torch

from biomatrix.errors import ConfigurationError
from biomatrix.training.progress import logger

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.training.config import RunSection

_ROTARY: Final = "apply_rotary_pos_emb"
_REMEDY: Final = 'set run.kernels to "plain"'


def use_kernels(model: PreTrainedModel, run: RunSection) -> bool:
    """Give a decoder the kernels that a recipe asks for, and return whether they are Liger's.

    Parameters
    ----------
    model : PreTrainedModel
        Changed in place, before it is compiled, sharded or given adapters.
    run : RunSection
        ``kernels`` and ``compile``. "auto" takes Liger where there is a GPU and the package, layers are not compiled
        and the decoder is a Qwen3, and says which it took; "liger" insists.

    Raises
    ------
    ConfigurationError
        "liger" was asked for and cannot be had: no GPU, no package, or another decoder.
    """
    if run.kernels == "plain" or (run.kernels == "auto" and run.compile):
        return False
    obstacle = _obstacle(model)
    if obstacle and run.kernels == "liger":
        raise ConfigurationError(f'run.kernels = "liger" {obstacle}, or {_REMEDY}')
    if obstacle:
        logger.info('run.kernels = "auto": plain kernels, since Liger %s', obstacle)
        return False
    count = exchange(model)
    logger.info('run.kernels = "%s": %d norms, rotations and SwiGLUs are Liger\'s', run.kernels, count)
    return True


def _obstacle(model: PreTrainedModel) -> str | None:
    """Return why Liger cannot be used here, with what to do about it; None where it can."""
    if not torch.cuda.is_available():
        return "needs a GPU, and none is seen: run where there is one"
    if _liger() is None:
        return 'needs liger-kernel, which is not installed: pip install "biomatrix[liger]"'
    if model.config.model_type != "qwen3":
        return f"is for Qwen3 decoders, and this one is {model.config.model_type!r}: train a Qwen3"
    return None


def _liger() -> Any:
    try:
        from liger_kernel import transformers
    except ImportError:
        return None
    return transformers


def exchange(model: PreTrainedModel) -> int:
    """Exchange the norms, rotations and SwiGLUs of a Qwen3 for Liger's, in place, and return how many.

    Parameters
    ----------
    model : PreTrainedModel
        A Qwen3; its parameters stay the same objects.

    Raises
    ------
    ConfigurationError
        The decoder of this version of Transformers applies rotary positions in another way.
    """
    from transformers.models.qwen3 import modeling_qwen3 as qwen3

    liger, count = _liger(), 0
    for module in list(model.modules()):
        if isinstance(module, qwen3.Qwen3Attention):
            # A method of this object alone, which reads the names of its module with one of them replaced.
            one: Any = module
            one.forward = MethodType(_rotating_by(type(module).forward, liger.liger_rotary_pos_emb), module)
            count += 1
        for name, part in module.named_children():
            if isinstance(part, qwen3.Qwen3RMSNorm):
                setattr(module, name, _norm(liger, part))
            elif isinstance(part, qwen3.Qwen3MLP):
                setattr(module, name, _swiglu(liger, part))
            else:
                continue
            count += 1
    return count


def _norm(liger: Any, norm: Any) -> Any:
    new = liger.LigerRMSNorm(norm.weight.numel(), eps=norm.variance_epsilon)
    new.weight = norm.weight
    return new.train(norm.training)


def _swiglu(liger: Any, mlp: Any) -> Any:
    with torch.device("meta"):  # its own matrices are thrown away
        new = liger.LigerSwiGLUMLP(mlp.config)
    new.gate_proj, new.up_proj, new.down_proj = mlp.gate_proj, mlp.up_proj, mlp.down_proj
    return new.train(mlp.training)


def _rotating_by(forward: Any, rotate: Any) -> FunctionType:
    """Return an attention's forward with another function for rotary positions, which it looks up by its name."""
    if _ROTARY not in getattr(getattr(forward, "__code__", None), "co_names", ()):
        raise ConfigurationError(
            f"the attention of this version of Transformers does not call {_ROTARY}, which Liger's rotation is to "
            f"replace; {_REMEDY}"
        )
    names = {**forward.__globals__, _ROTARY: rotate}
    return FunctionType(forward.__code__, names, forward.__name__, forward.__defaults__, forward.__closure__)
