"""Time and peak memory of a training step, as shares of diffusers' on the same weights, data and machine.

    python -m benchmarks training

A step is everything that is done once a step: noise, forward, backward, limiting the gradient, AdamW, the average of
the weights. Ours takes what the training loop takes; diffusers' side is what its training scripts do, with torch's own
AdamW. Both take turns first, on one thread; a ratio is the median of the pairs' ratios. Memory is by how much the
process grows at its largest in a step, weights, averages and the optimizer's state not counted.
LOOM_TRAINING_PAIRS = how many pairs, 7 unless told.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from benchmarks.peers import SMALL_UNET, Pair, autoencoder_pair, diffusers, prediction, unet_pair
from benchmarks.speed import Call, Figures, measured
from core.diffusion.noise_schedule import NoiseSchedule
from training.config import OptimizerConfig
from training.ema import Ema
from training.optimization import Optimization

OPTIMIZER = OptimizerConfig(lr=1e-5, warmup_steps=0, decay_from=1.0, clip_norm=1.0)
SMALL_AUTOENCODER: dict[str, Any] = {
    "double_z": True, "z_channels": 4, "resolution": 64, "in_channels": 3, "out_ch": 3, "ch": 32,
    "ch_mult": [1, 2, 4], "num_res_blocks": 1, "attn_resolutions": [], "dropout": 0.0,
}  # fmt: skip
Loss = Callable[[int], Tensor]


def measure() -> Figures:
    """Return ratios (ours to diffusers'), seconds and megabytes by name."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    pairs = int(os.environ.get("LOOM_TRAINING_PAIRS", "7"))
    figures: Figures = {}
    try:
        for name, pair, ours, peer in _cases():
            figures |= _compared(name, _our_step(pair.ours, ours), _peer_step(pair.peer, peer), pairs)
    finally:
        torch.set_num_threads(threads)
    return figures


def _cases() -> Iterator[tuple[str, Pair, Loss, Loss]]:
    """Make one case after another, so that one pair of networks is in memory at a time."""
    for batch in (4, 16):
        unets = _learning(unet_pair(SMALL_UNET))
        yield f"second stage, batch of {batch}", unets, *_denoising(unets, batch)
    autoencoders = _learning(autoencoder_pair(SMALL_AUTOENCODER))
    yield "first stage, batch of 4", autoencoders, *_reconstructing(autoencoders, 4)


def _learning(pair: Pair) -> Pair:
    """Give the second network weights of its own, and let both learn."""
    return Pair(pair.ours.train().requires_grad_(True), copy.deepcopy(pair.peer).train().requires_grad_(True))


def _denoising(pair: Pair, batch: int) -> tuple[Loss, Loss]:
    schedule = NoiseSchedule()
    peer_schedule = diffusers().DDPMScheduler(
        beta_start=schedule.linear_start, beta_end=schedule.linear_end, beta_schedule="scaled_linear"
    )
    x_0, context = torch.randn(batch, 4, 16, 16), torch.randn(batch, 77, SMALL_UNET["context_dim"])

    def drawn(step: int) -> tuple[Tensor, Tensor]:
        stream = torch.Generator().manual_seed(step)
        return torch.randn(x_0.shape, generator=stream), torch.randint(0, 1000, (batch,), generator=stream)

    def ours(step: int) -> Tensor:
        noise, t = drawn(step)
        return squared_error(prediction(pair.ours, schedule.add_noise(x_0, noise, t), t, context), noise)

    def peer(step: int) -> Tensor:
        noise, t = drawn(step)
        return squared_error(prediction(pair.peer, peer_schedule.add_noise(x_0, noise, t), t, context), noise)

    return ours, peer


def squared_error(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean squared error, a scalar."""
    return F.mse_loss(a, b)


def first_stage_loss(decoded: Tensor, images: Tensor, kl: Tensor) -> Tensor:
    """Return the absolute error with a small KL term, a scalar."""
    return F.l1_loss(decoded, images) + 1e-6 * kl.mean()


def _reconstructing(pair: Pair, batch: int) -> tuple[Loss, Loss]:
    images = torch.rand(batch, 3, 64, 64) * 2 - 1

    def ours(step: int) -> Tensor:
        stream = torch.Generator().manual_seed(step)
        posterior = pair.ours.encode(images)  # type: ignore[operator]
        decoded = pair.ours.decode(posterior.sample(stream))  # type: ignore[operator]
        return first_stage_loss(decoded, images, posterior.kl())

    def peer(step: int) -> Tensor:
        stream = torch.Generator().manual_seed(step)
        posterior = pair.peer.encode(images).latent_dist  # type: ignore[operator]
        decoded = pair.peer.decode(posterior.sample(stream)).sample  # type: ignore[operator]
        return first_stage_loss(decoded, images, posterior.kl())

    return ours, peer


def _our_step(network: nn.Module, loss: Loss) -> Call:
    optimization, ema = Optimization(network, OPTIMIZER, 10**6), Ema(network, 0.999)
    done = 0

    def step() -> Tensor:
        nonlocal done
        found = loss(done)
        optimization.descend(found, done)
        ema.update(network)
        done += 1
        return found.detach()

    return step


def _peer_step(network: nn.Module, loss: Loss) -> Call:
    weights = list(network.parameters())
    optimizer = torch.optim.AdamW(weights, lr=OPTIMIZER.lr, betas=OPTIMIZER.betas, weight_decay=OPTIMIZER.weight_decay)
    ema = diffusers().training_utils.EMAModel(weights, decay=0.999, foreach=True)
    done = 0

    def step() -> Tensor:
        nonlocal done
        found = loss(done)
        found.backward()
        torch.nn.utils.clip_grad_norm_(weights, OPTIMIZER.clip_norm)
        optimizer.step()
        optimizer.zero_grad()
        ema.step(weights)
        done += 1
        return found.detach()

    return step


def _compared(name: str, ours: Call, peer: Call, pairs: int) -> Figures:
    """Measure `pairs` pairs after a few steps that warm up.

    Raises:
        RuntimeError: The two do not learn the same.
    """
    for _ in range(3):
        losses = float(ours()), float(peer())
        if abs(losses[0] - losses[1]) > 1e-3 * abs(losses[1]):
            raise RuntimeError(f"{name}: the losses are {losses[0]:.6g} and {losses[1]:.6g}; times would say nothing.")
    return measured(name, ours, peer, pairs)
