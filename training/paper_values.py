"""What the models of the paper had in each field of a configuration, or that the paper has no such thing.

Rombach et al. (arXiv 2112.10752): sections 3.1, 3.2 and 4, appendices D, E and G, tables 8 and 12 to 15, and the
published configurations. "Published": told by the configurations alone. LDM-f has latents of 1/f of the sides.
"""

from __future__ import annotations

from collections.abc import Mapping

OURS = "not in the paper"

_RATE = "constant"
PAPER: Mapping[str, str] = {
    # Data: section 4 and appendix E.
    "data.kind": "folders: CelebA-HQ, FFHQ, LSUN, ImageNet, LAION-400M; COCO and OpenImages for boxes",
    "data.count": "30,000 (CelebA-HQ) to 400 million (LAION) pictures", "data.path": "the data set's folder",
    "data.annotations": "COCO's instances, for layouts", "data.size": "256", "data.scenes.size": "256",
    "data.crop": "random for classes, layouts and super-resolution; centre for faces", "data.flip": "yes, but for text",
    "data.buckets.widest": "1: squares only", "data.captions": "given, for text",
    "data.held_out": "each data set's own validation part",
    # The first stage: section 3.1, appendix G, and the published configurations.
    "first_stage.ddconfig": (
        "ch = 128, two blocks a level; ch_mult = [1, 2, 4] for f = 4, [1, 2, 4, 4] (KL) or [1, 2, 2, 4] (VQ) for f = 8"
    ),
    "first_stage.decoder_config": "empty: both halves are alike", "first_stage.embed_dim": "3 for f = 4, 4 for f = 8",
    "first_stage.steps": "not told; at least 50,001 for KL, where the discriminator begins",
    "first_stage.batch_size": "12 for f = 8 in 256² pixels",
    "first_stage.l1": "1", "first_stage.l2": "0", "first_stage.gradient": "0: there is no such term",
    "first_stage.kl": "1e-6", "first_stage.n_embed": "8192 for VQ with f = 4, 16384 with f = 8; 0 for KL",
    "first_stage.codebook": "1", "first_stage.reduction": "sum for KL, mean for VQ",
    "first_stage.perceptual": "lpips-vgg16", "first_stage.perceptual_weight": "1",
    "first_stage.discriminator": "yes, in all first stages",
    "first_stage.discriminator.disc_start": "50001 for KL; 0, 1 or 250001 for VQ",
    "first_stage.discriminator.disc_num_layers": "3; 2 for VQ with f = 8 and f = 16",
    "first_stage.discriminator.disc_in_channels": "3", "first_stage.discriminator.disc_ndf": "64",
    "first_stage.discriminator.use_actnorm": "no", "first_stage.discriminator.disc_factor": "1",
    "first_stage.discriminator.disc_weight": "0.5 for KL, 0.6 to 0.75 for VQ",
    "first_stage.discriminator.disc_conditional": "no", "first_stage.discriminator.disc_loss": "hinge",
    "first_stage.discriminator_optimizer.lr": "4.5e-6 times the batch size",
    "first_stage.discriminator_optimizer.betas": "0.5, 0.9",
    "first_stage.discriminator_optimizer.weight_decay": "0: plain Adam",
    "first_stage.discriminator_optimizer.warmup_steps": "0",
    "first_stage.discriminator_optimizer.decay_from": f"1: {_RATE}",
    "first_stage.discriminator_optimizer.clip_norm": "0: no limit",
    "first_stage.discriminator_optimizer.schedule": f"none: {_RATE}",
    "first_stage.scale_images": "one batch, for KL; VQ latents are not scaled", "first_stage.precision": "float32",
    "first_stage.ema_decay": "not told; the published first stages have no average",
    "first_stage.optimizer.lr": "4.5e-6 times the batch size", "first_stage.optimizer.betas": "0.5, 0.9",
    "first_stage.optimizer.weight_decay": "0: plain Adam", "first_stage.optimizer.warmup_steps": "0",
    "first_stage.optimizer.decay_from": f"1: {_RATE}", "first_stage.optimizer.clip_norm": "0: no limit",
    "first_stage.optimizer.schedule": f"none: {_RATE}",
    # The second stage: section 3.2, tables 12 to 15, and the published configurations.
    "second_stage.unet": (
        "model_channels = 224, channel_mult = [1, 2, 3, 4] for LDM-4 on faces; 192, [1, 2, 3, 5] for classes; "
        "320, [1, 2, 4, 4] for text"
    ),
    "second_stage.text.n_embed": "1280 (text to image)", "second_stage.text.n_layer": "32",
    "second_stage.text.max_seq_len": "77",
    "second_stage.conditioning.kinds": "one each: none, class, text, layout, semantic, inpainting, low resolution",
    "second_stage.conditioning.class_label.n_embed": "512 (ImageNet)",
    "second_stage.conditioning.layout.n_embed": "512", "second_stage.conditioning.layout.n_layer": "16",
    "second_stage.conditioning.layout.max_objects": "30, of 3 tokens each, in 92",
    "second_stage.conditioning.layout.grid": "90: points of 8192 tokens",
    "second_stage.conditioning.layout.on_map": "no: tokens alone",
    "second_stage.conditioning.semantic_map.classes": "182 (published, landscapes)",
    "second_stage.conditioning.semantic_map.out_channels": "3 (published)",
    "second_stage.conditioning.inpainting.convention": "latent diffusion",
    "second_stage.conditioning.inpainting.box_share": "masks as LaMa's: strokes and boxes",
    "second_stage.conditioning.low_resolution.scale": "4",
    "second_stage.base": "none: from nothing", "second_stage.schedule.schedule": "linear in the square root of beta",
    "second_stage.schedule.timesteps": "1000",
    "second_stage.schedule.linear_start": "0.0015; 0.00085 for text with f = 8",
    "second_stage.schedule.linear_end": "0.0195; 0.0155 to 0.0205 by task, 0.012 for text with f = 8",
    "second_stage.schedule.v_posterior": "0", "second_stage.schedule.zero_terminal_snr": "no",
    "second_stage.parameterization": "eps", "second_stage.min_snr_gamma": "0: the plain loss",
    "second_stage.objective.loss_type": "l2; l1 for churches, layouts, maps and inpainting (published)",
    "second_stage.objective.l_simple_weight": "1", "second_stage.objective.original_elbo_weight": "0",
    "second_stage.objective.logvar_init": "0", "second_stage.objective.learn_logvar": "no",
    "second_stage.objective.offset_noise": "0",
    "second_stage.condition_dropout": "not told; 0.1 in Stable Diffusion 1.5, which came of it",
    "second_stage.steps": "410k CelebA-HQ, 635k FFHQ, 500k churches, 390k text, 178k classes, 170k layouts on COCO",
    "second_stage.batch_size": "48 CelebA-HQ, 42 FFHQ, 96 churches, 680 text, 1200 classes, 48 layouts on COCO",
    "second_stage.precision": "float32", "second_stage.ema_decay": "0.9999",
    "second_stage.optimizer.lr": (
        "2e-6 times the batch size on faces: 9.6e-5, 8.4e-5; 5e-5 churches, 4.8e-5 layouts, 1e-4 text and classes, "
        "1e-6 inpainting"
    ),
    "second_stage.optimizer.betas": "0.9, 0.999", "second_stage.optimizer.weight_decay": "0.01",
    "second_stage.optimizer.warmup_steps": "10000 for churches, 1000 for inpainting, else 0 (published)",
    "second_stage.optimizer.decay_from": f"1: {_RATE}", "second_stage.optimizer.clip_norm": "0: no limit",
    "second_stage.optimizer.schedule": f"none: {_RATE} after the warm-up; cosine for inpainting (published)",
    # Evaluation: section 4, appendix E, tables 1 to 3 and 8.
    "evaluation.count": "the 50,000 validation pictures of ImageNet, for reconstructions",
    "evaluation.pictures": "50,000; 30,000 for text",
    "evaluation.steps": "200 to 500 on faces; 250 for text and classes",
    "evaluation.guidance": "1.5 for text and classes", "evaluation.sampler": "ddim",
    "evaluation.perceptual": "LPIPS, for reconstructions", "evaluation.features": "inception-v3, for FID",
}  # fmt: skip
"""By dotted name; fields that are neither here nor in `_OURS` are forgotten, and a test says so."""

_OURS = (
    "name", "seed", "phases", "initial", "device", "log_every", "sample_every", "checkpoint_every", "keep_checkpoints",
    "distributed", "data.scenes", "data.seed", "data.buckets.step", "data.variants", "data.smallest", "data.memory_mb",
    "data.prefetch", "first_stage.begins_from", "first_stage.perceptual_folder", "first_stage.latent_noise", "decoder",
    "second_stage.conditioning.part_dropout", "second_stage.conditioning.semantic_map.things",
    "second_stage.conditioning.inpainting.thing_share", "second_stage.conditioning.low_resolution.max_noise_level",
    "second_stage.base_text_learns", "second_stage.begins_from", "second_stage.lora", "second_stage.schedule.cosine_s",
    "second_stage.accumulate", "second_stage.compiled", "evaluation.every", "evaluation.seed",
    "evaluation.perceptual_folder", "evaluation.features_folder", "evaluation.clip_folder",
)  # fmt: skip
"""Fields, and tables of fields, of which the paper says nothing: they are this program's, or the machine's."""


def paper_value(name: str) -> str:
    """What the paper's models have in a field, `OURS` where the paper has no such thing, or "" if nobody decided."""
    if name in PAPER:
        return PAPER[name]
    return OURS if any(f"{name}.".startswith(f"{part}.") for part in _OURS) else ""
