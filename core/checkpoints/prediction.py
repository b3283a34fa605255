"""Whether a denoiser predicts eps or v: which its weights' names and shapes do not tell.

Of the published models, Stable Diffusion 2 at 768 pixels and the upscaler predict v, nearly all others eps. What is
known of a file is asked in turn, surest first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.checkpoints.config_file import ModelConfig
from core.checkpoints.weight_file import WeightFile
from core.checkpoints.zoo import STABLE_DIFFUSION_2, Family

_NAMES = {"eps": "eps", "epsilon": "eps", "v": "v", "v_prediction": "v", "x0": "x0", "sample": "x0"}
_V_FILE = re.compile(r"(?:v[-_ ]?pred)|768[-_]?v|v2[-_]1[-_]768|2[-_.]1[-_]768", re.IGNORECASE)
_EPS_FILE = re.compile(r"eps|512[-_]?base|v2[-_]1[-_]512|(?<!\d)512(?!\d)", re.IGNORECASE)
# A norm whose biases spread in the 768-pixel models, and stay near 0 in the 512-pixel ones.
_SPREAD_NORM = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
_SPREAD = 0.09


@dataclass(frozen=True)
class KnownPrediction:
    """What a denoiser predicts, and how that is known.

    Attributes:
        kind: "eps", "v" or "x0", a value of `Parameterization`.
        source: For people, such as "its configuration".
        certain: Whether the source says it, rather than suggests it.
    """

    kind: str
    source: str
    certain: bool = True


def prediction_of(
    file: WeightFile,
    config: ModelConfig,
    family: Family | None,
    inputs: int,
    scheduler: Mapping[str, Any] | None = None,
    *,
    header_only: bool = False,
) -> KnownPrediction:
    """Find out what the denoiser in a file predicts.

    Args:
        file: The weights; the file's name counts too.
        config: The configuration beside it.
        family: The published model that its shapes belong to.
        inputs: Channels of its input.
        scheduler: scheduler_config.json of a diffusers folder.
        header_only: Read no weight, not even the one whose spread tells.
    """
    said = (
        (config.params.get("parameterization"), "its configuration"),
        ((scheduler or {}).get("prediction_type"), "its scheduler's configuration"),
        (file.notes.get("modelspec.prediction_type", "").lower(), "a note in the file"),
        ("v" if "v_pred" in file.entries else None, "a mark among its weights"),
    )
    for value, source in said:
        if isinstance(value, str) and value in _NAMES:
            return KnownPrediction(_NAMES[value], source)
    if _V_FILE.search(file.path.stem):
        return KnownPrediction("v", "its name", certain=False)
    if family is None:
        return KnownPrediction("eps", "custom", certain=False)
    if family.name != STABLE_DIFFUSION_2:
        v = "upscaler" in family.name
        return KnownPrediction("v" if v else "eps", "its family")
    if inputs != 4:
        return KnownPrediction("eps", "its family's variants with other inputs")
    if _EPS_FILE.search(file.path.stem):
        return KnownPrediction("eps", "its name", certain=False)
    if _SPREAD_NORM in file.entries and not header_only:
        v = file.tensors([_SPREAD_NORM])[_SPREAD_NORM].float().std().item() > _SPREAD
        return KnownPrediction("v" if v else "eps", "the spread of a norm", certain=False)
    return KnownPrediction("v", "its family", certain=False)
