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
    objects = ids[:, : 3 * form.no_max_objects].reshape(len(ids), -1, 3)
    classes, first, second = objects.unbind(-1)
    side = form.side
    edges = torch.stack([first % side, first // side, second % side, second // side], dim=-1) / (side - 1)
    return covered(classes, edges, form.no_object_classes, height, width)


def covered(classes: Tensor, edges: Tensor, count: int, height: int, width: int) -> Tensor:
    """Return how much of each cell boxes cover, [b, count, h, w] from 0 to 1.

    Args:
        classes: Of the boxes, [b, n]; `count` and above stand for no box.
        edges: Left, top, right and bottom as shares of the picture, [b, n, 4].
        count: k, the number of classes.
        height, width: Cells of the map.
    """
    there = F.one_hot(classes.clamp(max=count), count + 1)[..., :-1].float()
    columns, rows = _between(edges[..., 0], edges[..., 2], width), _between(edges[..., 1], edges[..., 3], height)
    return torch.einsum("bnk,bnh,bnw->bkhw", there, rows, columns).clamp(max=1.0)


def _between(begin: Tensor, end: Tensor, cells: int) -> Tensor:
    """Return how much of each of `cells` equal intervals lies between shares [b, n], [b, n, cells]."""
    edges = torch.arange(cells, device=begin.device)
    begin, end = (share.unsqueeze(-1) * cells for share in (begin, end))
    return (torch.minimum(end, edges + 1) - torch.maximum(begin, edges)).clamp(0.0, 1.0)
