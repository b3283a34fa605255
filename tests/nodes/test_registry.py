"""The catalogue as a whole: what people read of each node."""

from __future__ import annotations

import pytest

from core.graph.node_spec import NodeSpec
from nodes import registry

SPECS = registry().all()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
def test_every_node_can_be_read_and_found(spec: NodeSpec) -> None:
    assert spec.id.startswith("loom.")
    assert spec.title[0].isupper()
    assert len(spec.help) > 20
    assert spec.category


def test_titles_are_not_mistaken_for_one_another() -> None:
    assert len({spec.title.lower() for spec in SPECS}) == len(SPECS)


def test_every_input_can_be_fed_by_some_node() -> None:
    made = [port.type for spec in SPECS for port in spec.outputs]
    for spec in SPECS:
        for port in spec.inputs:
            assert any(issubclass(kind, port.type) for kind in made), f"nothing feeds {spec.id}.{port.name}"
