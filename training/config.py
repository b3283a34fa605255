"""Configuration of a training run: frozen dataclasses, TOML only at the border."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization
from core.errors import InputError
from core.nearest import nearest_name
from training.conditions.config import ConditioningConfig, TextConfig
from training.data.config import HELD_OUT_SEED, DataConfig
from training.evaluation.config import EvaluationConfig
from training.lora_config import LoraConfig
from training.losses.diffusion import DiffusionObjective
from training.losses.first_stage import DiscriminatorConfig
from training.lr_schedules import make_multiplier
from training.overrides import override
from training.perceptual.metric import METRICS

T = TypeVar("T")
PHASES = ("first_stage", "decoder", "second_stage")
PRECISIONS = ("float32", "bfloat16")
HALF = "float16"  # needs scaled gradients, which the first stage's adversarial losses do not go with


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """AdamW with linear warm-up and a cosine fall to zero.

    Attributes:
        lr: Peak learning rate.
        betas: Decay of the first and second moments.
        weight_decay: Decoupled weight decay.
        warmup_steps: Steps over which the rate rises from zero.
        decay_from: Share of the steps after which the cosine fall begins; 1 = never.
        clip_norm: Largest gradient norm; 0 = no limit.
        schedule: In place of warm-up and fall, a table with the `kind` of schedule and its fields; its values
            multiply the learning rate.
    """

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.01
    warmup_steps: int = 200
    decay_from: float = 0.5
    clip_norm: float = 1.0
    schedule: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        _require(self.lr > 0, "lr", self.lr, "must be above 0")
        _require(0 <= self.decay_from <= 1, "decay_from", self.decay_from, "must be from 0 to 1")
        if self.schedule is not None:
            make_multiplier(self.schedule)


def discriminator_optimizer() -> OptimizerConfig:
    """Return the published settings: a constant rate of 4.5e-6 a sample, for batches of 12."""
    return OptimizerConfig(lr=5.4e-5, betas=(0.5, 0.9), weight_decay=0.0, warmup_steps=0, decay_from=1.0, clip_norm=0.0)


@dataclass(frozen=True, kw_only=True)
class FirstStageConfig:
    """The autoencoder and its losses (arXiv 2112.10752, section 3.1 and appendix G).

    The published models have l1 = 1, l2 = gradient = 0, a perceptual weight of 1 and a discriminator. Their KL models
    have reduction = "sum", kl = 1e-6 and disc_weight = 0.5; their VQ models "mean", codebook = 1 and disc_weight = 0.6
    to 0.75.

    Attributes:
        begins_from: A model folder whose autoencoder the first stage begins with, where its layers fit; a codebook
            that it does not have then begins with latents of the data.
        ddconfig, decoder_config, embed_dim: Arguments of `AutoencoderKL` or `VQModel`.
        n_embed: Entries in the codebook; 0 = a KL autoencoder.
        l1, l2: Weights of the absolute and squared error.
        gradient: Weight of the absolute error of horizontal and vertical differences.
        kl, codebook: Weight of the KL term, or of the codebook loss.
        reduction: mean, or sum: the error is added up over each image before the KL term joins it.
        perceptual: Network that judges likeness beside the errors of pixels; none = only those judge.
        perceptual_weight: Weight of its distance.
        perceptual_folder: Where its weights lie, if they are not shipped.
        discriminator: The patch discriminator; None = none.
        discriminator_optimizer: How its weights move.
        scale_images: How many images decide the factor that gives latents unit variance; the published models take
            one batch.
        precision: float32, or bfloat16 for autocast where the processor computes in it.
        latent_noise: Noise added to unit-variance latents while the decoder alone is tuned, standard deviation.
    """

    begins_from: str = ""
    ddconfig: Mapping[str, Any] = field(default_factory=dict)
    decoder_config: Mapping[str, Any] = field(default_factory=dict)
    embed_dim: int = 8
    steps: int = 2000
    batch_size: int = 8
    l1: float = 1.0
    l2: float = 1.0
    gradient: float = 0.25
    kl: float = 1e-6
    n_embed: int = 0
    codebook: float = 1.0
    reduction: Literal["sum", "mean"] = "mean"
    perceptual: str = "none"
    perceptual_weight: float = 1.0
    perceptual_folder: str = ""
    discriminator: DiscriminatorConfig | None = None
    discriminator_optimizer: OptimizerConfig = field(default_factory=discriminator_optimizer)
    scale_images: int = 2048
    latent_noise: float = 0.0
    precision: str = "float32"
    ema_decay: float = 0.999
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)

    def __post_init__(self) -> None:
        _require(self.precision in PRECISIONS, "precision", self.precision, "must be float32 or bfloat16")
        _require(self.steps > 0, "steps", self.steps, "must be above 0")
        _require(self.batch_size > 0, "batch_size", self.batch_size, "must be above 0")
        _require(self.n_embed >= 0, "n_embed", self.n_embed, "must be 0 or more")
        _require(self.scale_images > 0, "scale_images", self.scale_images, "must be above 0")
        _require(self.perceptual in METRICS, "perceptual", self.perceptual, f"must be among {', '.join(METRICS)}")
        _require(self.reduction in ("sum", "mean"), "reduction", self.reduction, "must be sum or mean")


@dataclass(frozen=True, kw_only=True)
class SecondStageConfig:
    """The denoiser and its objective (arXiv 2112.10752, section 3.2, equation 2).

    Attributes:
        unet: The denoiser's arguments, as `UNetModel` takes them: model_channels times channel_mult in each
            level; with `use_checkpoint` it takes less memory and more time.
        text: The text encoder.
        conditioning: What the denoiser is told, if not words alone.
        base: A model folder or a checkpoint that is trained further; then unet, text, conditioning.kinds, schedule and
            parameterization are those of the base, and latents are those of its autoencoder.
        begins_from: A model folder in whose latents a fresh denoiser learns another task: it begins with the weights of
            that model's denoiser where they fit, and with its conditioners of the same kinds; maps that it is told
            beside count for nothing at first, as in SD's inpainting model.
        base_text_learns: Whether the weights of a base's CLIP text encoder change as well.
        lora: Train low-rank changes of the base, and leave its weights as they are; None = train all weights.
        schedule: Arguments of `NoiseSchedule`.
        parameterization: What the network predicts: eps, x0 or v.
        min_snr_gamma: Clamp of the signal-to-noise weight (arXiv 2303.09556); 0 = plain loss.
        objective: The other parts of the loss.
        precision: float32; bfloat16 or float16 for autocast where the processor computes in it.
        compiled: Whether the denoiser is compiled, which takes minutes and then saves time in each step.
        accumulate: In how many parts a batch is computed, one after the other, which saves memory.
        condition_dropout: Share of samples trained with the null condition, for guidance.
    """

    unet: Mapping[str, Any] = field(default_factory=dict)
    text: TextConfig = field(default_factory=TextConfig)
    conditioning: ConditioningConfig = field(default_factory=ConditioningConfig)
    base: str = ""
    begins_from: str = ""
    base_text_learns: bool = False
    lora: LoraConfig | None = None
    schedule: NoiseSchedule = field(default_factory=NoiseSchedule)
    parameterization: Parameterization = Parameterization.V
    min_snr_gamma: float = 5.0
    objective: DiffusionObjective = field(default_factory=DiffusionObjective)
    condition_dropout: float = 0.1
    steps: int = 4000
    batch_size: int = 32
    accumulate: int = 1
    precision: str = "float32"
    compiled: bool = False
    ema_decay: float = 0.999
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)

    def __post_init__(self) -> None:
        known = self.precision in (*PRECISIONS, HALF)
        _require(known, "precision", self.precision, "must be float32, bfloat16 or float16")
        _require(self.steps > 0, "steps", self.steps, "must be above 0")
        _require(self.batch_size > 0, "batch_size", self.batch_size, "must be above 0")
        divides = self.accumulate > 0 and self.batch_size % self.accumulate == 0
        _require(divides, "accumulate", self.accumulate, f"must divide the batch size, {self.batch_size}")
        _require(self.lora is None or bool(self.base), "base", self.base, "must name the model that lora changes")
        alone = not (self.base and self.begins_from)
        _require(alone, "begins_from", self.begins_from, "must be empty where base names a model")
        share = 0 <= self.condition_dropout < 1
        _require(share, "condition_dropout", self.condition_dropout, "must be from 0 to below 1")


@dataclass(frozen=True, kw_only=True)
class DistributedConfig:
    """How several ranks, started by torchrun, hold what they train together.

    Attributes:
        mode: replicate: each holds everything; shard: each holds its part of the denoiser's weights, gradients,
            averages and moments, so that models can be trained that no single device holds; autoencoders, which are
            small, are replicated.
    """

    mode: Literal["replicate", "shard"] = "replicate"

    def __post_init__(self) -> None:
        _require(self.mode in ("replicate", "shard"), "mode", self.mode, "must be replicate or shard")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """A whole run.

    Attributes:
        name: Name of the run folder.
        seed: Decides initial weights, order and noise.
        phases: Which of first_stage, decoder and second_stage to run, in this order.
        initial: Folder with the models of an earlier run, for phases that this one leaves out.
        device: Where it computes: cpu, cuda, cuda:1...; empty = the best there is.
        log_every, sample_every, checkpoint_every: In steps.
        keep_checkpoints: How many to keep a phase.
        distributed: How several ranks share the work.
        evaluation: What is measured on held-out data, while the run trains and afterwards.
    """

    name: str
    seed: int = 0
    phases: tuple[str, ...] = PHASES
    initial: str = ""
    device: str = ""
    log_every: int = 20
    sample_every: int = 500
    checkpoint_every: int = 250
    keep_checkpoints: int = 2
    distributed: DistributedConfig = field(default_factory=DistributedConfig)
    data: DataConfig = field(default_factory=DataConfig)
    first_stage: FirstStageConfig = field(default_factory=FirstStageConfig)
    decoder: FirstStageConfig = field(default_factory=FirstStageConfig)
    second_stage: SecondStageConfig = field(default_factory=SecondStageConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    def __post_init__(self) -> None:
        unknown = [phase for phase in self.phases if phase not in PHASES]
        _require(not unknown, "phases", self.phases, f"must be among {', '.join(PHASES)}")
        _require(bool(self.phases), "phases", self.phases, f"must name at least one of {', '.join(PHASES)}")
        plain = self.name.strip() == Path(self.name).name == self.name and "\\" not in self.name
        _require(plain and self.name[:1] not in ("", "."), "name", self.name, "must be usable as a folder's name")
        for name in ("log_every", "sample_every", "checkpoint_every", "keep_checkpoints"):
            _require(getattr(self, name) > 0, name, getattr(self, name), "must be above 0")
        if self.distributed.mode == "shard":
            stage, rule = self.second_stage, "where distributed.mode is shard"
            # Each rank would find its own overflow; gathering weights is no part of a compiled network.
            _require(stage.precision != HALF, "second_stage.precision", HALF, f"must be another {rule}")
            _require(not stage.compiled, "second_stage.compiled", True, f"must be false {rule}")
        last = HELD_OUT_SEED - self.data.count
        _require(
            self.data.seed <= last, "data.seed", self.data.seed, f"must be at most {last}: later ones are held out"
        )


def load_config(path: Path, overrides: Mapping[str, str] | None = None) -> RunConfig:
    """Read a TOML file and apply overrides such as {"second_stage.steps": "100"}.

    Raises:
        InputError: The file is missing or damaged, or a field is unknown or out of range.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(
            f"The training configuration {path} cannot be read.", why=f"{error.strerror}.", fix="Check the path."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"The training configuration {path} is not valid TOML.", why=f"{error}.", fix="Mend that line."
        ) from error
    for dotted, text in (overrides or {}).items():
        override(table, RunConfig, dotted, text)
    return build(RunConfig, table, str(path))


def build(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """Make a configuration dataclass from a nested mapping.

    Raises:
        InputError: A key is unknown, a value has the wrong type, or a check of the dataclass fails.
    """
    hints = get_type_hints(cls)
    names = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in table:
        if key not in names:
            near = nearest_name(key, names)
            raise InputError(
                f"{where}: there is no field {key!r}.",
                why=f"The fields here are {', '.join(sorted(names))}.",
                fix=f"Did you mean {near!r}?" if near else "Correct or remove that field.",
            )
    try:
        return cls(**{key: _value(hints[key], value, f"{where}: {key}") for key, value in table.items()})
    except (TypeError, ValueError) as error:
        raise InputError(f"{where} cannot be used.", why=f"{error}", fix="Change that value.") from error


def to_dict(config: Any) -> dict[str, Any]:
    """Turn a configuration dataclass into plain nested dictionaries, for JSON and TOML."""
    return dataclasses.asdict(config)


def _value(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        return build(kind, value, where)  # type: ignore[arg-type]
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return value if value is None else _value(next(a for a in get_args(kind) if a is not type(None)), value, where)
    if origin is tuple:
        return _items(get_args(kind), value, where)
    if dataclasses.is_dataclass(kind) or origin is Mapping:
        if not isinstance(value, Mapping):
            raise TypeError(f"{where} must be a table; got {value!r}.")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is Parameterization:
        _require(value in list(Parameterization), where, value, f"must be among {', '.join(Parameterization)}")
        return Parameterization(value)
    if origin is Literal:
        _require(value in get_args(kind), where, value, f"must be among {', '.join(map(str, get_args(kind)))}")
    if isinstance(kind, type) and not (isinstance(value, kind) and isinstance(value, bool) == (kind is bool)):
        raise TypeError(f"{where} must be {kind.__name__}; got {value!r}.")
    return value


def _items(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{where} must be a list; got {value!r}.")
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        raise TypeError(f"{where} must have {len(kinds)} values; got {value!r}.")
    return tuple(_value(kind, item, where) for kind, item in zip(kinds, value, strict=True))


def _require(holds: bool, name: str, value: object, rule: str) -> None:
    if not holds:
        raise ValueError(f"{name} {rule}; got {value!r}.")
