"""Inputs and outputs of nodes, typed by Python classes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Port:
    """One input or output of a node.

    Attributes:
        name: Unique among the node's inputs, or among its outputs.
        type: Class of the values that pass here.
        optional: Whether an input may stay unconnected (its parameter defaults to None).
        help: One line for people; may be empty.
    """

    name: str
    type: type
    optional: bool = False
    help: str = ""


def compatible(output: type, input: type) -> bool:
    """Whether a value of class `output` may be given to an input of class `input`.

    Subclasses fit, and a whole number fits where a float is asked for, as in Python itself.
    """
    if input is object or (input is float and output is int):
        return True
    return issubclass(output, input)
