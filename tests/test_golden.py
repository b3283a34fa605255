"""Agreement with the reference implementation, one case a fixture; see tests/golden/README.md."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from core.conditioning.conditioning import Conditioning
from core.diffusion.guidance import guided
from core.diffusion.noise_schedule import NoiseSchedule, make_betas
from core.diffusion.parameterization import Parameterization, target, to_eps, to_x0
from core.models.autoencoder_kl import AutoencoderKL
from core.models.distribution import DiagonalGaussian, normal_kl
from core.models.text_transformer import BERTEmbedder
from core.models.timestep_embedding import timestep_embedding
from core.models.unet import UNetModel
from core.samplers.ddim import ddim, ddim_tables
from core.samplers.step_record import StepRecord
from core.samplers.time_grid import ddim_timesteps
from training.ema import Ema

FOLDER = Path(os.environ.get("LOOM_GOLDEN") or Path(__file__).parent / "golden")
Tensors = dict[str, Tensor]
NETWORK, SAMPLER, TABLE = 1e-4, 5e-5, 1e-5

# Outputs of quantities that nothing in the program uses yet: weights of a variational bound, and bits per dimension.
NOT_BUILT = ("lvlb_weights", "prior_bpd", "vae_style_emb32")


def unet(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """Every output of a UNet fixture, at its times, at time zero, at fractions, and with an empty context."""
    model = UNetModel(**case["kwargs"]).eval()
    model.load_state_dict(weights)
    x, t, context, y = given["x"], given["t"], given.get("context"), given.get("y")
    outputs = {"y": model(x, t, context, y)}
    if "y_tfrac" in case.get("outputs", {}):
        outputs["y_tconst"] = model(x, torch.zeros_like(t), context, y)
        outputs["y_tfrac"] = model(x, t + 0.37, context, y)
    if context is not None:
        outputs["y_zero_context"] = model(x, t, torch.zeros_like(context), y)
    return outputs


def autoencoder(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """Moments, sample, decodings, KL and likelihood."""
    model = AutoencoderKL(case["kwargs"]["ddconfig"], case["kwargs"]["embed_dim"]).eval()
    model.load_state_dict(weights)
    moments = model.quant_conv(model.encoder(given["x"]))
    q = DiagonalGaussian(moments)
    z = q.mean + q.std * given["noise"]
    kinds = {"moments": moments, "mean": q.mean, "logvar": q.logvar, "std": q.std, "z": z}
    return {**kinds, "dec_z": model.decode(z), "dec_mode": model.decode(q.mode()), "kl": q.kl(), "nll": q.nll(z)}


def gaussian(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """The posterior's own figures."""
    q, other = DiagonalGaussian(given["params"]), DiagonalGaussian(given["params_other"])
    fixed = DiagonalGaussian(given["params"], deterministic=True)
    return {
        "mean": q.mean, "logvar": q.logvar, "std": q.std, "var": q.var, "kl": q.kl(), "kl_other": q.kl(other),
        "nll": q.nll(other.mean), "mode": q.mode(), "det_std": fixed.std,
        "normal_kl": normal_kl(q.mean, q.logvar, other.mean, other.logvar),
    }  # fmt: skip


def text(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """Embeddings of full and short sequences, and the unused logits."""
    arguments = {k: v for k, v in case["kwargs"].items() if k not in ("use_tokenizer", "device")}
    model = BERTEmbedder(**arguments).eval()
    model.load_state_dict(weights)
    z = model(given["tokens"])
    return {"z": z, "z_short": model(given["tokens_short"]), "logits": model.transformer.to_logits(z)}


def schedule_of(arguments: dict[str, Any]) -> NoiseSchedule:
    """Read a fixture's schedule, whose names are the reference's."""
    known = {k: v for k, v in arguments.items() if k in ("timesteps", "linear_start", "linear_end", "cosine_s")}
    return NoiseSchedule(schedule=arguments.get("beta_schedule", "linear"), **known)


def tables(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """Every table of every schedule."""
    found: Tensors = {}
    for name, arguments in case["schedules"].items():
        s = schedule_of(arguments)
        mix = arguments.get("v_posterior", 0.0)
        variance = (1 - mix) * s.posterior_variance + mix * s.betas
        a = s.alpha_bar
        found[f"f64.{name}.betas_f64"] = make_betas(
            s.schedule, s.timesteps, s.linear_start, s.linear_end, s.cosine_s
        )  # fmt: skip
        values = {
            "betas": s.betas, "alphas_cumprod": a, "alphas_cumprod_prev": s.alpha_bar_prev,
            "sqrt_alphas_cumprod": a.sqrt(), "sqrt_one_minus_alphas_cumprod": (1 - a).sqrt(),
            "log_one_minus_alphas_cumprod": (1 - a).log(), "sqrt_recip_alphas_cumprod": (1 / a).sqrt(),
            "sqrt_recipm1_alphas_cumprod": (1 / a - 1).sqrt(), "posterior_variance": variance,
            "posterior_log_variance_clipped": variance.clamp(min=1e-20).log(),
            "posterior_mean_coef1": s.posterior_mean_coef1, "posterior_mean_coef2": s.posterior_mean_coef2,
        }  # fmt: skip
        found |= {f"{name}.{key}": value for key, value in values.items()}
    return found


def ddim_parameters(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """Time grids and sampling parameters; the test asks for those that the fixture has."""
    schedule, found = NoiseSchedule(linear_start=0.00085, linear_end=0.012), {}
    wanted = {name.removeprefix("out.").rsplit(".timesteps", 1)[0] for name in case["tensors"] if "timesteps" in name}
    for name in wanted:
        method, steps = name.split("_")
        grid = ddim_timesteps(int(steps), 1000, method)
        if f"out.{name}.alphas" not in case["tensors"]:
            continue  # the reference itself reads beyond its table here
        found[f"{name}.timesteps"] = grid
        for eta in (0.0, 0.5, 1.0):
            made = ddim_tables(schedule, grid, eta)
            found[f"{name}.sigmas_eta{eta}"] = made.sigma
        found |= {f"{name}.alphas": made.alpha_bar, f"{name}.alphas_prev": made.alpha_bar_prev}
    return found


def embedding(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """Time embeddings at several widths."""
    t = torch.tensor([0, 1, 37.5, 500, 999])
    widths = [name.removeprefix("out.emb") for name in case["tensors"] if name.startswith("out.emb")]
    return {f"emb{width}": timestep_embedding(t, int(width)) for width in widths}


def toy_model(given: Tensors) -> Callable[[Tensor, Tensor, Conditioning], Tensor]:
    """The fixtures' denoiser: (t/1000) x + 0.1 tanh(W x) + 0.1 (t/1000) c."""

    def model(x: Tensor, t: Tensor, condition: Conditioning) -> Tensor:
        assert condition.vector is not None
        share = (t.float() / 1000)[:, None, None, None]
        c = condition.vector[:, :, None, None]
        return share * x + 0.1 * torch.tanh(torch.einsum("oc,bchw->bohw", given["W"], x)) + 0.1 * share * c

    return model


def toy_eps(case: dict[str, Any], given: Tensors, schedule: NoiseSchedule) -> Callable[[Tensor, Tensor], Tensor]:
    """The toy model with guidance, read as the fixture says."""
    raw = toy_model(given)
    kind = Parameterization.V if "as v" in case.get("model", "") else Parameterization.EPS

    def eps(x: Tensor, t: Tensor, condition: Conditioning) -> Tensor:
        return to_eps(kind, schedule, raw(x, t, condition), x, t)

    null = Conditioning(vector=given["uc"]) if "uc" in given else None
    return guided(eps, Conditioning(vector=given["c"]), null, case.get("unconditional_guidance_scale", 1.0))


def sample_ddim(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """A DDIM run with every intermediate latent."""
    schedule = schedule_of(case["schedule"])
    grid = ddim_timesteps(case["S"], schedule.timesteps)
    draws: Iterator[Tensor] = iter(given.get("noise", torch.empty(0)))
    records: list[StepRecord] = []
    x0 = ddim(
        toy_eps(case, given, schedule), given["x_T"], schedule, grid,
        eta=case["eta"], noise=lambda like: next(draws), callback=records.append,
    )  # fmt: skip
    return {
        "x0": x0, "x_inter": torch.stack([given["x_T"], *(r.x for r in records)]),
        "pred_x0": torch.stack([given["x_T"], *(r.pred_x0 for r in records)]), "timesteps": grid,
    }  # fmt: skip


def image_to_image(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """Partial noising and denoising."""
    schedule = schedule_of(case["schedule"])
    grid = ddim_timesteps(case["S"], schedule.timesteps)
    steps = case["t_enc"]
    t = torch.full((len(given["x0"]),), int(grid[steps]))
    encoded = schedule.add_noise(given["x0"], given["noise"], t)
    decoded = ddim(toy_eps(case, given, schedule), encoded, schedule, grid[:steps], noise=torch.randn_like)
    return {"z_enc": encoded, "z_dec": decoded}


def forward_process(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """q(x_t | x_0), its posterior, and the conversions between eps and x_0."""
    s, x_0, noise, t = schedule_of(case["schedule"]), given["x0"], given["noise"], given["t"]
    signal, sigma = s.signal_and_noise(t, x_0)
    x_t = s.add_noise(x_0, noise, t)

    def at(table: Tensor) -> Tensor:
        return table[t].float()[:, None, None, None]

    variance = at(s.posterior_variance)
    return {
        "x_t": x_t, "post_mean": at(s.posterior_mean_coef1) * x_0 + at(s.posterior_mean_coef2) * x_t,
        "post_var": variance, "post_logvar": at(s.posterior_variance.clamp(min=1e-20).log()),
        "q_mean": signal * x_0, "q_var": sigma**2, "q_logvar": (1 - at(s.alpha_bar.double())).log(),
        "x0_from_eps": to_x0(Parameterization.EPS, s, noise, x_t, t),
        "eps_from_x0": to_eps(Parameterization.X0, s, x_0, x_t, t),
    }  # fmt: skip


def velocity(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """v and its conversions."""
    s, x_0, noise, t = schedule_of(case["schedule"]), given["x0"], given["noise"], given["t"]
    v, x_t = target(Parameterization.V, s, x_0, noise, t), s.add_noise(x_0, noise, t)
    kind = Parameterization.V
    return {"v": v, "x_t": x_t, "x0_rec": to_x0(kind, s, v, x_t, t), "eps_rec": to_eps(kind, s, v, x_t, t)}


def average(case: dict[str, Any], given: Tensors, weights: Tensors) -> Tensors:
    """Averages after some of the updates."""
    names = ("0.weight", "0.bias", "1.weight")
    module = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2, bias=False))
    module.load_state_dict({name: weights[name] for name in names})
    ema, found = Ema(module, case["kwargs"]["decay"]), {}
    for step in range(sum(name.endswith("0.weight") for name in given)):
        module.load_state_dict({name: given[f"step{step}.{name}"] for name in names})
        ema.update(module)
        found |= {f"after{step}.{name.replace('.', '', 1)}": ema.averages[name].clone() for name in names}
        found[f"after{step}.num_updates"] = torch.tensor(ema.updates)
        found[f"after{step}.decay"] = torch.tensor(ema.decay)
    return found


FAMILIES: dict[str, tuple[Callable[[dict[str, Any], Tensors, Tensors], Tensors], float]] = {
    "unet_": (unet, NETWORK), "sd2_unet_": (unet, NETWORK), "ae_kl_": (autoencoder, NETWORK),
    "dist_": (gaussian, NETWORK), "enc_bert_": (text, NETWORK),
    "sched_ddpm_tables": (tables, TABLE), "sched_ddim_params": (ddim_parameters, TABLE),
    "sched_timestep_embedding": (embedding, TABLE),
    "samp_ddim_eta": (sample_ddim, SAMPLER), "sd2_samp_ddim_v": (sample_ddim, SAMPLER),
    "samp_img2img": (image_to_image, SAMPLER), "samp_q_functions": (forward_process, SAMPLER),
    "sd2_v_functions": (velocity, TABLE), "ema_": (average, TABLE),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
@torch.no_grad()
def test_golden(name: str) -> None:
    family = next((key for key in FAMILIES if name.startswith(key)), None)
    if family is None:
        pytest.skip(f"family not built yet: {name}")
    compute, tolerance = FAMILIES[family]
    case = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    stored = load_file(FOLDER / f"{name}.safetensors")
    plain = {k: v if v.dtype in (torch.int64, torch.float64) else v.float() for k, v in stored.items()}
    given = {k[3:]: v for k, v in plain.items() if k.startswith("in.")}
    weights = {k[3:]: v for k, v in plain.items() if k.startswith("sd.")}
    computed = compute(case, given, weights)
    for key, expected in plain.items():
        if not key.startswith("out.") or any(part in key for part in NOT_BUILT):
            continue
        if (
            family == "sched_ddim_params"
            and f"{key.rsplit('.timesteps', 1)[0]}.alphas" not in plain
            and "timesteps" in key
        ):
            continue
        torch.testing.assert_close(
            computed[key[4:]].to(expected.dtype),
            expected,
            atol=tolerance,
            rtol=1e-5,
            msg=lambda m, key=key: f"{key}: {m}",
        )
