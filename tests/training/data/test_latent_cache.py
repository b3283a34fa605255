"""The latent cache: what the encoder gives, under a name that changes with all that decides it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.cancellation import CancelToken
from core.diffusion.latent_diffusion import Autoencoder, LatentSpace
from core.errors import Cancelled, InputError
from core.imaging.image import from_uint8
from core.models.autoencoder_kl import AutoencoderKL
from training.data.config import BucketConfig, DataConfig
from training.data.latent_cache import cached_latents, latents_key
from training.data.opening import open_data
from training.data.training_set import TrainingSet
from training.data.watch import Watch

Save = Callable[..., Path]
DDCONFIG = {
    "ch": 8, "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3, "out_ch": 3,
    "resolution": 16, "z_channels": 2, "mid_attention": False, "dropout": 0.0,
}  # fmt: skip


@pytest.fixture
def autoencoder() -> Autoencoder:
    """A small one, with weights of its own."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Autoencoder(AutoencoderKL(ddconfig=DDCONFIG, embed_dim=2).eval(), LatentSpace("tiny", 2, 2, 0.5))


@pytest.fixture
def data(save: Save, folder: Path) -> TrainingSet:
    """Five pictures of two shapes, cut at random and mirrored: four looks each."""
    for index, size in enumerate([(40, 20), (20, 20), (44, 20), (22, 20), (20, 21)]):
        save(f"{index}.png", size)
    config = DataConfig(
        kind="folder", path=str(folder), size=16, smallest=8, held_out=0.0, crop="random", flip=True, variants=3,
        buckets=BucketConfig(widest=2, step=4),
    )  # fmt: skip
    return open_data(config, folder.parent / "cache", Watch()).train


def test_latents_are_those_of_the_rows_and_are_read_back(
    data: TrainingSet, autoencoder: Autoencoder, tmp_path: Path
) -> None:
    assert data.views == 4
    order = data.order(2, 2, cached=True)
    for watch in (Watch(), Watch(tell=lambda *_: pytest.fail("something is encoded again"))):
        latents = cached_latents(data, autoencoder, tmp_path, watch)
        assert len(latents) == 20
        for step in range(24):
            rows = order.batch(step)
            expected = autoencoder.encode(from_uint8(data.images(rows)))
            torch.testing.assert_close(latents[rows], expected, atol=1e-5, rtol=1e-5)


def test_the_name_changes_with_encoder_scale_data_and_cuts_but_not_with_the_decoder(
    data: TrainingSet, autoencoder: Autoencoder, save: Save
) -> None:
    keys = [latents_key(data, autoencoder)]
    keys.append(latents_key(data, replace(autoencoder, space=replace(autoencoder.space, scale=0.6))))
    keys.append(latents_key(TrainingSet(data.source, replace(data.config, crop="centre")), autoencoder))
    keys.append(latents_key(TrainingSet(data.source, replace(data.config, seed=1)), autoencoder))
    with torch.no_grad():
        autoencoder.module.get_parameter("decoder.conv_in.bias").add_(1)
        assert latents_key(data, autoencoder) == keys[0]
        autoencoder.module.get_parameter("encoder.conv_in.bias").add_(1e-3)
    keys.append(latents_key(data, autoencoder))
    save("0.png", (41, 20))
    changed = open_data(data.config, Path(data.config.path).parent / "cache", Watch()).train
    keys.append(latents_key(changed, autoencoder))
    assert len(set(keys)) == len(keys)


def test_a_stopped_cache_goes_on_and_holds_the_same(
    data: TrainingSet, autoencoder: Autoencoder, tmp_path: Path
) -> None:
    whole = cached_latents(data, autoencoder, tmp_path / "whole", Watch())
    cancel = CancelToken()

    def tell(what: str, done: int, total: int) -> None:
        if done == total:  # after the first bucket
            cancel.cancel()

    with pytest.raises(Cancelled):
        cached_latents(data, autoencoder, tmp_path / "stopped", Watch(cancel, tell))
    resumed = cached_latents(data, autoencoder, tmp_path / "stopped", Watch())
    for row in range(20):
        assert torch.equal(whole[torch.tensor([row])], resumed[torch.tensor([row])])


def test_shapes_that_cannot_be_encoded_are_refused_before_anything_is_read(
    data: TrainingSet, autoencoder: Autoencoder, tmp_path: Path
) -> None:
    wide = replace(autoencoder, space=replace(autoencoder.space, factor=8))
    with pytest.raises(InputError, match="multiples of 8"):
        cached_latents(data, wide, tmp_path, Watch())
    assert not list(tmp_path.glob("latents-*"))
