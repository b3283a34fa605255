"""Whole models from single files and folders."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.cancellation import CancelToken
from core.checkpoints.conditioners import text_networks, with_text_networks
from core.checkpoints.conversion import write_folder
from core.checkpoints.loading import DEFAULTS, LoadOptions, fitted, load_checkpoint, load_first_stage
from core.conditioning.clip import ClipTextEncoder, Layer
from core.conditioning.conditioner import expect
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.sdxl import SdxlTextEncoder
from core.diffusion.noise_schedule import NoiseSchedule
from core.diffusion.parameterization import Parameterization
from core.errors import Cancelled, ModelFileError
from core.models.attention import CrossAttention
from core.models.unet import UNetModel
from tests.core.checkpoints import files, published

UNET = "model.diffusion_model."


@pytest.mark.parametrize("model", published.MODELS)
def test_every_published_single_file_fits_strictly(tmp_path: Path, model: str) -> None:
    tensors = {name: tensor for name, tensor in published.single_file(model).items() if name != "betas"}
    fitted(files.write_sparse(tmp_path / f"{model}.safetensors", tensors), DEFAULTS)


@pytest.mark.parametrize("model", published.MODELS)
def test_every_published_folder_fits_strictly(tmp_path: Path, model: str) -> None:
    for part, tensors in published.folder(model).items():
        (tmp_path / part).mkdir()
        files.write_sparse(tmp_path / part / "model.safetensors", tensors)
    fitted(tmp_path, DEFAULTS)


def test_a_text_encoder_is_known_without_its_prefix_too(tmp_path: Path) -> None:
    for part, tensors in published.folder("sd21").items():
        (tmp_path / part).mkdir()
        bare = {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}
        files.write_sparse(tmp_path / part / "model.safetensors", bare)
    model, _ = fitted(tmp_path, DEFAULTS)
    assert isinstance(model.conditioner, ClipTextEncoder)
    assert model.conditioner.layer is Layer.LAST


def test_a_folder_with_an_unknown_part_is_told(tmp_path: Path) -> None:
    for part in ("unet", "text_encoder"):
        (tmp_path / part).mkdir()
        tensors = published.folder("sd15")["unet"] if part == "unet" else {"odd": torch.empty(2)}
        files.write_sparse(tmp_path / part / "model.safetensors", tensors)
    with pytest.raises(ModelFileError, match="holds no network"):
        fitted(tmp_path, DEFAULTS)


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_a_small_single_file_gives_the_networks_it_holds(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"small{suffix}"
    networks = files.write_small(path)
    model = load_checkpoint(path)
    assert isinstance(model.conditioner, ClipTextEncoder)
    loaded = (model.denoiser.module, model.autoencoder.module, model.conditioner.transformer)
    for network, wanted in zip(loaded, networks.values(), strict=True):
        assert not network.training
        state = network.state_dict()
        assert all(torch.equal(tensor, state[name]) for name, tensor in wanted.state_dict().items())


def test_a_loaded_model_runs(tmp_path: Path) -> None:
    files.write_small(tmp_path / "small.safetensors")
    model = load_checkpoint(tmp_path / "small.safetensors")
    with torch.no_grad():
        latents = model.autoencoder.encode(torch.zeros(1, 3, 16, 16))
        out = model.denoiser.output(latents, torch.tensor([5]), model.conditioner.encode(["a fox"]))  # type: ignore[operator]
    assert out.shape == latents.shape == (1, 4, 8, 8)
    assert torch.isfinite(out).all()


def test_weights_are_mapped_and_not_copied(tmp_path: Path) -> None:
    files.write_small(tmp_path / "small.safetensors")
    weight = load_checkpoint(tmp_path / "small.safetensors").denoiser.module.out[2].weight
    mapped = Path("/proc/self/maps")
    if not mapped.exists():
        pytest.skip("the list of mapped files is only to be had on Linux")
    spans = [line.split()[0].split("-") for line in mapped.read_text().splitlines() if "small.safetensors" in line]
    assert any(int(begin, 16) <= weight.data_ptr() < int(end, 16) for begin, end in spans)


def test_averaged_weights_are_taken_unless_told_otherwise(tmp_path: Path) -> None:
    name = f"{UNET}out.2.bias"
    averaged = torch.full((4,), 3.0)
    files.write_small(tmp_path / "a.safetensors", **{"model_ema.diffusion_modelout2bias": averaged})
    with_ema = load_checkpoint(tmp_path / "a.safetensors")
    without = load_checkpoint(tmp_path / "a.safetensors", LoadOptions(ema=False))
    assert torch.equal(with_ema.denoiser.module.state_dict()[name.removeprefix(UNET)], averaged)
    assert not torch.equal(without.denoiser.module.state_dict()[name.removeprefix(UNET)], averaged)


def test_the_schedule_is_that_of_the_stored_table(tmp_path: Path) -> None:
    schedule = NoiseSchedule(linear_start=0.0015, linear_end=0.0155, timesteps=50)
    files.write_small(tmp_path / "a.safetensors", betas=schedule.betas.float())
    loaded = load_checkpoint(tmp_path / "a.safetensors").denoiser.schedule
    torch.testing.assert_close(loaded.betas, schedule.betas, rtol=1e-6, atol=0)


def test_a_table_that_no_schedule_makes_is_told(tmp_path: Path) -> None:
    files.write_small(tmp_path / "a.safetensors", betas=torch.tensor([0.1, 0.9, 0.2]))
    with pytest.raises(ModelFileError, match="noise schedule"):
        fitted(tmp_path / "a.safetensors", DEFAULTS)


def test_a_stored_scale_counts_more_than_the_family(tmp_path: Path) -> None:
    files.write_small(tmp_path / "a.safetensors", scale_factor=torch.tensor(0.7))
    assert load_first_stage(tmp_path / "a.safetensors").space.scale == pytest.approx(0.7)


@pytest.mark.parametrize("scale", [0.0, -1.0, torch.nan])
def test_a_scale_that_is_none_is_told(tmp_path: Path, scale: float) -> None:
    files.write_small(tmp_path / "a.safetensors", scale_factor=torch.tensor(scale))
    with pytest.raises(ModelFileError, match="cannot be scaled by"):
        load_first_stage(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    "stated",
    [
        "timesteps: 1000000000000",
        "timesteps: .nan",
        "linear_start: -1",
        "beta_schedule: steep",
        f"timesteps: {10**400}",
    ],
)
def test_a_configuration_that_states_no_schedule_is_told(tmp_path: Path, stated: str) -> None:
    files.write_small(tmp_path / "a.safetensors")
    numbers = {"linear_start": "0.1", "linear_end": "0.2", "timesteps": "50"}
    name, _, value = stated.partition(": ")
    listed = ", ".join(f"{name}: {value}" for name, value in (numbers | {name: value}).items())
    (tmp_path / "a.yaml").write_text(f"model: {{params: {{{listed}}}}}", "utf-8")
    if name == "timesteps" and value != "1000000000000":  # no finite number: as if it were not there
        assert fitted(tmp_path / "a.safetensors", DEFAULTS)[0].denoiser.schedule.timesteps == 1000
    else:
        with pytest.raises(ModelFileError, match="states no noise schedule"):
            fitted(tmp_path / "a.safetensors", DEFAULTS)


def test_a_stored_table_without_terminal_signal_is_known(tmp_path: Path) -> None:
    schedule = NoiseSchedule(linear_start=0.00085, linear_end=0.012, zero_terminal_snr=True)
    files.write_small(tmp_path / "a.safetensors", betas=schedule.betas.float())
    v = LoadOptions(prediction=Parameterization.V)
    assert fitted(tmp_path / "a.safetensors", v)[0].denoiser.schedule == schedule


def test_a_folder_tells_how_attention_is_split(tmp_path: Path) -> None:
    files.write_small(tmp_path / "one.safetensors")
    write_folder(tmp_path / "one.safetensors", tmp_path / "folder")
    for part, said in (("unet", {"attention_head_dim": [2, 4]}), ("text_encoder", {"num_attention_heads": 4})):
        about = tmp_path / "folder" / part / "config.json"
        about.write_text(json.dumps(json.loads(about.read_text("utf-8")) | said), "utf-8")
    model, _ = fitted(tmp_path / "folder", DEFAULTS)
    attention = [m for m in model.denoiser.module.modules() if isinstance(m, CrossAttention)]
    assert {layer.to_q.out_features // layer.heads for layer in attention} == {16}
    assert isinstance(model.conditioner, ClipTextEncoder)
    assert model.conditioner.transformer.config.num_attention_heads == 4


def test_an_upscaler_takes_a_prompt_and_a_noised_picture(tmp_path: Path) -> None:
    sizes = {"in_channels": 7, "num_classes": 20}
    unet = files.randomized(UNetModel(**(files.UNET | sizes)))
    networks = files.small_networks() | {"model.diffusion_model.": unet}
    save_file(files.single_state(networks), tmp_path / "up.safetensors")
    (tmp_path / "up.yaml").write_text("model: {params: {low_scale_config: {params: {max_noise_level: 15}}}}", "utf-8")
    conditioner = load_checkpoint(tmp_path / "up.safetensors").conditioner
    small = expect(conditioner, ImageConcatWithNoiseAugmentation, "conditioner")
    assert small.max_noise_level == 15
    assert text_networks(conditioner).keys() == {"text"}
    other = files.small_networks()["cond_stage_model.transformer."]
    changed = with_text_networks(conditioner, {"text": other})
    assert text_networks(changed)["text"] is other
    assert text_networks(conditioner)["text"] is not other
    (tmp_path / "up.yaml").write_text("model: {params: {low_scale_config: {params: {max_noise_level: 0}}}}", "utf-8")
    with pytest.raises(ModelFileError, match="states no noise for small pictures"):
        load_checkpoint(tmp_path / "up.safetensors")


def test_heads_of_several_widths_are_told(tmp_path: Path) -> None:
    files.write_small(tmp_path / "one.safetensors")
    write_folder(tmp_path / "one.safetensors", tmp_path / "folder")
    (tmp_path / "folder" / "unet" / "config.json").write_text('{"attention_head_dim": [2, 2]}', "utf-8")
    with pytest.raises(ModelFileError, match="UNet") as caught:
        fitted(tmp_path / "folder", DEFAULTS)
    assert "not of one width" in caught.value.why


def test_the_latent_spaces_of_a_family_are_one(tmp_path: Path) -> None:
    for model in ("sd15", "sd21"):
        tensors = {name: tensor for name, tensor in published.single_file(model).items() if name != "betas"}
        files.write_sparse(tmp_path / f"{model}.safetensors", tensors)
    spaces = [fitted(tmp_path / f"{m}.safetensors", DEFAULTS)[0].denoiser.space for m in ("sd15", "sd21")]
    assert spaces[0] == spaces[1]


def test_stable_diffusion_2_reads_the_last_layer_but_one_and_xl_reads_both_encoders(tmp_path: Path) -> None:
    for model in ("sd21", "sdxl_base"):
        tensors = {name: tensor for name, tensor in published.single_file(model).items() if name != "betas"}
        files.write_sparse(tmp_path / f"{model}.safetensors", tensors)
    two = fitted(tmp_path / "sd21.safetensors", DEFAULTS)[0]
    xl = fitted(tmp_path / "sdxl_base.safetensors", DEFAULTS)[0]
    assert isinstance(two.conditioner, ClipTextEncoder)
    assert (two.conditioner.layer, two.conditioner.pad) == (Layer.PENULTIMATE, 0)
    assert isinstance(xl.conditioner, SdxlTextEncoder)
    assert xl.denoiser.space.scale == 0.13025


def test_what_is_asked_for_counts_more_than_what_is_guessed(tmp_path: Path) -> None:
    files.write_small(tmp_path / "a.safetensors")
    loaded = load_checkpoint(tmp_path / "a.safetensors", LoadOptions(prediction=Parameterization.V))
    assert loaded.denoiser.parameterization is Parameterization.V


def test_a_first_mismatch_is_named_with_the_likely_family_before_weights_are_read(tmp_path: Path) -> None:
    tensors = dict(published.single_file("sd15"))
    name = f"{UNET}output_blocks.5.0.out_layers.3.weight"
    tensors[name] = torch.empty(3, 3, device="meta")
    path = files.write_sparse(tmp_path / "odd.safetensors", tensors)
    began = time.process_time()
    with pytest.raises(ModelFileError) as caught:
        load_checkpoint(path)
    assert f"{name} is [3, 3], the model needs [1280, 1280, 3, 3]" in caught.value.why
    assert "Stable Diffusion 1" in caught.value.fix
    assert time.process_time() - began < 5, "reading its gigabytes would take longer than this"


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    tensors = {name: t for name, t in published.single_file("sd15").items() if name.startswith(UNET)}
    with pytest.raises(ModelFileError, match="it has no autoencoder"):
        fitted(files.write_sparse(tmp_path / "unet.safetensors", tensors), DEFAULTS)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    name = f"{UNET}out.2.bias"
    files.write_small(tmp_path / "a.safetensors", **{name: torch.tensor([0.0, 0.0, torch.nan, 0.0])})
    with pytest.raises(ModelFileError, match=r"out\.2\.bias holds values that are not finite"):
        load_checkpoint(tmp_path / "a.safetensors")


def test_loading_stops_when_cancelled(tmp_path: Path) -> None:
    files.write_small(tmp_path / "a.safetensors")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        load_checkpoint(tmp_path / "a.safetensors", LoadOptions(cancel=cancel))


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    path = files.write_sparse(tmp_path / "a.safetensors", {"layers.0.weight": torch.empty(2, device="meta")})
    with pytest.raises(ModelFileError, match="holds no network") as caught:
        load_checkpoint(path)
    assert "layers.0.weight" in caught.value.why
