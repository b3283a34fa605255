"""Sheets of workflows with seeds that are counted up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import contact_sheets
from core.graph import workflow_file


def test_every_seed_of_a_workflow_is_on_its_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, sheets = tmp_path / "workflows", tmp_path / "sheets"
    folder.mkdir()
    workflow = json.loads((contact_sheets.SHIPPED / "reconstruction.json").read_text("utf-8"))
    (folder / "kept.json").write_text(json.dumps(workflow), "utf-8")
    workflow["nodes"][0]["settings"]["model"] = "nobody"
    (folder / "lost.json").write_text(json.dumps(workflow), "utf-8")
    for name, value in {"WORKFLOWS": folder, "SHEETS": sheets, "SHEETS_N": 3}.items():
        monkeypatch.setenv(f"LOOM_{name}", str(value))
    figures = contact_sheets.measure()
    assert set(figures) == {"kept/seconds"}
    assert [file.name for file in sheets.iterdir()] == ["kept.png"]
    with Image.open(sheets / "kept.png") as sheet:
        first, second = (sheet.crop((64 * column, 0, 64 * column + 64, 64)) for column in (0, 1))
        assert first.tobytes() != second.tobytes()


def test_a_scene_stays_where_something_is_painted_on_it() -> None:
    inpainting = workflow_file.load(contact_sheets.SHIPPED / "inpainting.json").workflow
    reconstruction = workflow_file.load(contact_sheets.SHIPPED / "reconstruction.json").workflow
    assert "noise" in set(contact_sheets.seeded(inpainting))
    assert "picture" not in set(contact_sheets.seeded(inpainting))
    assert "picture" in set(contact_sheets.seeded(reconstruction))
