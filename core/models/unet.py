"""The UNet denoiser: residual blocks at several resolutions, attention at some, skip connections between.

Rombach et al. (arXiv 2112.10752), section 3.2 and appendix E; the backbone is that of Dhariwal and Nichol
(arXiv 2105.05233). Constructor arguments and parameter names are those of the reference implementation.
Letters: b batch, c channels, h height, w width, n tokens, d width of a token, e width of the time embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from core.models.attention import Context
from core.models.convolution import laid_out
from core.models.resnet_blocks import zero_module
from core.models.timestep_embedding import timestep_embedding
from core.models.unet_layers import UNetLayers


class UNetModel(nn.Module):
    """Predict noise (or v, or x_0) from a noisy latent, a time, and conditioning.

    Args (names of the reference implementation):
        image_size: Nominal height and width of the latent; a record only, any size works.
        in_channels, out_channels: Channels of the latent (with concatenated conditioning) and of the prediction.
        model_channels: Width of the first level; `channel_mult` gives the others as multiples.
        num_res_blocks: Residual blocks a level, one number or one for each level.
        attention_resolutions: Downsampling factors (1, 2, 4, ...) at which there is attention.
        num_heads, num_head_channels: Give one of them, the other as -1.
        use_spatial_transformer: Attention to a context of width `context_dim`, `transformer_depth` blocks deep
            (one number, or one for each level). Several widths are those of each transformer's blocks, which then
            attend to as many contexts.
        num_classes: None; a number of classes for integer labels; "continuous" for one number; "sequential" for a
            vector of `adm_in_channels`. Each is added to the time embedding.
        use_scale_shift_norm, resblock_updown, conv_resample: Variants of Dhariwal and Nichol.
        legacy: With transformers, take the head width as channels / num_heads even where num_head_channels is set.
        use_linear_in_transformer: Stable Diffusion 2's projections.
        n_embed: If set, predict logits of codebook entries with a second head.
        dims: Dimensions of the latent; 2.
        use_checkpoint: Recompute activations in the backward pass.
        use_fp16: Hold the weights in float16.
    """

    def __init__(
        self,
        image_size: int,
        in_channels: int,
        model_channels: int,
        out_channels: int,
        num_res_blocks: int | Sequence[int],
        attention_resolutions: Sequence[int],
        dropout: float = 0.0,
        channel_mult: Sequence[int] = (1, 2, 4, 8),
        conv_resample: bool = True,
        dims: int = 2,
        num_classes: int | str | None = None,
        use_checkpoint: bool = False,
        use_fp16: bool = False,
        num_heads: int = -1,
        num_head_channels: int = -1,
        num_heads_upsample: int = -1,
        use_scale_shift_norm: bool = False,
        resblock_updown: bool = False,
        use_new_attention_order: bool = False,
        use_spatial_transformer: bool = False,
        transformer_depth: int | Sequence[int] = 1,
        context_dim: int | Sequence[int] | None = None,
        n_embed: int | None = None,
        legacy: bool = True,
        disable_self_attentions: Sequence[bool] | None = None,
        num_attention_blocks: Sequence[int] | None = None,
        disable_middle_self_attn: bool = False,
        use_linear_in_transformer: bool = False,
        adm_in_channels: int | None = None,
    ) -> None:
        super().__init__()
        if dims != 2:
            raise ValueError(f"dims must be 2, for latents [b, c, h, w]; got {dims}.")
        if num_heads == -1 and num_head_channels == -1:
            raise ValueError("One of num_heads and num_head_channels must be set; both are -1.")
        self.image_size, self.in_channels, self.out_channels = image_size, in_channels, out_channels
        self.model_channels, self.num_classes, self.use_checkpoint = model_channels, num_classes, use_checkpoint
        self.context_dim = context_dim
        levels = len(channel_mult)
        emb_dim = 4 * model_channels
        self.time_embed = nn.Sequential(nn.Linear(model_channels, emb_dim), nn.SiLU(), nn.Linear(emb_dim, emb_dim))
        if num_classes is not None:
            self.label_emb = _label_embedding(num_classes, adm_in_channels, emb_dim)
        # As published: heads of their own on the way up only in plain attention blocks that give no head width.
        own_heads_up = num_heads_upsample != -1 and legacy and not use_spatial_transformer
        layers = UNetLayers(
            emb_dim=emb_dim,
            dropout=dropout,
            widths=tuple(mult * model_channels for mult in channel_mult),
            blocks=_per_level(num_res_blocks, levels),
            attention_resolutions=tuple(attention_resolutions),
            num_attention_blocks=None if num_attention_blocks is None else tuple(num_attention_blocks),
            num_heads=num_heads,
            num_heads_upsample=num_heads_upsample if own_heads_up else num_heads,
            num_head_channels=num_head_channels,
            use_spatial_transformer=use_spatial_transformer,
            transformer_depth=_per_level(transformer_depth, levels),
            context_dim=tuple(context_dim) if isinstance(context_dim, Sequence) else context_dim,
            legacy=legacy,
            disable_self_attentions=tuple(disable_self_attentions or [False] * levels),
            use_linear_in_transformer=use_linear_in_transformer,
            use_new_attention_order=use_new_attention_order,
            use_scale_shift_norm=use_scale_shift_norm,
            resblock_updown=resblock_updown,
            conv_resample=conv_resample,
        )
        self.input_blocks, stored = layers.down_path(nn.Conv2d(in_channels, model_channels, 3, padding=1))
        self.middle_block = layers.middle(disable_middle_self_attn)
        self.output_blocks = layers.up_path(stored)
        last = zero_module(nn.Conv2d(model_channels, out_channels, 3, padding=1))
        self.out = nn.Sequential(nn.GroupNorm(32, layers.widths[0]), nn.SiLU(), last)
        self.id_predictor: nn.Sequential | None = None
        if n_embed is not None:
            self.id_predictor = nn.Sequential(nn.GroupNorm(32, layers.widths[0]), nn.Conv2d(model_channels, n_embed, 1))
        if use_fp16:
            self.half()

    def forward(self, x: Tensor, t: Tensor, context: Context = None, y: Tensor | None = None) -> Tensor:
        """Predict from a noisy latent, computing in the type of the weights.

        Args:
            x: Noisy latent, with any concatenated conditioning, [b, in_channels, h, w].
            t: Times in steps, [b], integers or fractions in [0, 1000).
            context: Tokens to attend to, [b, n, context_dim], or several such where `context_dim` lists widths.
            y: Labels [b], or vectors [b, adm_in_channels]; required exactly if the model has `num_classes`.

        Returns:
            [b, out_channels, h, w], or codebook logits [b, n_embed, h, w], in the type of `x`.
        """
        if (y is not None) != (self.num_classes is not None):
            raise ValueError("y must be given exactly when the UNet was built with num_classes.")
        dtype = cast(nn.Linear, self.time_embed[0]).weight.dtype
        emb = self.time_embed(timestep_embedding(t, self.model_channels).to(dtype))
        if y is not None:
            emb = emb + self.label_emb(y.to(dtype) if y.is_floating_point() else y)
        context = _in_type(context, dtype)
        skips: list[Tensor] = []
        h = laid_out(x.to(dtype))
        for block in self.input_blocks:
            h = self._run(block, h, emb, context)
            skips.append(h)
        h = self._run(self.middle_block, h, emb, context)
        for block in self.output_blocks:
            h = torch.cat([h, skips.pop()], dim=1)
            h = self._run(block, h, emb, context, skips[-1].shape[2:] if skips else None)
        head = self.out if self.id_predictor is None else self.id_predictor
        return cast(Tensor, head(h)).to(x.dtype)

    def _run(
        self, block: nn.Module, h: Tensor, emb: Tensor, context: Context, size: tuple[int, ...] | None = None
    ) -> Tensor:
        """Run a block; `size` is that of the next skip connection, which a block that upsamples must meet."""
        arguments: tuple[Any, ...] = (h, emb, context, size)
        if self.use_checkpoint and torch.is_grad_enabled():
            return cast(Tensor, checkpoint(block, *arguments, use_reentrant=False))
        return cast(Tensor, block(*arguments))


def _in_type(context: Context, dtype: torch.dtype) -> Context:
    if context is None or isinstance(context, Tensor):
        return None if context is None else context.to(dtype)
    return [tokens.to(dtype) for tokens in context]


def _per_level(number: int | Sequence[int], levels: int) -> tuple[int, ...]:
    return (number,) * levels if isinstance(number, int) else tuple(number)


def _label_embedding(num_classes: int | str, adm_in_channels: int | None, emb_dim: int) -> nn.Module:
    if isinstance(num_classes, int):
        return nn.Embedding(num_classes, emb_dim)
    if num_classes == "continuous":
        return nn.Linear(1, emb_dim)
    if num_classes == "sequential" and adm_in_channels:
        layers = (nn.Linear(adm_in_channels, emb_dim), nn.SiLU(), nn.Linear(emb_dim, emb_dim))
        return nn.Sequential(nn.Sequential(*layers))
    known = 'a number, "continuous", or "sequential" with adm_in_channels'
    raise ValueError(f"num_classes must be {known}; got {num_classes!r}.")
