"""Which conditions the second stage learns, and the sizes of what makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from core.conditioning.build import KINDS


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """The text transformer: width, layers, and longest prompt in tokens."""

    n_embed: int = 128
    n_layer: int = 1
    max_seq_len: int = 32


@dataclass(frozen=True, kw_only=True)
class ClassConfig:
    """Classes as tokens: their width. The classes are those of the data."""

    n_embed: int = 128


@dataclass(frozen=True, kw_only=True)
class LayoutConfig:
    """Boxes as tokens, and the transformer over them (arXiv 2112.10752, section 4.3.1).

    Attributes:
        n_embed, n_layer: Width and layers of the transformer; the paper's has 512 and 16.
        max_objects: Objects in a layout; the paper's models take 30. What a picture has more is left out.
        grid: Corners of boxes lie on so many by so many points; the paper's 8192 tokens make 90.
        on_map: Whether the boxes are also laid on the latent, a channel for each class. Learns where things go from far
            fewer samples than tokens alone.
    """

    n_embed: int = 128
    n_layer: int = 2
    max_objects: int = 8
    grid: int = 32
    on_map: bool = False

    def __post_init__(self) -> None:
        _require(self.max_objects > 0, "max_objects", self.max_objects, "must be above 0")
        _require(2 <= self.grid <= 256, "grid", self.grid, "must be from 2 to 256")


@dataclass(frozen=True, kw_only=True)
class SemanticMapConfig:
    """Semantic maps beside the latent (arXiv 2112.10752, section 4.3.2).

    Attributes:
        classes: Number of classes in the data's maps; 0 = those of the shipped scenes.
        things: Whether the pixels of things count as a class for each kind of thing, where the data has boxes and
            masks; these classes follow those of the map.
        out_channels: Channels that the classes are mixed to; 0 = every class stays a channel of its own.
    """

    classes: int = 0
    things: bool = False
    out_channels: int = 0

    def __post_init__(self) -> None:
        _require(self.classes >= 0, "classes", self.classes, "must be 0 or more")
        _require(self.out_channels >= 0, "out_channels", self.out_channels, "must be 0 or more")


@dataclass(frozen=True, kw_only=True)
class InpaintingConfig:
    """Masked pictures beside the latent (arXiv 2112.10752, section 4.5).

    Attributes:
        convention: How the denoiser is told of the mask: as the published model of that name is.
        box_share: Share of masks made of boxes; the others are strokes.
        thing_share: Share of pictures whose mask covers the thing of interest, where the data has its mask.
    """

    convention: Literal["latent diffusion", "stable diffusion"] = "latent diffusion"
    box_share: float = 0.5
    thing_share: float = 0.0

    def __post_init__(self) -> None:
        for name in ("box_share", "thing_share"):
            _require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "must be from 0 to 1")


@dataclass(frozen=True, kw_only=True)
class LowResolutionConfig:
    """Small pictures beside the latent (arXiv 2112.10752, section 4.4).

    Attributes:
        scale: How much larger the picture is; it divides the first stage's factor.
        max_noise_level: Of "noisy_low_resolution": levels of added noise are below it.
    """

    scale: int = 4
    max_noise_level: int = 350

    def __post_init__(self) -> None:
        _require(self.scale > 0, "scale", self.scale, "must be above 0")
        _require(self.max_noise_level > 0, "max_noise_level", self.max_noise_level, "must be above 0")


@dataclass(frozen=True, kw_only=True)
class ConditioningConfig:
    """What the denoiser is told.

    Attributes:
        kinds: What tells it; several make a mix, "none" stands alone.
        part_dropout: Share of samples for which one part of a mix is left out by itself, beside `condition_dropout`,
            which leaves out all; so a mixed model can be told any of its parts alone.
        class_label, layout, semantic_map, inpainting, low_resolution: Settings of these kinds.
    """

    kinds: tuple[str, ...] = ("text",)
    part_dropout: float = 0.0
    class_label: ClassConfig = field(default_factory=ClassConfig)
    layout: LayoutConfig = field(default_factory=LayoutConfig)
    semantic_map: SemanticMapConfig = field(default_factory=SemanticMapConfig)
    inpainting: InpaintingConfig = field(default_factory=InpaintingConfig)
    low_resolution: LowResolutionConfig = field(default_factory=LowResolutionConfig)

    def __post_init__(self) -> None:
        known = bool(self.kinds) and all(kind in KINDS for kind in self.kinds)
        _require(known, "kinds", self.kinds, f"must be some of {', '.join(KINDS)}")
        apart = len(set(self.kinds)) == len(self.kinds) and ("none" not in self.kinds or len(self.kinds) == 1)
        _require(apart, "kinds", self.kinds, "must name each once, and none only by itself")
        _require(0 <= self.part_dropout < 1, "part_dropout", self.part_dropout, "must be from 0 to below 1")


def _require(holds: bool, name: str, value: object, rule: str) -> None:
    if not holds:
        raise ValueError(f"{name} {rule}; got {value!r}.")
