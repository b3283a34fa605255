"""Teaching a text encoder to read who stands where, before a denoiser learns from it.

A denoiser alone taught its words who is there, and not in which order: "a fox left of a pizza" and its reverse stayed
at chance. The encoder learns it in minutes from captions alone, by naming the things of a scene in reading order and by
a map of where they probably are, if it begins with one wording a scene (Bengio et al., "Curriculum learning", ICML
2009). The denoiser is then told the map beside the tokens (`core.models.text_map`), as cross-attention did not learn
places from them.

python -m training.reading_lesson resources/training/stickers-24-pairs.toml MODEL TAUGHT
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the customary name

from core.checkpoints.model_folder import load_model, save_conditioner
from core.conditioning.box_map import covered
from core.conditioning.conditioner import expect
from core.conditioning.text import TextEncoder
from core.errors import InputError
from core.models.text_map import TextMap
from core.randomness import generator
from training.config import load_config
from training.datasets.scenes import Scene, SceneConfig, make_scene

FIRST_SEED = 1_002_000_000  # scenes that nobody else learns from or is measured on
MOST_THINGS, ARRANGEMENTS = 3, ("single", "row", "column")
COUNTS = ((1, 0.2), (2, 0.6), (3, 0.2))
ONE_WORDING = 0.3  # of the steps come first, with one wording a scene
SMALL = 16  # pixels; nobody looks at the pictures


@dataclass(frozen=True)
class Answers:
    """What captions say, as numbers.

    Attributes:
        things: In reading order, k = none, [b, 3].
        edges: Of their boxes, as shares of the picture, [b, 3, 4].
        backgrounds, arrangements: [b].
    """

    things: Tensor
    edges: Tensor
    backgrounds: Tensor
    arrangements: Tensor


class Reader(nn.Module):
    """Reads a scene off a caption's tokens: a query each for the first, second and third thing, and for the rest."""

    def __init__(self, width: int, classes: Sequence[str], backgrounds: Sequence[str]) -> None:
        super().__init__()
        self.classes, self.backgrounds = tuple(classes), tuple(backgrounds)
        self.queries = nn.Parameter(torch.randn(MOST_THINGS + 1, width) * width**-0.5)
        self.key, self.value = nn.Linear(width, width), nn.Linear(width, width)
        self.thing = nn.Linear(width, len(classes) + 1)
        self.background, self.arrangement = nn.Linear(width, len(backgrounds)), nn.Linear(width, len(ARRANGEMENTS))

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits of things [b, 3, k + 1], backgrounds [b, m] and arrangements [b, 3] from tokens [b, n, d]."""
        found = F.scaled_dot_product_attention(
            self.queries.expand(len(tokens), -1, -1), self.key(tokens), self.value(tokens)
        )
        rest = found[:, -1]
        return self.thing(found[:, :-1]), self.background(rest), self.arrangement(rest)

    def loss(self, tokens: Tensor, answers: Answers) -> Tensor:
        """Return the cross-entropy of all answers."""
        things, backgrounds, arrangements = self(tokens)
        return (
            F.cross_entropy(things.flatten(0, 1), answers.things.flatten())
            + F.cross_entropy(backgrounds, answers.backgrounds)
            + F.cross_entropy(arrangements, answers.arrangements)
        )

    def answers(self, scenes: Sequence[Scene]) -> Answers:
        """Return what the scenes show."""
        things = torch.full((len(scenes), MOST_THINGS), len(self.classes))
        edges = torch.zeros(len(scenes), MOST_THINGS, 4)
        for row, scene in enumerate(scenes):
            for place, box in enumerate(scene.boxes):
                things[row, place] = self.classes.index(box.label)
                edges[row, place] = torch.tensor([box.x0, box.y0, box.x1, box.y1])
        backgrounds = torch.tensor([self.backgrounds.index(scene.background) for scene in scenes])
        arrangements = torch.tensor([ARRANGEMENTS.index(scene.arrangement) for scene in scenes])
        return Answers(things, edges, backgrounds, arrangements)


def teach(
    encoder: TextEncoder, config: SceneConfig, size: tuple[int, int], *,
    steps: int = 1500, batch: int = 32, seed: int = 0,
) -> Reader:  # fmt: skip
    """Train an encoder in place on captions of the scenes that a configuration describes; deterministic on one machine.

    It takes about 3 minutes of one core. An encoder gets a map of `size`, the latent's height and width, with a channel
    for each class, unless it has one.

    Returns:
        What reads its tokens.
    """
    torch.manual_seed(seed)
    width = encoder.transformer.n_embed
    reader = Reader(width, config.classes, config.backgrounds)
    text_map = encoder.map
    if text_map is None or (text_map.channels, text_map.size) != (len(config.classes), size):
        encoder.map = text_map = TextMap(width, len(config.classes), size)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *reader.parameters()], lr=1e-3, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for scenes in _lessons(config, steps, batch, seed):
        tokens = cast(Tensor, encoder(encoder.token_ids([scene.caption for scene in scenes])).tokens)
        answers = reader.answers(scenes)
        shown = covered(answers.things, answers.edges, len(config.classes), *text_map.size)
        mapped = F.binary_cross_entropy_with_logits(text_map.logits(tokens), shown, reduction="none").sum(1).mean()
        optimizer.zero_grad()
        (reader.loss(tokens, answers) + mapped).backward()
        optimizer.step()
        schedule.step()
    return reader


def _lessons(config: SceneConfig, steps: int, batch: int, seed: int) -> Iterator[list[Scene]]:
    """Yield batches of scenes, first with one wording each."""
    config = replace(config, size=SMALL, counts=COUNTS, same=0.1)
    stream = generator(seed, "reading", 0)
    for step in range(steps):
        detail = replace(config, detail="canonical") if step < ONE_WORDING * steps else config
        seeds = torch.randint(0, 1_000_000, (batch,), generator=stream).tolist()
        yield [make_scene(FIRST_SEED + seed, detail) for seed in seeds]


def read_right(encoder: TextEncoder, reader: Reader, scenes: Sequence[Scene]) -> float:
    """Return the share of scenes whose things are all read in their order."""
    with torch.no_grad():
        things = reader(encoder(encoder.token_ids([scene.caption for scene in scenes])).tokens)[0].argmax(-1)
    return float((things == reader.answers(scenes).things).all(1).float().mean())


def main(config: Path, model: Path, out: Path) -> None:
    """Write a copy of a model whose text encoder was taught to read the scenes of a configuration.

    The copy is to begin a run with: until then, its denoiser does not take the map that its encoder lays.

    Raises:
        InputError: There is something at `out`, or the model has no such text encoder.
        ModelFileError: The model cannot be loaded.
    """
    if out.exists():
        raise InputError(
            f"The model cannot be written to {out}.",
            why="There is something of that name.",
            fix="Name another folder, or remove that one.",
        )
    taught, scenes = load_model(model), load_config(config).data.scenes
    side = scenes.size // taught.autoencoder.space.factor
    teach(expect(taught.conditioner, TextEncoder, "model"), scenes, (side, side))
    shutil.copytree(model, out)
    save_conditioner(out, taught.conditioner)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*map(Path, sys.argv[1:4]))
