"""The configuration that may lie beside a single file: the reference's YAML ("model: target: ..., params: ...").

It is read as data: targets are names to compare, never code to load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from core.errors import ModelFileError

LIMIT = 2**20  # bytes; published configurations have some thousand
_LARGEST = 1e300  # a whole number in a file can be beyond any float
# What shapes cannot tell about a UNet.
_UNET_SETTINGS = (
    "image_size", "dropout", "num_heads", "num_head_channels", "num_heads_upsample", "legacy",
    "use_new_attention_order",
)  # fmt: skip


@dataclass(frozen=True)
class ModelConfig:
    """What a configuration says about a latent diffusion model.

    Attributes:
        path: Where it was read; None = there is none.
        params: Arguments of the reference's LatentDiffusion.
    """

    path: Path | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def number(self, name: str) -> float | None:
        """Return a finite number among the arguments, or None."""
        value = self.params.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _LARGEST:
            return None
        return float(value)

    def part(self, name: str) -> tuple[str, dict[str, Any]]:
        """Return a part's class name without its module, and its arguments; ("", {}) where there is none."""
        part = self.params.get(name)
        if not isinstance(part, Mapping):
            return "", {}
        params = part.get("params")
        return str(part.get("target", "")).rpartition(".")[2], dict(params) if isinstance(params, Mapping) else {}

    def whole_unet(self) -> dict[str, Any]:
        """Return all arguments of a UNet that resamples without weights, so that they leave its levels unsaid."""
        _, params = self.part("unet_config")
        left_out = ("use_fp16", "use_checkpoint")
        return {} if params.get("conv_resample", True) else {n: v for n, v in params.items() if n not in left_out}

    def unet_settings(self) -> dict[str, Any]:
        """Return the arguments of the UNet that its weights' shapes do not tell; none without a configuration."""
        _, params = self.part("unet_config")
        if not params:
            return {}
        # Where it names one way of splitting heads, the other has to go.
        heads = {"num_heads": -1, "num_head_channels": -1, "legacy": True}
        return heads | {name: params[name] for name in _UNET_SETTINGS if name in params}


def config_beside(weights: Path) -> ModelConfig:
    """Read the configuration beside a file of weights: NAME.yaml, or config.yaml in its folder.

    Raises:
        ModelFileError: It is there and cannot be read.
    """
    found = next((path for path in configurations_beside(weights) if path.is_file()), None)
    return ModelConfig() if found is None else read_config(found)


def configurations_beside(weights: Path) -> tuple[Path, ...]:
    """Return where a configuration is looked for, in order."""
    return weights.with_suffix(".yaml"), weights.with_suffix(".yml"), weights.with_name("config.yaml")


def read_config(path: Path) -> ModelConfig:
    """Read a configuration.

    Raises:
        ModelFileError: It is too long, or no YAML.
    """
    try:
        if path.stat().st_size > LIMIT:
            raise _unusable(path, f"it is longer than {LIMIT} bytes")
        loaded = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise _unusable(path, str(error).replace("\n", " ")) from error
    model = loaded.get("model") if isinstance(loaded, Mapping) else None
    params = model.get("params") if isinstance(model, Mapping) else None
    return ModelConfig(path, params if isinstance(params, Mapping) else {})


def _unusable(path: Path, detail: str) -> ModelFileError:
    return ModelFileError(
        f"The configuration {path.name} cannot be read.",
        why=f"On reading {path}, {detail}.",
        fix="Mend it or move it away; without one, the model's shapes tell what is needed.",
    )
