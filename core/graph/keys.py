"""Cache keys: a node's key says everything that its results depend on, its sources' keys included (Merkle tree)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from core.graph.node_spec import NodeSpec
from core.graph.plan import Source
from core.graph.settings import SettingValue

_HASHED_WHOLE_BYTES = 4 * 1024**2


def key_of(
    node: str,
    spec: NodeSpec,
    settings: Mapping[str, SettingValue],
    inputs: Mapping[str, Source],
    source_keys: Mapping[str, str],
    output_folder: Path,
) -> str:
    """Return a node's key, given the keys of its sources; the cost does not depend on what lies upstream.

    The id on the canvas, the title and the position do not count, so that equal nodes share results. Only
    nodes that write files count by id and folder too: two of them are two files.
    """
    parts: list[object] = [
        spec.id,
        spec.version,
        {name: spec.settings[name].to_json(value) for name, value in settings.items()},
        [[name, source_keys[source.node], source.output] for name, source in sorted(inputs.items())],
    ]
    stamps = [file_stamp(path) for name in spec.reads_files for path in spec.settings[name].files(settings[name])]
    if stamps:
        parts.append(stamps)
    if spec.writes_files:
        parts.append([node, str(output_folder.absolute())])
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("ascii")).hexdigest()


def file_stamp(path: Path) -> str:
    """Return what stands for a file's content: a hash of it up to 4 MiB, else its path, size and time of change.

    Raises:
        OSError: The file cannot be read.
    """
    status = path.stat()
    if status.st_size <= _HASHED_WHOLE_BYTES:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{path.absolute()}:{status.st_size}:{status.st_mtime_ns}"
