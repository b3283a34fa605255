"""Compiled networks: slower to start, quicker to run many times at one size; see `torch.compile`."""

from __future__ import annotations

import shutil

from torch import nn

from core.errors import InputError

_COMPILERS = ("c++", "g++", "clang++", "cl")


def compile_network(network: nn.Module) -> None:
    """Have a network compiled at its first call for each new size of input; names of weights stay as they are.

    A compiled network takes torch's own convolutions, not the short ways of `core.models.convolution`.

    Raises:
        InputError: There is no C++ compiler, which torch needs.
    """
    if not any(shutil.which(name) for name in _COMPILERS):
        raise InputError(
            "The network cannot be compiled.",
            why=f"torch needs a C++ compiler; none of {', '.join(_COMPILERS)} is installed.",
            fix="Install one, such as g++, or run the network without compiling it.",
        )
    network.compile(dynamic=False)
