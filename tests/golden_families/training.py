"""What only training needs: the average of weights."""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn

from tests.golden_families.fixture import Fixture
from training.ema import Ema


def weight_average(fixture: Fixture) -> dict[str, Tensor]:
    kwargs = fixture.about["kwargs"]
    module = _module_of(fixture.weights)
    ema = Ema(module, kwargs.get("decay", 0.9999), warm_up=kwargs.get("use_num_updates", True))
    found, steps = {}, {int(re.match(r"step(\d+)\.", name)[1]) for name in fixture.inputs}  # type: ignore[index]
    for step in sorted(steps):
        prefix = f"step{step}."
        module.load_state_dict(
            {name.removeprefix(prefix): value for name, value in fixture.inputs.items() if name.startswith(prefix)}
        )
        ema.update(module)
        # Buffers of the reference have no dots; a fixed decay counts no updates.
        found |= {f"after{step}.{name.replace('.', '')}": average.clone() for name, average in ema.averages.items()}
        found[f"after{step}.decay"] = torch.tensor(ema.decay)
        found[f"after{step}.num_updates"] = torch.tensor(ema.updates if ema.warm_up else -1, dtype=torch.int32)
    return {name: found[name] for name in fixture.outputs}


def _module_of(weights: dict[str, Tensor]) -> nn.Module:
    """A tree of modules with these parameters."""
    root = nn.Module()
    for name, value in weights.items():
        *path, leaf = name.split(".")
        place = root
        for part in path:
            if part not in place._modules:
                place.add_module(part, nn.Module())
            place = place.get_submodule(part)
        place.register_parameter(leaf, nn.Parameter(value.clone()))
    return root
