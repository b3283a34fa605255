"""Layouts as maps beside the latent: for each class, how much of each cell its boxes cover.

Tokens name a box's corners by numbers of a grid, and a transformer must learn where each number lies (Rombach et al.,
arXiv 2112.10752, section 4.3.1). Where data and time are short, the same boxes may also be laid on the latent, as the
paper does with semantic maps (section 4.3.2); after Zhao et al., "Image Generation from Layout" (arXiv 1811.11389).
Letters: b batch, n objects, k classes, h and w the latent's size.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.conditioning.layout_tokens import LayoutTokens


def class_map(ids: Tensor, form: LayoutTokens, height: int, width: int) -> Tensor:
    """Return how much of each cell boxes cover, [b, k, h, w] from 0 to 1.

    Args:
        ids: Tokens of layouts, [b, length].
        form: Their format, with corners and without remarks.
        height, width: Cells of the map.
    """
    side = form.side
    objects = ids[:, : 3 * form.no_max_objects].reshape(len(ids), -1, 3)
    classes, first, second = objects.unbind(-1)
    there = F.one_hot(classes.clamp(max=form.no_object_classes), form.no_object_classes + 1)[..., :-1].float()
    rows = _covered(first // side, second // side, side, height)
    columns = _covered(first % side, second % side, side, width)
    return torch.einsum("bnk,bnh,bnw->bkhw", there, rows, columns).clamp(max=1.0)


def _covered(begin: Tensor, end: Tensor, side: int, cells: int) -> Tensor:
    """Return how much of each of `cells` intervals lies between points [b, n] of a grid, [b, n, cells]."""
    edges = torch.arange(cells, device=begin.device)
    begin, end = (points.unsqueeze(-1) / (side - 1) * cells for points in (begin, end))
    return (torch.minimum(end, edges + 1) - torch.maximum(begin, edges)).clamp(0.0, 1.0)
