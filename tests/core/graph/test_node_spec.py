"""A declaration is read off the annotations, and any mistake in it is named when the module is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pytest

from core.graph.node_spec import NodeRegistry, RunContext, Setting, node


class NoiseSchedule:
    """A value."""


class Both(NamedTuple):
    """Two results."""

    schedule: Annotated[NoiseSchedule, "the schedule"]
    steps: int


@node(id="spec.whole", title="Whole", category="test", version=3, writes_files=True)
def whole(
    schedule: Annotated[NoiseSchedule, "what to use"],
    extra: NoiseSchedule | None = None,
    *,
    steps: Annotated[int, Setting(min=1, max=200, unit="steps", shown=True)] = 20,
    picture: Annotated[Path, Setting(file_filter="*.png")],
    folder: Annotated[Path, Setting(widget="folder")] = Path("output"),
    loud: bool = False,
    context: RunContext,
) -> Both:
    """Do everything."""
    return Both(schedule, steps)


@node(id="spec.single", title="Single", category="a test")
def single() -> NoiseSchedule:
    """Give one."""
    return NoiseSchedule()


@node(id="spec.none", title="None", category="test")
def none(value: NoiseSchedule) -> None:
    """Give nothing."""


def test_the_spec_says_what_the_function_says() -> None:
    spec = whole.spec
    assert (spec.id, spec.title, spec.category, spec.version) == ("spec.whole", "Whole", "test", 3)
    assert [(port.name, port.type, port.optional, port.help) for port in spec.inputs] == [
        ("schedule", NoiseSchedule, False, "what to use"),
        ("extra", NoiseSchedule, True, ""),
    ]
    assert [(port.name, port.type, port.help) for port in spec.outputs] == [
        ("schedule", NoiseSchedule, "the schedule"),
        ("steps", int, ""),
    ]
    assert list(spec.settings) == ["steps", "picture", "folder", "loud"]
    assert spec.settings["steps"].default == 20
    assert spec.settings["steps"].setting.unit == "steps"
    assert spec.settings["picture"].default is None
    assert spec.reads_files == ("picture",)
    assert spec.context == "context"
    assert spec.help == "Do everything."
    assert spec.writes_files


def test_a_declared_node_stays_a_plain_function() -> None:
    assert isinstance(single(), NoiseSchedule)


def test_one_output_is_named_after_its_class() -> None:
    assert [port.name for port in single.spec.outputs] == ["noise_schedule"]
    assert none.spec.outputs == ()


def unannotated(value) -> None:  # type: ignore[no-untyped-def]
    """Help."""


def no_return(value: int):  # type: ignore[no-untyped-def]
    """Help."""


def no_help(value: int) -> None:
    pass


def bad_default(*, steps: Annotated[int, Setting(min=1)] = 0) -> None:
    """Help."""


def bad_choice(*, kind: Annotated[str, Setting(choices=("a", "b"))] = "c") -> None:
    """Help."""


def bad_default_type(*, steps: int = "many") -> None:  # type: ignore[assignment]
    """Help."""


def bad_setting(*, values: list[int]) -> None:
    """Help."""


def bad_input(value: list[int]) -> None:
    """Help."""


def bad_union(value: int | str) -> None:
    """Help."""


def must_be_connected(value: int | None) -> None:
    """Help."""


def input_with_default(value: int = 3) -> None:
    """Help."""


def collects(*values: int) -> None:
    """Help."""


def unknown_name(value: Absent) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Help."""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (unannotated, 'parameter "value" has no annotation'),
        (no_return, "no return annotation"),
        (no_help, "no docstring"),
        (bad_default, 'default of setting "steps".*0 is out of range'),
        (bad_choice, 'default of setting "kind".*"c" is not available'),
        (bad_default_type, 'default of setting "steps".*a whole number'),
        (bad_setting, 'setting "values"'),
        (bad_input, 'input "value".*plain classes'),
        (bad_union, 'input "value" must be one class'),
        (must_be_connected, 'input "value" must be one class'),
        (input_with_default, 'input "value" may default to None only'),
        (collects, 'parameter "values" collects'),
        (unknown_name, "Absent"),
    ],
)
def test_mistakes_are_named_at_declaration(function: Callable[..., Any], said: str) -> None:
    with pytest.raises(TypeError, match=said) as raised:
        node(id="spec.bad", title="Bad", category="test")(function)
    assert "spec.bad" in str(raised.value)
    assert function.__name__ in str(raised.value)


@pytest.mark.parametrize("change", [{"id": ""}, {"title": " "}, {"category": ""}, {"version": 0}])
def test_a_node_needs_id_title_category_and_version(change: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="needs an id"):
        node(**{"id": "x", "title": "x", "category": "x", **change})(single)


def test_an_id_belongs_to_one_function() -> None:
    registry = NodeRegistry()
    registry.register(single.spec)
    registry.register(single.spec)

    def other() -> NoiseSchedule:
        """Give another."""
        return NoiseSchedule()

    other.__annotations__["return"] = NoiseSchedule
    twin = node(id="spec.single", title="Other", category="test")(other)
    with pytest.raises(TypeError, match="Two nodes have the id"):
        registry.register(twin.spec)


def test_the_catalogue_takes_a_modules_own_nodes_and_sorts_them() -> None:
    registry = NodeRegistry()
    registry.load_from(sys.modules[__name__])
    assert [spec.id for spec in registry.all()] == ["spec.single", "spec.none", "spec.whole"]
    assert registry.get("spec.whole") is whole.spec
    assert registry.get("absent") is None
