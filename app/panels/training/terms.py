"""The terms that a run logs: their names for people, what they tell, their order, and which say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.watching.curve_table import Curve


@dataclass(frozen=True)
class Term:
    """A term's title and what it tells."""

    title: str
    help: str


_LEAD = {
    "loss": Term("Loss", "What the optimizer makes smaller: all terms with their weights."),
    "total_loss": Term("Loss", "What the optimizer makes smaller: all terms with their weights."),
    "loss_simple": Term("Prediction error", "Its mean square, every time step counted alike (DDPM, eq. 14)."),
    "rec_loss": Term("Reconstruction error", "Error of pixels and of perception together; lower is better."),
    "psnr": Term("PSNR, dB", "Likeness of reconstructions and pictures; from 30 dB on, few differences are seen."),
    "kl": Term("KL divergence", "How far the latents are from unit Gaussians, in nats a picture."),
    "codebook": Term("Codebook loss", "How far the encoder's outputs are from their codebook entries."),
    "perplexity": Term("Codebook perplexity", "How many entries are used, each counted by its share; more is better."),
    "clusters": Term("Codebook entries used", "How many entries one batch uses."),
    "loss_q0": Term("Error at little noise", "Prediction error in the first quarter of the time steps: details."),
    "loss_q1": Term("Error at some noise", "Prediction error in the second quarter of the time steps."),
    "loss_q2": Term("Error at much noise", "Prediction error in the third quarter of the time steps."),
    "loss_q3": Term("Error at most noise", "Prediction error in the last quarter of the time steps: composition."),
    "g_loss": Term("Adversarial loss", "Minus the discriminator's mean logit on reconstructions."),
    "disc_loss": Term("Discriminator's loss", "Hinge: 1 = it cannot tell the two apart, near 0 = it always can."),
    "logits_real": Term("Logits of pictures", "Above those of reconstructions: the discriminator tells them apart."),
    "logits_fake": Term("Logits of reconstructions", "Rising towards those of pictures: the GAN helps."),
    "gradient_ratio": Term("Gradient ratio", "Reconstruction's gradient at the last layer over the adversarial one's."),
    "d_weight": Term("Adversarial weight", "The adaptive weight of the adversarial loss (VQGAN, eq. 7)."),
}  # fmt: skip
_MORE = {
    "loss_gamma": Term("Weighted error", "The prediction error with the weight of each time step, such as min-SNR's."),
    "loss_vlb": Term("Variational bound", "The prediction error with the bound's weights (DDPM, eq. 12)."),
    "nll_loss": Term(
        "Likelihood of pixels", "The reconstruction error, divided by the variance that is learned with it."
    ),
    "l1": Term("Absolute error", "Mean absolute difference of pixels in [-1, 1]."),
    "l2": Term("Squared error", "Mean squared difference of pixels in [-1, 1]."),
    "gradient": Term("Error of edges", "Mean difference between neighbouring pixels' differences."),
    "disc_factor": Term("Adversarial factor", "0 before the discriminator's start, its factor from then on."),
}
_LAST = {
    "grad_norm": Term("Gradient norm", "Before it is clipped; a sudden rise often comes before a diverging loss."),
    "critic_grad_norm": Term("Discriminator's gradient norm", "Of the discriminator's weights."),
    "samples_per_second": Term("Pictures a second", "Training speed; pauses, samples and saving do not count."),
    "lr": Term("Learning rate", "With its warm-up and schedule."),
}
_ALL = {**_LEAD, **_MORE, **_LAST}
_PLACE = {name: place for place, name in enumerate((*_LEAD, "", *_MORE, *_LAST))}
# Terms that are sums or other weightings of one another: where the weights leave no difference, one of them is enough.
_ALIKE = ("loss", "total_loss", "loss_simple", "rec_loss", "loss_gamma", "loss_vlb", "nll_loss", "l1")
_MEASURED = "eval/"


def term(name: str) -> Term:
    """The title and the help of a term; one that is not known has its name."""
    if name in _ALL:
        return _ALL[name]
    plain = name.removeprefix(_MEASURED).replace("_", " ").replace("/", ": ")
    title = plain[:1].upper() + plain[1:]
    held_out = name.startswith(_MEASURED)
    return Term(f"Held out: {plain}" if held_out else title, "Measured on held-out data." if held_out else "")


def ordered(names: Sequence[str]) -> list[str]:
    """Terms by what a person wants to know first: losses, their parts, then speed and rates."""
    return sorted(dict.fromkeys(names), key=lambda name: _PLACE.get(name, _PLACE[""]))


def repeats(curves: Mapping[tuple[Path, str], Curve]) -> dict[str, str]:
    """Terms whose curves are those of a term before them, in all runs, with that term."""
    there = {name for _, name in curves}
    found: dict[str, str] = {}
    known = [name for name in _ALIKE if name in there]
    for place, name in enumerate(known):
        firsts = (first for first in known[:place] if first not in found and _same(curves, first, name))
        if first := next(firsts, ""):
            found[name] = first
    return found


def _same(curves: Mapping[tuple[Path, str], Curve], one: str, other: str) -> bool:
    runs = {run for run, name in curves if name in (one, other)}
    pairs = [(curves.get((run, one)), curves.get((run, other))) for run in runs]
    # The metrics are rounded to six decimals.
    return all(
        a is not None
        and b is not None
        and len(a.mean) == len(b.mean)
        and np.allclose(a.mean, b.mean, rtol=1e-5, atol=2e-6, equal_nan=True)
        for a, b in pairs
    )
