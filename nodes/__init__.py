"""The nodes: one family a module. `registry()` gives them all; importing this package imports torch."""

from __future__ import annotations

from core.graph.node_spec import NodeRegistry
from nodes import condition, condition_spatial, data, first_stage, guide, image, load, mask, sample, train


def registry() -> NodeRegistry:
    """Return the catalogue of all nodes that the program ships."""
    catalogue = NodeRegistry()
    for family in (load, condition, condition_spatial, sample, guide, first_stage, image, mask, data, train):
        catalogue.load_from(family)
    return catalogue
