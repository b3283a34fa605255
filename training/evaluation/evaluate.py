"""A model, looked at from all sides that its kind allows, on data that it did not learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.checkpoints.model_folder import load_autoencoder, load_model, read_description
from core.checkpoints.model_library import folders
from core.conditioning.prompt_encoder import PromptEncoder
from core.diffusion.latent_diffusion import LatentDiffusion
from core.errors import InputError, ModelFileError
from training.conditions.build import known_conditions
from training.conditions.config import InpaintingConfig
from training.conditions.told import Told
from training.data.config import DataConfig
from training.data.training_set import TrainingSet
from training.data.watch import Watch
from training.datasets.scenes import Scene
from training.evaluation.agreement import agreement
from training.evaluation.clip_score import load_clip
from training.evaluation.config import EvaluationConfig
from training.evaluation.denoising import denoising_errors, named_errors
from training.evaluation.features import make_backbone
from training.evaluation.frechet import frechet_distance, gaussian_of
from training.evaluation.generation import conditions_of, generate
from training.evaluation.held_out import held_out, pictures, scenes_of
from training.evaluation.precision_recall import NEIGHBOURS, precision_recall
from training.evaluation.reconstruction import likeness, rebuild
from training.evaluation.report import Figure, Report
from training.judge import Judge, find_judge, load_judge
from training.perceptual.metric import make_metric


@dataclass(frozen=True)
class Subject:
    """What a model is measured on.

    Attributes:
        data: Held-out items.
        real: Their pictures, [n, 3, h, w] in [-1, 1].
        scenes: All that is known of them, where they are scenes that the judge can tell.
        judge: Sees what pictures of them show; None = nobody does.
    """

    data: TrainingSet
    real: Tensor
    scenes: list[Scene] | None
    judge: Judge | None


def evaluate(models: Path, data: DataConfig, config: EvaluationConfig, cache: Path, watch: Watch) -> Report:
    """Measure the model folder `models`: its autoencoder, and its denoiser if it has one.

    Args:
        models: Such as runs/NAME/models.
        data: What it learned from; it is measured on what that holds out.
        config: What is measured, how often.
        cache: Where held-out scenes are kept.
        watch: Is told how far it is.

    Raises:
        InputError: The data cannot be used.
        ModelFileError: The model is missing or damaged.
    """
    report = Report(str(models), {"data": data.kind, **asdict(config)})
    subject = open_subject(models, data, max(config.count, config.pictures), cache, watch, report)
    autoencoder, count = load_autoencoder(models), min(config.count, len(subject.real))
    real = subject.real[:count]
    watch.reached("reconstructing", 0, count)
    rebuilt = rebuild(autoencoder, real, watch.cancel.check)
    metric = make_metric(config.perceptual, config.perceptual_folder)
    report.add("reconstruction", likeness(rebuilt.images, real, metric), count)
    add_agreement(report, "real", real, subject)
    add_agreement(report, "reconstruction", rebuilt.images, subject)
    if "denoiser" not in read_description(models):
        report.left_out.append("What is generated: there is no denoiser.")
        return report
    model = load_model(models)
    told = known_conditions(
        model.conditioner, InpaintingConfig(), subject.data, model.autoencoder, cache, watch, text_learns=True
    )
    watch.reached("denoising", 0, count)
    conditions = conditions_of(told, subject.data, config.seed, torch.device("cpu"))
    errors = denoising_errors(
        model.denoiser, rebuilt.latents, conditions, seed=config.seed, poll=watch.cancel.check
    )  # fmt: skip
    report.add("denoising", dict(named_errors(errors)), count)
    if config.pictures:
        _add_generated(report, model, told, subject, config, watch)
    return report


def open_subject(
    models: Path, data: DataConfig, count: int, cache: Path, watch: Watch, report: Report
) -> Subject:  # fmt: skip
    """Open held-out items, and find a judge for them; `report` is told where there is none."""
    items = held_out(data, count, cache, watch)
    scenes, judge = scenes_of(data, len(items)), None
    if scenes is None:
        report.left_out.append("What pictures show: nobody knows it of this data, only of the shipped scenes.")
    else:
        found = find_judge(data.scenes, [models, *folders().values()])
        judge = None if found is None else load_judge(found)
        if judge is None:
            report.left_out.append("What pictures show: no judge knows these classes and backgrounds at this size.")
    return Subject(items, pictures(items), scenes, judge)


def add_agreement(report: Report, about: str, images: Tensor, subject: Subject, *, told_order: bool = False) -> None:
    """Say whether pictures of the first items show what these show, where there is a judge."""
    if subject.judge is None or subject.scenes is None:
        return
    found = agreement(subject.judge, images, subject.scenes[: len(images)], told_order=told_order)
    report.figures |= {f"{about}/{name}": Figure(share.value, share.n) for name, share in found.items()}


def _add_generated(
    report: Report, model: LatentDiffusion, told: Told, subject: Subject, config: EvaluationConfig, watch: Watch
) -> None:  # fmt: skip
    watch.reached("generating pictures", 0, config.pictures)
    images = generate(model.autoencoder, model.denoiser, told, subject.data, config, watch.cancel.check)
    by_words = any(isinstance(member, PromptEncoder) for member in model.conditioner.members)
    if told.parts:
        add_agreement(report, "generated", images, subject, told_order=by_words and len(told.parts) == 1)
    report.add("generated", set_distances(images, subject.real[: len(images)], config), len(images))
    captions = list(subject.data.captions[: len(images)])
    if not config.clip_folder:
        report.left_out.append("CLIP score: no clip_folder is set.")
    elif any(captions):
        score = load_clip(Path(config.clip_folder))
        report.add("generated", {f"clip_score_{score.name}": float(score(images, captions).mean())}, len(images))


def set_distances(images: Tensor, real: Tensor, config: EvaluationConfig) -> Mapping[str, float]:
    """Compare sets of pictures [n, 3, h, w]: Fréchet distance under its network's name, precision and recall."""
    if len(images) <= NEIGHBOURS:
        return {}
    backbone = make_backbone(config.features, config.features_folder)
    seen, known = backbone.features(images), backbone.features(real)
    shares = precision_recall(known, seen)
    return {
        backbone.frechet_name: frechet_distance(gaussian_of(known), gaussian_of(seen)),
        f"precision_{backbone.name}": shares.precision, f"recall_{backbone.name}": shares.recall,
    }  # fmt: skip


def model_folder_of(target: Path) -> Path:
    """Return the model folder of a run, or of an installed model, or the folder itself.

    Raises:
        InputError: There is no model there.
    """
    for folder in (target / "models", target, folders().get(str(target))):
        if folder is not None and (folder / "model.json").is_file():
            return folder
    if (target / "config.toml").is_file():
        raise ModelFileError(
            f"The run {target} has no model yet.", why="A run writes its model when its first phase is finished.",
            fix="Wait for it, or evaluate another run.",
        )  # fmt: skip
    raise InputError(
        f"{target} is no model and no run.",
        why="It has neither a model.json nor a models folder, and no installed model has this name.",
        fix=f"Name a run folder, a model folder, or one of: {', '.join(folders()) or 'no model is installed'}.",
    )  # fmt: skip
