"""What is measured of a model, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """How a model is judged on data that it did not learn from.

    Attributes:
        every: Steps between evaluations while a run trains; 0 = none.
        count: How many held-out items the losses and reconstructions are measured on.
        pictures: How many pictures are generated for their captions; 0 = none. While a run trains, none are.
        steps, guidance, sampler: How they are sampled.
        seed: Decides noise, times and what is random of the conditions.
        perceptual, perceptual_folder: As for the first stage, "none" = no perceptual distance.
        features: Network of the Fréchet distance, precision and recall: efficientnet-lite0 or inception-v3.
        features_folder: Where its weights lie, if they are not shipped.
        clip_folder: A CLIP model in the format of transformers; "" = no CLIP score.
    """

    every: int = 0
    count: int = 256
    pictures: int = 256
    steps: int = 25
    guidance: float = 2.0
    sampler: str = "ddim"
    seed: int = 0
    perceptual: str = "efficientnet-lite0"
    perceptual_folder: str = ""
    features: str = "efficientnet-lite0"
    features_folder: str = ""
    clip_folder: str = ""

    def __post_init__(self) -> None:
        for name, least in (("every", 0), ("count", 1), ("pictures", 0), ("steps", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"evaluation.{name} must be {least} or more; got {getattr(self, name)!r}.")
        if self.guidance < 1:
            raise ValueError(f"evaluation.guidance must be 1 or more; got {self.guidance!r}.")
