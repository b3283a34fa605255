"""Class conditioning: one learned token for each class.

Rombach et al. (arXiv 2112.10752), section 4.3.2 and table 17 (class-conditional ImageNet: 1000 classes and, for
guidance, one that means none). Constructor arguments and parameter names are those of the reference's ClassEmbedder.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.conditioning.conditioner import ItemConditioner
from core.conditioning.conditioning import Conditioning
from core.errors import InputError


class ClassEmbedder(ItemConditioner):
    """Embeds classes as a single token for cross-attention.

    Args (names of the reference implementation):
        embed_dim: Width d of the token.
        n_classes: Number of classes; the last one is the null class, which training puts in for others.
        key: Name of the classes in a batch of the data set.
        ucg_rate: Share of classes that training replaces by the null class, 0 to 1.
        names: Of the classes, for people; may be empty.
    """

    takes = "a class"
    has_null = True

    def __init__(
        self,
        embed_dim: int,
        n_classes: int = 1000,
        key: str = "class",
        ucg_rate: float = 0.0,
        names: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.n_classes, self.key, self.ucg_rate, self.names = n_classes, key, ucg_rate, tuple(names)
        self.embedding = nn.Embedding(n_classes, embed_dim)

    def forward(self, items: Tensor) -> Conditioning:
        """Embed classes [b], whole numbers in [0, n_classes), as tokens [b, 1, d]."""
        return Conditioning(self.embedding(items)[:, None])

    def null_items(self, items: Tensor) -> Tensor:
        """Return the null class, [b]."""
        return torch.full_like(items, self.n_classes - 1)

    def encode(self, labels: Sequence[int]) -> Conditioning:
        """Embed classes.

        Raises:
            InputError: There is no such class.
        """
        for label in labels:
            if not 0 <= label < self.n_classes:
                raise InputError(
                    f"There is no class {label}.",
                    why=f"This model knows {self.n_classes} classes, counted from 0.",
                    fix=f"Use {min(max(label, 0), self.n_classes - 1)}.",
                    port="label",
                )
        made = self(torch.tensor(labels, device=self.device))
        words = ", ".join(self.names[label] if label < len(self.names) else f"class {label}" for label in labels)
        return Conditioning(made.tokens, summary=words)

    def null(self, count: int = 1) -> Conditioning:
        """Return the null condition, a batch of `count`."""
        return self.encode([self.n_classes - 1] * count)
