"""3x3 convolution by minimal filtering: 4 products instead of 9 for each output, 2.25 after nearest-neighbour doubling.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (arXiv 1509.09308), section 4.1, F(2x2, 3x3):
Y = A^T [(G g G^T) * (B^T d B)] A for each tile of 2x2 outputs, d its 4x4 inputs, g a kernel. In a doubled image the
rows of a tile are x[i-1], x[i], x[i], x[i+1], so that the third row of B^T d is zero and 9 of 16 products remain.
Letters: b batch, c channels in, o channels out, h height, w width, r rows of tiles in a strip, s tiles in a row,
k filtered values along an axis (4, or 3 where the input is doubled).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

# As many tiles as keep a processor's products busy while their values still fit its cache.
TILES_AT_ONCE = 256
_G = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, 1.0))
# Without the row that meets only zeros; the second takes the factor 2 of x[i] + x[i].
_G_DOUBLED = ((1.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.0, 0.0, 1.0))


def convolve3x3(x: Tensor, weight: Tensor, bias: Tensor | None, *, doubled: bool = False) -> Tensor:
    """Convolve with padding 1 and stride 1; no gradient flows.

    Args:
        x: [b, c, h, w]; h and w even unless `doubled`. Quickest in channels-last memory.
        weight, bias: [o, c, 3, 3] and [o].
        doubled: Convolve the nearest-neighbour doubling of `x` instead.

    Returns:
        [b, o, h, w], or [b, o, 2h, 2w] if `doubled`; in channels-last memory.
    """
    (b, c, h, w), o = x.shape, len(weight)
    stride = 1 if doubled else 2
    kernels = _filtered_kernels(weight, doubled)
    k, row_tiles, s = len(kernels), h // stride, w // stride
    y = x.new_empty(b, row_tiles, 2, s, 2, o)
    rows = max(1, TILES_AT_ONCE // s)
    values, products = x.new_empty(k * k, rows * s, c), x.new_empty(k * k, rows * s, o)
    for image, result in zip(x.permute(0, 2, 3, 1), y, strict=True):
        for top in range(0, row_tiles, rows):
            r = min(rows, row_tiles - top)
            strip = _padded_strip(image, top * stride, r * stride)
            _filter_inputs(strip, values[:, : r * s].view(k, k, r, s, c), stride)
            out = products[:, : r * s]
            torch.bmm(values[:, : r * s], kernels.flatten(0, 1), out=out)
            if bias is not None:
                out[k + 1] += bias  # each output counts this product once
            _combine(out.view(k, k, r, s, o), result[top : top + r])
    return y.view(b, 2 * row_tiles, 2 * s, o).permute(0, 3, 1, 2)


def _filtered_kernels(weight: Tensor, doubled: bool) -> Tensor:
    """Return G g G^T for each kernel: [k, k, c, o]."""
    o, c = weight.shape[:2]
    g = weight.new_tensor(_G_DOUBLED if doubled else _G)
    both_axes = torch.kron(g, g)
    return (both_axes @ weight.reshape(o * c, 9).T).view(len(g), len(g), o, c).transpose(2, 3)


def _padded_strip(image: Tensor, top: int, rows: int) -> Tensor:
    """Cut [rows + 2, w + 2, c] out of an image [h, w, c], with zeros around it."""
    h = len(image)
    inside = image[max(0, top - 1) : min(h, top + rows + 1)]
    return F.pad(inside, (0, 0, 1, 1, int(top == 0), int(top + rows == h)))


def _filter_inputs(strip: Tensor, values: Tensor, stride: int) -> None:
    """Write B^T d B of each tile of a padded strip to `values` [k, k, r, s, c]."""
    k, _, r, s, c = values.shape
    by_rows = strip.new_empty(k, r, strip.shape[1], c)
    _filter([strip[i : i + stride * (r - 1) + 1 : stride] for i in range(k)], by_rows)
    _filter([by_rows[:, :, i : i + stride * (s - 1) + 1 : stride] for i in range(k)], values.transpose(0, 1))


def _filter(d: Sequence[Tensor], out: Tensor) -> None:
    """Write B^T d along one axis to out [k, ...]; d are the k inputs of all tiles."""
    if len(d) == 3:
        torch.sub(d[0], d[1], out=out[0])
        out[1].copy_(d[1])
        torch.sub(d[1], d[2], out=out[2])
        return
    torch.sub(d[0], d[2], out=out[0])
    torch.add(d[1], d[2], out=out[1])
    torch.sub(d[2], d[1], out=out[2])
    torch.sub(d[1], d[3], out=out[3])


def _combine(products: Tensor, out: Tensor) -> None:
    """Write A^T m A of products [k, k, r, s, o] to out [r, 2, s, 2, o]."""
    by_rows = products.new_empty(2, *products.shape[1:])
    _combine_axis(products, by_rows)
    _combine_axis(by_rows.transpose(0, 1), out.permute(3, 1, 0, 2, 4))


def _combine_axis(m: Tensor, out: Tensor) -> None:
    """Write A^T m along the first axis, [k, ...] to [2, ...]."""
    torch.add(m[0], m[1], out=out[0])
    torch.sub(m[1], m[2], out=out[1])
    if len(m) == 4:
        out[0] += m[2]
        out[1] -= m[3]
