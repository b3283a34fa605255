"""`python main.py nodes [--json]`: the catalogue of every kind of node."""

from __future__ import annotations

import argparse
import itertools
import json

from core.graph.json_types import JsonObject
from core.graph.node_spec import NodeSpec, SettingSpec


def main(arguments: list[str]) -> int:
    """Print the catalogue; return the exit code."""
    parser = argparse.ArgumentParser(prog="main.py nodes", description="List every kind of node.")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    options = parser.parse_args(arguments)

    from nodes import registry

    specs = registry().all()
    print(json.dumps([as_json(spec) for spec in specs], indent=2) if options.json else as_text(specs))
    return 0


def as_text(specs: tuple[NodeSpec, ...]) -> str:
    """Return the catalogue for people: categories with their nodes, each with ports and settings."""
    lines: list[str] = []
    for category, members in itertools.groupby(specs, key=lambda spec: spec.category):
        lines += [category, "-" * len(category)]
        for spec in members:
            takes = ", ".join(
                f"{port.name}{'?' if port.optional else ''}: {port.type.__name__}" for port in spec.inputs
            )
            gives = ", ".join(f"{port.name}: {port.type.__name__}" for port in spec.outputs)
            lines += [f"{spec.title}  [{spec.id}]", f"    {spec.help.splitlines()[0]}"]
            lines += [f"    ({takes}) -> ({gives})"]
            lines += [f"    .{name} = {setting.default_json!r}" for name, setting in spec.settings.items()]
        lines.append("")
    return "\n".join(lines).rstrip()


def as_json(spec: NodeSpec) -> JsonObject:
    """Return one kind of node as a JSON object."""
    return {
        "id": spec.id,
        "title": spec.title,
        "category": spec.category,
        "version": spec.version,
        "help": spec.help,
        "writes_files": spec.writes_files,
        "inputs": [{"name": port.name, "type": port.type.__name__, "optional": port.optional} for port in spec.inputs],
        "outputs": [{"name": port.name, "type": port.type.__name__} for port in spec.outputs],
        "settings": [setting_json(setting) for setting in spec.settings.values()],
    }


def setting_json(spec: SettingSpec) -> JsonObject:
    """Return one setting as a JSON object; `choices` is what can be chosen on this machine now."""
    return {
        "name": spec.name,
        "type": spec.type.__name__,
        "default": spec.default_json,
        "min": spec.setting.min,
        "max": spec.setting.max,
        "unit": spec.setting.unit,
        "choices": spec.choices(),
        "help": spec.setting.help,
    }
