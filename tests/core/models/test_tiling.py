"""Tiles: they cover the picture, blend without a seam, see the whole picture's statistics, and bound memory."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.cancellation import CancelToken
from core.checkpoints.model_folder import load_autoencoder
from core.errors import Cancelled, DeviceMemoryError
from core.models import tiling
from core.models.autoencoder_kl import AutoencoderKL
from core.models.first_stage import FirstStageModel, IdentityFirstStage
from core.models.tiling import Tiling

ROOT = Path(__file__).parents[3]
ALWAYS = Tiling(when="always", size=64)


class Blur(FirstStageModel):
    """A first stage of factor 4 whose values depend on few neighbours; it remembers what it was given."""

    factor, embed_dim = 4, 3

    def __init__(self, capacity: int = 10**9) -> None:
        """Have memory for `capacity` values at a time."""
        super().__init__()
        self.capacity, self.given = capacity, list[int]()
        self.layer = nn.Conv2d(3, 3, 3, padding=1)

    def _run(self, x: Tensor, scale: float) -> Tensor:
        self.given.append(x.numel())
        if x.numel() > self.capacity:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        resized = nn.functional.interpolate(x, scale_factor=scale, mode="nearest" if scale > 1 else "area")
        return self.layer(resized)

    def latent(self, x: Tensor) -> Tensor:
        return self._run(x, 1 / self.factor)

    def decode(self, z: Tensor) -> Tensor:
        return self._run(z, self.factor)


@pytest.mark.parametrize("cell", [1, 8])
@pytest.mark.parametrize("length", [1, 7, 8, 9, 31, 64, 100])
@pytest.mark.parametrize(("tile", "overlap"), [(2, 1), (8, 2), (8, 4), (9, 3)])
def test_weights_sum_to_one_everywhere(length: int, tile: int, overlap: int, cell: int) -> None:
    total = torch.zeros(length * cell)
    windows = tiling._windows(length, tile, overlap, cell)
    for window in windows:
        assert window.cells == min(tile, length)
        assert float(window.weights.min()) >= 0
        total[window.first * cell : (window.first + window.cells) * cell] += window.weights
    torch.testing.assert_close(total, torch.ones(length * cell))
    for before, after in pairwise(windows):
        assert before.first + before.cells - after.first >= overlap


@pytest.mark.parametrize(("height", "width"), [(64, 64), (20, 200), (100, 148), (256, 4)])
@torch.no_grad()
def test_a_local_network_gives_the_same_in_tiles(height: int, width: int) -> None:
    model, images = Blur(), torch.randn(2, 3, height, width)
    latents = model.latent(images)
    torch.testing.assert_close(tiling.encode(model, images, ALWAYS), latents)
    torch.testing.assert_close(tiling.decode(model, latents, ALWAYS), model.decode(latents))


@torch.no_grad()
def test_a_picture_that_fits_one_tile_is_not_changed() -> None:
    torch.manual_seed(1)
    ddconfig = {
        "ch": 8, "out_ch": 3, "ch_mult": [1, 2], "num_res_blocks": 1, "attn_resolutions": [], "in_channels": 3,
        "resolution": 32, "z_channels": 2,
    }  # fmt: skip
    model = AutoencoderKL(ddconfig, 2).eval()
    images = torch.rand(2, 3, 64, 48)
    latents = torch.cat([model.latent(image[None]) for image in images])
    torch.testing.assert_close(tiling.encode(model, images, ALWAYS), latents)
    decoded = torch.cat([model.decode(latent[None]) for latent in latents])
    torch.testing.assert_close(tiling.decode(model, latents, ALWAYS), decoded)


def drawn(height: int, width: int) -> Tensor:
    """A picture whose left is calm and whose right is busy, so that tiles differ: [1, 3, h, w]."""
    stream = torch.Generator().manual_seed(6)
    sky = torch.linspace(-0.6, 0.9, height)[None, None, :, None].expand(1, 3, height, width).clone()
    sky[:, 0] *= 0.5
    for _ in range(90):
        top, left, side = (int(torch.randint(high, (), generator=stream)) for high in (height, width, 50))
        color = torch.rand(3, generator=stream) * 2 - 1
        left = width // 3 + left * 2 // 3
        sky[0, :, top : top + side + 6, left : left + side + 6] = color[:, None, None]
    return sky


def psnr(a: Tensor, b: Tensor) -> float:
    return 10 * math.log10(4 / float((a - b).square().mean()))


@pytest.fixture(scope="module")
def trained() -> FirstStageModel:
    """The shipped autoencoder."""
    return load_autoencoder(ROOT / "resources" / "models" / "stickers-24").module


@torch.no_grad()
def test_a_trained_autoencoder_gives_nearly_the_same_in_tiles(trained: FirstStageModel) -> None:
    image = drawn(256, 384)
    latents = trained.latent(image)
    whole, tiles = trained.decode(latents), Tiling(when="always", size=128)
    assert psnr(tiling.decode(trained, latents, tiles), whole) > 28
    encoded = tiling.encode(trained, image, tiles)
    assert float((encoded - latents).std() / latents.std()) < 0.12


@torch.no_grad()
def test_norms_that_see_the_whole_picture_bring_tiles_nearer(
    trained: FirstStageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    latents = trained.latent(drawn(256, 384))
    whole, tiles = trained.decode(latents), Tiling(when="always", size=128)
    shared = psnr(tiling.decode(trained, latents, tiles), whole)
    monkeypatch.setattr(tiling, "shared_norms", lambda *_: tiling.nullcontext())
    assert psnr(tiling.decode(trained, latents, tiles), whole) < shared - 4


@torch.no_grad()
def test_there_is_no_visible_seam(trained: FirstStageModel) -> None:
    """What tiles change, averaged over columns, has no step from one column to the next."""
    latents = trained.latent(drawn(256, 384))
    whole, tiled = trained.decode(latents), tiling.decode(trained, latents, Tiling(when="always", size=128))
    change = (tiled - whole).mean(dim=(0, 1, 2)).diff().abs()
    assert float(change.max()) < 2 * 2 / 255  # two grey levels


@torch.no_grad()
def test_half_precision_blends_as_finely(trained: FirstStageModel) -> None:
    latents, tiles = trained.latent(drawn(128, 192)), Tiling(when="always", size=128)
    wanted = tiling.decode(trained, latents, tiles)
    half = copy.deepcopy(trained).bfloat16()
    assert psnr(tiling.decode(half, latents.bfloat16(), tiles), wanted) > 35


def test_cancelling_acts_after_each_tile() -> None:
    model, token, seen = Blur(), CancelToken(), list[tuple[int, int]]()

    def on_tile(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 3:
            token.cancel()
        token.check()

    with pytest.raises(Cancelled):
        tiling.decode(model, torch.randn(1, 3, 40, 40), ALWAYS, on_tile)
    assert seen == [(1, 9), (2, 9), (3, 9)]


def test_large_pictures_are_cut_by_themselves_and_small_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "AT_ONCE", 64 * 64)
    model, tiles = Blur(), Tiling(size=32)
    tiling.decode(model, torch.randn(1, 3, 16, 16), tiles)
    assert model.given == [3 * 16 * 16]
    model.given.clear()
    tiling.decode(model, torch.randn(1, 3, 16, 17), tiles)
    assert max(model.given) == 3 * 8 * 8
    model.given.clear()
    tiling.decode(model, torch.randn(1, 3, 16, 17), Tiling(when="never"))
    assert model.given == [3 * 16 * 17]


def test_batches_are_split_before_pictures_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiling, "AT_ONCE", 2 * 32 * 32)
    model, latents = Blur(), torch.randn(5, 3, 8, 8)
    made = tiling.decode(model, latents)
    assert model.given == [2 * 192, 2 * 192, 192]
    torch.testing.assert_close(made, model.decode(latents))


@torch.no_grad()
def test_out_of_memory_is_answered_with_tiles() -> None:
    model, latents = Blur(capacity=3 * 16 * 16), torch.randn(1, 3, 40, 40)
    made = tiling.decode(model, latents, Tiling(size=64))
    torch.testing.assert_close(made, Blur.decode(_roomy(model), latents))


@pytest.mark.parametrize(
    ("settings", "said", "port"),
    [
        (Tiling(when="never"), "Set tiles to automatic.", "tiles"),
        (Tiling(size=128), "Use tiles of 64 pixels.", "tile_size"),
        (Tiling(when="always", size=512), "Use tiles of 256 pixels.", "tile_size"),
    ],
)
def test_what_does_not_fit_even_so_is_told(settings: Tiling, said: str, port: str) -> None:
    with pytest.raises(DeviceMemoryError) as told:
        tiling.decode(Blur(capacity=3 * 16 * 16), torch.randn(1, 3, 200, 200), settings)
    assert told.value.fix == said
    assert told.value.port == port


def test_other_failures_are_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="channels"):
        tiling.decode(Blur(), torch.randn(1, 2, 8, 8))


@pytest.mark.parametrize("settings", [{"when": "often"}, {"size": 0}, {"overlap": 0.6}, {"overlap": 0.0}])
def test_settings_that_make_no_sense_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="got"):
        Tiling(**settings)  # type: ignore[arg-type]


def test_pixels_as_latents_come_back_as_they_were() -> None:
    images = torch.randn(1, 3, 70, 90)
    torch.testing.assert_close(tiling.encode(IdentityFirstStage(), images, ALWAYS), images)


def _roomy(model: Blur) -> Blur:
    model.capacity = 10**9
    return model


PEAK = """
import resource, sys, torch
from core.models import tiling
from core.models.autoencoder_kl import AutoencoderKL
torch.set_num_threads(1)
model = AutoencoderKL(dict(ch=8, out_ch=3, ch_mult=[1, 1, 2], num_res_blocks=1, attn_resolutions=[], in_channels=3,
                           resolution=64, z_channels=2, patch_size=2), 2).eval()
side = int(sys.argv[1])
with torch.no_grad():
    tiling.decode(model, torch.randn(1, 2, 64, 64))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    image = tiling.decode(model, torch.randn(1, 2, side // 8, side // 8))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 - image.numel() * 4)
assert image.shape == (1, 3, side, side) and bool(image.isfinite().all())
"""


@pytest.mark.slow
def test_a_decoding_of_4096_by_4096_needs_no_more_memory_than_its_picture_and_a_few_tiles() -> None:
    command = [sys.executable, "-c", PEAK, "4096"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=600).stdout
    assert int(printed) < 64 * 2**20
