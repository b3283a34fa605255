"""Which field stands on which page of the form, and whether it matters for the run at hand."""

from __future__ import annotations

from app.panels.training.form.draft import FIELDS, Draft
from app.panels.training.words import phase_title
from training.config import PHASES

PAGES = ("Data", "Model", "Conditioning", "Losses", "Schedule")
_NETWORKS = ("ddconfig", "decoder_config", "embed_dim", "n_embed", "unet", "base", "base_text_learns", "lora")
_LOSSES = (
    "l1", "l2", "gradient", "kl", "codebook", "reduction", "perceptual", "perceptual_weight", "perceptual_folder",
    "discriminator", "discriminator_optimizer", "latent_noise", "schedule", "parameterization", "min_snr_gamma",
    "objective",
)  # fmt: skip
_CONDITIONING = ("text", "conditioning", "condition_dropout", "tokenizer")
_ELSEWHERE = ("name", "phases")  # above the pages
_OF_SCENES = ("scenes", "count")
_OF_BOTH = ("kind", "seed", "memory_mb", "prefetch", "crop", "flip", "variants", "captions")
_KIND_OF = {"class_label": "class", "semantic_map": "semantic"}


def page_of(name: str) -> str:
    """The page of a field, "" where it stands elsewhere. Fields that nobody placed are on the last page."""
    first, _, rest = name.partition(".")
    second = rest.partition(".")[0]
    if name in _ELSEWHERE:
        return ""
    if first == "data":
        return "Data"
    if name == "initial" or (first in PHASES and second in _NETWORKS):
        return "Model"
    if first in PHASES and second in _CONDITIONING:
        return "Conditioning"
    return "Losses" if first in PHASES and second in _LOSSES else "Schedule"


def section_of(name: str) -> str:
    """The heading above a field."""
    first, _, rest = name.partition(".")
    if first not in PHASES:
        second = rest.partition(".")[0]
        return {"scenes": "Scenes", "buckets": "Shapes"}.get(second, "Data") if first == "data" else "The run"
    part = rest.partition(".")[0].replace("_", " ") if "." in rest else ""
    return f"{phase_title(first)} · {part}" if part else phase_title(first)


def matters(name: str, draft: Draft) -> bool:
    """Whether a field has an effect, with what is chosen elsewhere."""
    first, _, rest = name.partition(".")
    second, _, third = rest.partition(".")
    phases = draft.value("phases") or ()
    if first in PHASES and first not in phases:
        # The second stage's networks take the latent's channels from here only while the first is trained.
        return False
    if name == "initial":
        return "first_stage" not in phases
    if name == "data.annotations":
        return bool(draft.value("data.kind") == "coco")
    if first == "data" and second not in _OF_BOTH:
        return (second in _OF_SCENES) == bool(draft.value("data.kind") == "scenes")
    if second == "latent_noise":
        return first == "decoder"
    if second == "conditioning" and "." in third:
        kind = third.partition(".")[0]
        return any(_KIND_OF.get(kind, kind) in chosen for chosen in draft.value("second_stage.conditioning.kinds"))
    parts = [part for part, spec in FIELDS.items() if spec.kind == "part" and name.startswith(f"{part}.")]
    if name.startswith((f"{first}.discriminator.", f"{first}.discriminator_optimizer.")):
        parts = [f"{first}.discriminator"]
    return all(draft.holds(part) for part in parts)
