"""Maps beside the latent: semantic maps, small pictures, masks; and whether they fit a denoiser."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.conditioning.conditioner import Conditioner, expect
from core.conditioning.conditioning import Conditioning
from core.conditioning.fitting import check_fits
from core.conditioning.inpainting import Convention, Inpainting
from core.conditioning.noisy_low_resolution import ImageConcatWithNoiseAugmentation
from core.conditioning.spatial import LowResolution, SpatialRescaler
from core.errors import InputError
from core.imaging.image import Image
from core.imaging.mask import Mask
from core.imaging.semantic_map import SemanticMap
from core.models.unet import UNetModel


def concat(condition: Conditioning) -> Tensor:
    assert condition.concat is not None
    return condition.concat


def test_a_semantic_map_becomes_shares_of_classes_in_each_cell() -> None:
    labels = torch.zeros(1, 8, 8, dtype=torch.int64)
    labels[:, :, 6:] = 2
    made = concat(SpatialRescaler(2, "area", in_channels=3).encode(SemanticMap(labels)))
    assert made.shape == (1, 3, 2, 2)
    assert made[0, :, 0, 0].tolist() == [1, 0, 0]
    assert made[0, :, 0, 1].tolist() == [0.5, 0, 0.5]


def test_a_class_that_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match="holds class 3") as refused:
        SpatialRescaler(in_channels=3).encode(SemanticMap(torch.full((1, 4, 4), 3)))
    assert refused.value.port == "semantic_map"


@pytest.mark.parametrize("arguments", [{"n_stages": -1}, {"method": "cubic"}])
def test_a_rescaler_names_its_methods(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="n_stages must be"):
        SpatialRescaler(**arguments)  # type: ignore[arg-type]


def test_maps_have_no_null_condition_but_can_be_dropped_in_training() -> None:
    items = torch.ones(2, 3, 4, 4)
    for conditioner in (SpatialRescaler(), LowResolution(), ImageConcatWithNoiseAugmentation()):
        with pytest.raises(InputError, match="no null condition"):
            conditioner.null()
        dropped = conditioner.dropped(items, torch.tensor([True, False]))
        assert dropped.mean((1, 2, 3)).tolist() == [0, 1]


def test_noise_of_a_small_picture_follows_the_level_and_the_seed() -> None:
    conditioner, image = ImageConcatWithNoiseAugmentation(max_noise_level=350), Image(torch.ones(2, 3, 64, 64))
    slight, strong = (conditioner.encode(image, level, seed=5) for level in (0, 349))
    assert concat(slight).std() < 0.02
    variance = 1 - float(conditioner.schedule.alpha_bar[349])
    assert float(concat(strong).var()) == pytest.approx(variance, rel=0.05)
    assert strong.vector is not None
    assert strong.vector.tolist() == [349, 349]
    assert torch.equal(concat(strong), concat(conditioner.encode(image, 349, seed=5)))
    assert not torch.equal(concat(strong)[0], concat(strong)[1])
    assert not torch.equal(concat(strong), concat(conditioner.encode(image, 349, seed=6)))


def test_training_draws_levels_below_the_highest() -> None:
    torch.manual_seed(2)
    made = ImageConcatWithNoiseAugmentation(max_noise_level=3)(torch.zeros(64, 3, 2, 2))
    assert made.vector is not None
    assert set(made.vector.tolist()) == {0, 1, 2}


def test_a_level_that_is_too_high_is_refused() -> None:
    with pytest.raises(InputError, match="noise level 350") as refused:
        ImageConcatWithNoiseAugmentation(max_noise_level=350).encode(Image(torch.zeros(1, 3, 4, 4)), 350, 0)
    assert refused.value.fix == "Use 349 or less."
    with pytest.raises(ValueError, match="max_noise_level"):
        ImageConcatWithNoiseAugmentation(max_noise_level=1001)


def encode(pixels: Tensor) -> Tensor:
    """A first stage of factor 2 whose latent is the mean of each cell."""
    return F.avg_pool2d(pixels, 2)


@pytest.mark.parametrize(
    ("convention", "painted", "kept"),
    [
        (Convention.LATENT_DIFFUSION, [-1, -1, -1, 1], [0.5, 0.5, 0.5, -1]),
        (Convention.STABLE_DIFFUSION, [1, 0, 0, 0], [0, 0.5, 0.5, 0.5]),
    ],
)
def test_inpainting_shows_the_kept_part_and_the_mask(
    convention: Convention, painted: list[float], kept: list[float]
) -> None:
    image, values = Image(torch.full((1, 3, 4, 4), 0.5)), torch.zeros(1, 1, 4, 4)
    values[..., :2] = 0.9
    made = concat(Inpainting(encode, convention).encode(image, Mask(values)))
    assert made[0, :, 0, 0].tolist() == painted
    assert made[0, :, 0, 1].tolist() == kept


def test_in_training_a_dropped_picture_is_painted_all_over() -> None:
    conditioner, items = Inpainting(encode), torch.zeros(2, 4, 4, 4)
    made = concat(conditioner(conditioner.dropped(items, torch.tensor([True, False]))))
    assert made[0].unique().tolist() == [-1, 1]
    assert made[1, 3].unique().tolist() == [-1]
    assert not made[1, :3].any()


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="mask is 6 × 4, the picture 4 × 4") as refused:
        Inpainting(encode).encode(Image(torch.zeros(1, 3, 4, 4)), Mask(torch.zeros(1, 1, 4, 6)))
    assert refused.value.port == "mask"


def small_unet(**arguments: object) -> UNetModel:
    given: dict[str, object] = {
        "image_size": 4, "in_channels": 7, "out_channels": 3, "model_channels": 32, "num_res_blocks": 1,
        "attention_resolutions": [1], "channel_mult": [1], "num_heads": 1, **arguments,
    }  # fmt: skip
    return UNetModel(**given)  # type: ignore[arg-type]


LATENT, MAP = torch.zeros(1, 3, 4, 4), torch.zeros(1, 4, 4, 4)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Conditioning(), "a map of 4 channels beside the latent, and gets none"),
        (Conditioning(concat=MAP[:, :3]), "gets one of 3"),
        (Conditioning(concat=torch.zeros(1, 4, 2, 2)), "map is 2 × 2, the latent 4 × 4"),
        (Conditioning(torch.zeros(1, 2, 8), concat=MAP), "no tokens, and gets tokens that are 8 wide"),
        (Conditioning(vector=torch.zeros(1, 8), concat=MAP), "neither a vector nor a class, and gets a vector of 8"),
    ],
)
def test_a_condition_that_does_not_fit_is_told_in_words(condition: Conditioning, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_fits(condition, small_unet(), LATENT)


def test_a_condition_that_fits_passes() -> None:
    check_fits(Conditioning(concat=MAP), small_unet(), LATENT)
    hybrid = small_unet(use_spatial_transformer=True, context_dim=8, num_classes=5)
    check_fits(Conditioning(torch.zeros(1, 2, 8), torch.tensor([3]), concat=MAP), hybrid, LATENT)
    with pytest.raises(InputError, match="8 wide, and gets tokens that are 9 wide"):
        check_fits(Conditioning(torch.zeros(1, 2, 9), torch.tensor([3]), concat=MAP), hybrid, LATENT)


def test_vectors_are_told_by_their_width_and_from_classes() -> None:
    adm, vector = {"num_classes": "sequential", "adm_in_channels": 2816}, Conditioning(vector=torch.zeros(1, 1280))
    with pytest.raises(InputError, match="a vector of 2816, and gets a vector of 1280") as refused:
        check_fits(vector, small_unet(in_channels=3, **adm), LATENT)
    assert "Picture size (SDXL)" in refused.value.fix
    with pytest.raises(InputError, match="a class, and gets a vector of 1280"):
        check_fits(vector, small_unet(in_channels=3, num_classes=5), LATENT)
    check_fits(Conditioning(vector=torch.zeros(1, 1)), small_unet(in_channels=3, num_classes="continuous"), LATENT)


def test_a_conditioner_of_another_kind_is_told_by_what_it_takes() -> None:
    conditioner: Conditioner = LowResolution()
    assert expect(conditioner, LowResolution, "conditioner") is conditioner
    with pytest.raises(InputError, match="takes low-resolution pictures, not semantic maps") as refused:
        expect(conditioner, SpatialRescaler, "conditioner")
    assert refused.value.port == "conditioner"


def test_pixels_of_a_cell_become_channels() -> None:
    pixels = torch.arange(16.0).view(1, 1, 4, 4).expand(1, 3, 4, 4)
    made = LowResolution(cell=2).encode(Image(pixels)).concat
    assert made is not None
    assert made.shape == (1, 12, 2, 2)
    assert made[0, :4, 0, 1].tolist() == [2, 3, 6, 7]
    with pytest.raises(InputError, match="5 × 4 pixels does not fit") as refused:
        LowResolution(cell=2).encode(Image(torch.zeros(1, 3, 4, 5)))
    assert "4 × 4" in refused.value.fix
