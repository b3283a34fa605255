"""A node is a typed function: reading its declaration off its annotations, and the catalogue of all nodes.

Positional parameters are inputs, keyword-only parameters are settings, the return annotation gives the
outputs, and the docstring is the help. Any disagreement raises `TypeError` when the module is imported,
so that a mistake fails a test and not a person's run.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ParamSpec, Protocol, TypeVar, Union, cast

from core.errors import InputError
from core.graph.ports import Port
from core.graph.run_context import RunContext
from core.graph.settings import SETTING_TYPES, Setting, SettingSpec

__all__ = ["NodeFunction", "NodeRegistry", "NodeSpec", "Port", "RunContext", "Setting", "SettingSpec", "node"]

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")


@dataclass(frozen=True)
class NodeSpec:
    """One kind of node.

    Attributes:
        id: Stable name in files, such as "loom.sample.denoise".
        title: Name for people.
        category: Where the library lists it.
        version: Raised when the function gives other results than before, so that cached ones are left.
        function: The typed function.
        inputs: Input ports, in order.
        outputs: Output ports, in order; none for a node that only shows or writes.
        settings: Settings by name, in order.
        help: The function's docstring.
        writes_files: Whether it has the declared side effect of writing files.
        context: Name of the parameter that takes the `RunContext`, or None.
    """

    id: str
    title: str
    category: str
    version: int
    function: Callable[..., Any]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    settings: Mapping[str, SettingSpec]
    help: str
    writes_files: bool = False
    context: str | None = None

    @property
    def reads_files(self) -> tuple[str, ...]:
        """Names of the settings that hold a file which the node reads."""
        return tuple(name for name, spec in self.settings.items() if spec.is_file or spec.setting.reads)

    def input(self, name: str) -> Port | None:
        """Return the input called `name`, or None."""
        return next((port for port in self.inputs if port.name == name), None)

    def output(self, name: str) -> Port | None:
        """Return the output called `name`, or None."""
        return next((port for port in self.outputs if port.name == name), None)


class NodeFunction(Protocol[P, R_co]):
    """A function with its declaration attached."""

    spec: NodeSpec

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Call the plain function."""


def node(
    *, id: str, title: str, category: str, version: int = 1, writes_files: bool = False
) -> Callable[[Callable[P, R]], NodeFunction[P, R]]:
    """Declare the function below as a node; it stays a plain function, with its `NodeSpec` as `.spec`.

    Raises:
        TypeError: The declaration and the annotations do not make a node; the message says which part.
    """

    def declare(function: Callable[P, R]) -> NodeFunction[P, R]:
        spec = _read(function, id=id, title=title, category=category, version=version, writes_files=writes_files)
        declared = cast(NodeFunction[P, R], function)
        declared.spec = spec
        return declared

    return declare


class NodeRegistry:
    """The catalogue: every kind of node that a workflow may use, by id."""

    def __init__(self) -> None:
        self._specs: dict[str, NodeSpec] = {}

    def register(self, spec: NodeSpec) -> None:
        """Add a kind of node.

        Raises:
            TypeError: Another function has the same id.
        """
        known = self._specs.setdefault(spec.id, spec)
        if known.function is not spec.function:
            raise TypeError(f'Two nodes have the id "{spec.id}": {_place(known.function)} and {_place(spec.function)}.')

    def load_from(self, module: types.ModuleType) -> None:
        """Add every node that `module` itself defines."""
        for member in vars(module).values():
            spec = getattr(member, "spec", None)
            if isinstance(spec, NodeSpec) and spec.function.__module__ == module.__name__:
                self.register(spec)

    def get(self, id: str) -> NodeSpec | None:
        """Return the kind of node with this id, or None."""
        return self._specs.get(id)

    def all(self) -> tuple[NodeSpec, ...]:
        """Return every kind of node, by category and title."""
        return tuple(sorted(self._specs.values(), key=lambda spec: (spec.category, spec.title, spec.id)))


def _read(
    function: Callable[..., Any], *, id: str, title: str, category: str, version: int, writes_files: bool
) -> NodeSpec:
    """Make a spec from a function's signature."""
    where = f'Node "{id}" ({_place(function)})'
    if not all(part.strip() for part in (id, title, category)) or version < 1:
        raise TypeError(f"{where} needs an id, a title, a category, and a version of 1 or more.")
    help_text = inspect.getdoc(function)
    if not help_text:
        raise TypeError(f"{where} has no docstring; it is the help that people read.")
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise TypeError(f"{where}: an annotation cannot be found when the node is declared: {error}.") from error
    inputs: list[Port] = []
    settings: dict[str, SettingSpec] = {}
    context: str | None = None
    for parameter in inspect.signature(function).parameters.values():
        name = parameter.name
        if name not in hints:
            raise TypeError(f'{where}: parameter "{name}" has no annotation.')
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f'{where}: parameter "{name}" collects arguments; name each one.')
        if parameter.kind is not parameter.KEYWORD_ONLY:
            inputs.append(_input(where, name, hints[name], parameter.default))
        elif hints[name] is RunContext:
            context = name
        else:
            settings[name] = _setting(where, name, hints[name], parameter.default)
    if "return" not in hints:
        raise TypeError(f"{where} has no return annotation; use None for a node without outputs.")
    return NodeSpec(
        id=id,
        title=title,
        category=category,
        version=version,
        function=function,
        inputs=tuple(inputs),
        outputs=tuple(_outputs(where, hints["return"])),
        settings=types.MappingProxyType(settings),
        help=help_text,
        writes_files=writes_files,
        context=context,
    )


def _input(where: str, name: str, hint: Any, default: Any) -> Port:
    """Read one input port: `Thing`, or `Thing | None = None` for an optional one."""
    hint, notes = _unwrapped(hint)
    optional = default is None
    if not optional and default is not inspect.Parameter.empty:
        raise TypeError(f'{where}: input "{name}" may default to None only; make it keyword-only to be a setting.')
    if typing.get_origin(hint) in (Union, types.UnionType):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        if len(members) != 1 or not optional:
            raise TypeError(f'{where}: input "{name}" must be one class, or "Class | None = None".')
        hint = members[0]
    return Port(name, _port_class(where, f'input "{name}"', hint), optional, _port_help(notes))


def _outputs(where: str, hint: Any) -> Iterator[Port]:
    """Read the output ports off the return annotation."""
    hint, notes = _unwrapped(hint)
    if hint is None or hint is type(None):
        return
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        for name, part in typing.get_type_hints(hint, include_extras=True).items():
            part, part_notes = _unwrapped(part)
            yield Port(name, _port_class(where, f'output "{name}"', part), help=_port_help(part_notes))
        return
    one = _port_class(where, "the output", hint)
    yield Port(_snake_case(one.__name__), one, help=_port_help(notes))


def _setting(where: str, name: str, hint: Any, default: Any) -> SettingSpec:
    """Read one setting and prove that its default is one that a person could enter."""
    hint, notes = _unwrapped(hint)
    if hint not in SETTING_TYPES:
        words = ", ".join(kind.__name__ for kind in SETTING_TYPES)
        raise TypeError(f'{where}: setting "{name}" is {hint!r}; it must be one of {words}.')
    setting = next((note for note in notes if isinstance(note, Setting)), Setting())
    if default is inspect.Parameter.empty:
        return SettingSpec(name, hint, None, setting)
    spec = SettingSpec(name, hint, default, setting)
    if callable(setting.choices):
        return spec  # what is installed is known only when somebody asks
    try:
        spec.parse(default)
    except InputError as error:
        raise TypeError(f'{where}: the default of setting "{name}" is refused. {error}') from error
    return spec


def _unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Split `Annotated[x, ...]` into x and the notes."""
    if typing.get_origin(hint) is Annotated:
        inner, *notes = typing.get_args(hint)
        return inner, tuple(notes)
    return hint, ()


def _port_class(where: str, what: str, hint: Any) -> type:
    """Return `hint` if ports can be typed by it."""
    if isinstance(hint, type) and typing.get_origin(hint) is None:
        return hint
    raise TypeError(f"{where}: {what} is {hint!r}; ports are typed by plain classes.")


def _port_help(notes: tuple[Any, ...]) -> str:
    """Return the help text of `Annotated[Class, "help"]`."""
    return next((note for note in notes if isinstance(note, str)), "")


def _snake_case(name: str) -> str:
    """Return "noise_schedule" for "NoiseSchedule"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _place(function: Callable[..., Any]) -> str:
    """Return where a function is written, for messages to programmers."""
    return f"{function.__module__}.{function.__qualname__}"
