"""What the plain decoder needs to know of ``config.json``, and which configurations it leaves to Transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_EXPECTED: Final[dict[str, tuple[Any, ...]]] = {
    "model_type": ("qwen3",),
    "architectures": (["Qwen3ForCausalLM"],),
    "hidden_act": ("silu",),
    "attention_bias": (False,),
    "use_sliding_window": (False, None),
    "sliding_window": (None,),
    "rope_scaling": (None,),
    "attention_dropout": (0, 0.0),
}
"""Settings that have one meaning here; any other value is Transformers' to read."""

_SIZES: Final = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "max_position_embeddings",
)

_WITHOUT_MEANING: Final = frozenset(
    {
        *("dtype", "torch_dtype", "transformers_version", "initializer_range", "use_cache", "max_window_layers"),
        *("bos_token_id", "eos_token_id", "pad_token_id"),
    }
)
"""Settings that change nothing in the answers of a network that is not trained."""

_READ: Final = frozenset({"rms_norm_eps", "tie_word_embeddings", "layer_types", "rope_parameters", "rope_theta"})


@dataclass(frozen=True)
class Configuration:
    """The sizes of a Qwen3 decoder.

    Parameters
    ----------
    vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads : int
        As in ``config.json``.
    head_dim : int
        Of queries, keys and values.
    max_position_embeddings : int
        The context, in tokens.
    rms_norm_eps, rope_theta : float
        Of the norms, and of the rotary positions.
    tie_word_embeddings : bool
        Whether the output rows are those of the embedding.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int
    rms_norm_eps: float
    rope_theta: float
    tie_word_embeddings: bool

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Configuration | None:
        """Return the sizes that ``config.json`` spells; None where it asks for anything but a plain Qwen3 decoder."""
        known = {*_EXPECTED, *_SIZES, *_WITHOUT_MEANING, *_READ}
        theta = _rope_theta(settings)
        plain = (
            set(settings) <= known
            and all(settings[name] in values for name, values in _EXPECTED.items() if name in settings)
            and settings.get("model_type") == "qwen3"
            and all(type(settings.get(name)) is int and settings[name] > 0 for name in _SIZES)
            and isinstance(settings.get("rms_norm_eps"), float)
            and isinstance(settings.get("tie_word_embeddings"), bool)
            and theta is not None
        )
        if not plain or theta is None:
            return None
        layers = ["full_attention"] * settings["num_hidden_layers"]
        if settings.get("layer_types", layers) != layers:
            return None
        if settings["num_attention_heads"] % settings["num_key_value_heads"] or settings["head_dim"] % 2:
            return None
        sizes = {name: settings[name] for name in (*_SIZES, "rms_norm_eps", "tie_word_embeddings")}
        return cls(**sizes, rope_theta=theta)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor of the weights, by its stock name."""
        width, inner = self.hidden_size, self.intermediate_size
        queries, keys = self.num_attention_heads * self.head_dim, self.num_key_value_heads * self.head_dim
        layer = {
            "input_layernorm": (width,),
            "self_attn.q_proj": (queries, width),
            "self_attn.k_proj": (keys, width),
            "self_attn.v_proj": (keys, width),
            "self_attn.o_proj": (width, queries),
            "self_attn.q_norm": (self.head_dim,),
            "self_attn.k_norm": (self.head_dim,),
            "post_attention_layernorm": (width,),
            "mlp.gate_proj": (inner, width),
            "mlp.up_proj": (inner, width),
            "mlp.down_proj": (width, inner),
        }
        shapes = {"model.embed_tokens.weight": (self.vocab_size, width), "model.norm.weight": (width,)}
        for number in range(self.num_hidden_layers):
            shapes |= {f"model.layers.{number}.{name}.weight": shape for name, shape in layer.items()}
        if not self.tie_word_embeddings:
            shapes["lm_head.weight"] = (self.vocab_size, width)
        return shapes


def _rope_theta(settings: Mapping[str, Any]) -> float | None:
    """Return the base of the rotary positions, from either spelling; None where they are scaled or not given."""
    parameters = settings.get("rope_parameters")
    if parameters is None:
        parameters = {"rope_type": "default", "rope_theta": settings.get("rope_theta")}
    elif "rope_theta" in settings:
        return None
    if not isinstance(parameters, dict) or set(parameters) != {"rope_type", "rope_theta"}:
        return None
    theta = parameters["rope_theta"]
    return theta if parameters["rope_type"] == "default" and isinstance(theta, int | float) else None
