"""What a denoiser is conditioned on, whatever it came from.

Rombach et al. (arXiv 2112.10752), section 3.3: tokens for cross-attention, and maps that are concatenated with the
latent; beside them a class or a vector that joins the time embedding, as in Dhariwal and Nichol (arXiv 2105.05233).
The reference calls the three c_crossattn, c_concat and y; a "hybrid" model takes several.
Letters: b batch, n tokens, d width of a token, e width of the vector, c channels of the map, h and w the latent's size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.errors import InputError


@dataclass(frozen=True)
class Conditioning:
    """A batch of conditions.

    Attributes:
        tokens: For cross-attention, [b, n, d], or None.
        vector: Added to the time embedding: vectors [b, e], or whole-numbered classes [b]; or None.
        summary: A few words for people, such as the prompt.
        concat: Concatenated with the noisy latent, [b, c, h, w], or None.
        untold: Where only some kinds of conditions of a mixed model are told: the null conditions of the others by
            kind, each a batch of one. None = nothing is known of the model.
        stretches: Whether the map's places are shares of the picture, so that it is scaled to a latent of any size.
    """

    tokens: Tensor | None = None
    vector: Tensor | None = None
    summary: str = ""
    concat: Tensor | None = None
    untold: Mapping[str, Conditioning] | None = None
    stretches: bool = False

    def loom_summary(self) -> str:
        """Return a line for people."""
        return self.summary or "no condition"

    def joined(self, other: Conditioning) -> Conditioning:
        """Return a batch of this one's conditions followed by the other's.

        Raises:
            InputError: One has a part that the other lacks, or has in another size.
        """
        tokens, others = _same_length(self.tokens, other.tokens)
        pairs = ((tokens, others), (self.vector, other.vector), (self.concat, other.concat))
        if not all(_alike(a, b) for a, b in pairs):
            raise InputError(
                f"{self._shapes()} and {other._shapes()} cannot be put into one batch.",
                why="A denoiser takes the same kinds and sizes of conditions for each picture, and for guidance too.",
                fix="Make both in the same way: with the same conditioner, and the same nodes after it.",
            )
        joined = (_cat(a, b) for a, b in pairs)
        return Conditioning(next(joined), next(joined), self.summary, next(joined), stretches=self.stretches)

    def whole(self) -> Conditioning:
        """Return these conditions with the null conditions of what is untold, as the denoiser was trained with them."""
        batch = max((len(part) for part in (self.tokens, self.vector, self.concat) if part is not None), default=1)
        made = replace(self, untold=None)
        for null in (self.untold or {}).values():
            made = made.beside(null.repeated(batch))
        return replace(made, summary=self.summary)

    def repeated(self, count: int) -> Conditioning:
        """Return this single condition as a batch of `count`; a batch of `count` stays as it is.

        Raises:
            InputError: It is a batch of another size.
        """
        batches = [len(part) for part in (self.tokens, self.vector, self.concat) if part is not None]
        if any(batch not in (1, count) for batch in batches):
            raise InputError(
                f"A batch of {max(batches)} conditions does not fit {count} latents.",
                why="Each latent has its own condition, or all share one.",
                fix=f"Give one condition, or {count}.",
            )
        return self._each(lambda part: part.expand(count, *part.shape[1:]))

    def to(self, device: torch.device, dtype: torch.dtype | None = None) -> Conditioning:
        """Return the same conditions on `device`, and with fractions in `dtype`."""
        return self._each(lambda part: part.to(device, dtype if part.is_floating_point() else None))

    def fitted(self, height: int, width: int) -> Conditioning:
        """Return the same conditions for a latent of this size: a map that stretches is scaled to it."""
        if self.concat is None or not self.stretches or self.concat.shape[-2:] == (height, width):
            return self
        size = (height, width)
        return replace(self, concat=F.interpolate(self.concat, size, mode="bilinear", align_corners=False))

    def completed(self, other: Conditioning) -> Conditioning:
        """Return these conditions with the other's map, if these have none.

        A null condition leaves out what guidance should strengthen; what a picture continues from stays the same.
        """
        return self if self.concat is not None else replace(self, concat=other.concat, stretches=other.stretches)

    def beside(self, other: Conditioning) -> Conditioning:
        """Mix two conditions of one denoiser: both apply.

        Tokens follow one another, maps are stacked on their channels, vectors are laid end to end; untold is what both
        leave untold.

        Raises:
            InputError: Their sizes do not allow it, or both give a class.
        """
        vectors = [part for part in (self.vector, other.vector) if part is not None]
        if len(vectors) == 2 and not all(part.is_floating_point() for part in vectors):
            raise InputError(
                "Two classes cannot be combined.",
                why="A denoiser takes one class for each picture.",
                fix="Combine one class with conditions of other kinds.",
            )
        mine, others = self._like(other).concat, other._like(self).concat
        try:
            return Conditioning(
                _cat(self.tokens, other.tokens, 1),
                _cat(self.vector, other.vector, -1),
                " + ".join(filter(None, (self.summary, other.summary))),
                _cat(mine, others, 1),
                _both(self.untold, other.untold),
                all(part.stretches for part in (self, other) if part.concat is not None),
            )
        except RuntimeError as error:
            raise InputError(
                f"{self._shapes()} and {other._shapes()} cannot be combined.",
                why="Tokens must have the same width, maps the same height and width, and batches the same size.",
                fix="Combine conditions that were made for the same model and the same picture size.",
            ) from error

    def blended(self, other: Conditioning, share: float) -> Conditioning:
        """Return the average of two conditions: `share` 0 is this one, 1 the other.

        Raises:
            InputError: They differ in kind or size, or are classes.
        """
        tokens, others = _same_length(self.tokens, other.tokens)
        pairs = ((tokens, others), (self.vector, other.vector), (self.concat, other.concat))
        for a, b in pairs:
            if (a is None) != (b is None) or (a is not None and b is not None and not _can_blend(a, b)):
                raise InputError(
                    f"{self._shapes()} and {other._shapes()} have no average.",
                    why="Only conditions of the same kind and size do, and classes do not.",
                    fix="Blend two prompts of the same model.",
                )
        blends = [None if a is None or b is None else torch.lerp(a, b, share) for a, b in pairs]
        summary = f"{1 - share:.0%} {self.summary}, {share:.0%} {other.summary}"
        return Conditioning(blends[0], blends[1], summary, blends[2], self.untold, self.stretches)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Conditioning:
        parts = (None if part is None else change(part) for part in (self.tokens, self.vector, self.concat))
        tokens, vector, concat = parts
        return replace(self, tokens=tokens, vector=vector, concat=concat)

    def _like(self, other: Conditioning) -> Conditioning:
        """Return these conditions with the map scaled to the size of the other's, if it stretches."""
        return self if other.concat is None else self.fitted(*other.concat.shape[-2:])

    def _shapes(self) -> str:
        named = (("tokens", self.tokens), ("a vector", self.vector), ("a map", self.concat))
        shapes = [f"{name} of {tuple(part.shape)}" for name, part in named if part is not None]
        return "a condition with " + (" and ".join(shapes) or "nothing")


def _both(
    a: Mapping[str, Conditioning] | None, b: Mapping[str, Conditioning] | None
) -> Mapping[str, Conditioning] | None:  # fmt: skip
    if a is None or b is None:
        return b if a is None else a
    return {kind: null for kind, null in a.items() if kind in b}


def _cat(a: Tensor | None, b: Tensor | None, axis: int = 0) -> Tensor | None:
    if a is None or b is None:
        return b if a is None else a
    return torch.cat([a, b], axis)


def _alike(a: Tensor | None, b: Tensor | None) -> bool:
    """Whether two parts are of one kind and, but for the batch, of one size."""
    if a is None or b is None:
        return a is b
    return a.shape[1:] == b.shape[1:] and a.is_floating_point() == b.is_floating_point()


def _same_length(a: Tensor | None, b: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    """Repeat tokens until both have as many; softmax attention to k copies of all tokens equals that to one."""
    if a is None or b is None or a.shape[1] == b.shape[1]:
        return a, b
    length = math.lcm(a.shape[1], b.shape[1])
    return a.repeat(1, length // a.shape[1], 1), b.repeat(1, length // b.shape[1], 1)


def _can_blend(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.is_floating_point() and b.is_floating_point()
