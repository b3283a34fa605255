"""What the window says while nothing can run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.catalogue import Catalogue, NodeCard, SettingCard
from app.main_window import MainWindow
from app.panels.preview import PreviewPanel
from app.readiness import LOADER, Readiness
from app.runtime.worker import Worker
from app.settings import Settings
from core.graph.node_spec import NodeRegistry


def catalogue_with(models: tuple[str, ...]) -> Catalogue:
    setting = SettingCard(LOADER[1], "str", "one", "Model", choices=models, dynamic=True)
    return Catalogue([NodeCard(LOADER[0], "Load model", "Load", "", settings=(setting,))], complete=True)


@pytest.fixture
def readiness(qtbot: QtBot) -> tuple[Readiness, list[str]]:
    preview, asked = PreviewPanel(), list[str]()
    qtbot.addWidget(preview)
    made = Readiness(preview, preview.view.show_hint, lambda: asked.append("train"))
    qtbot.addWidget(made.offer)
    return made, asked


def test_without_a_model_training_one_is_offered(readiness: tuple[Readiness, list[str]]) -> None:
    made, asked = readiness
    made.take_catalogue(catalogue_with(()))
    assert made.offer.isVisible()
    assert "No model is installed" in made.offer.text
    made.offer.buttons[0].click()
    assert asked == ["train"]


def test_the_offer_goes_when_a_model_is_installed(readiness: tuple[Readiness, list[str]]) -> None:
    made, _ = readiness
    made.take_catalogue(catalogue_with(()))
    made.take_catalogue(catalogue_with(("one",)))
    assert not made.offer.isVisible()


def test_a_missing_package_is_named_and_still_said_after_the_error_is_put_away(
    qtbot: QtBot, qapp: Any, tmp_path: Path, catalogue: Catalogue
) -> None:
    def broken() -> NodeRegistry:
        raise ModuleNotFoundError("No module named 'tokenizers'", name="tokenizers")

    def make_worker(post: Callable[[object], None]) -> Worker:
        return Worker(post, make_registry=broken)

    window = MainWindow(Settings(tmp_path / "settings.ini"), make_worker=make_worker, catalogue=catalogue)
    window.show()
    qtbot.waitUntil(window.banner.isVisible)
    assert 'The package "tokenizers" is missing.' in window.banner.text
    assert "bootstrap.py" in window.banner.text
    window.banner.dismiss()
    window.document.new()
    assert window.status_line.text == "No engine"
    assert not window.actions_by_name["run"].isEnabled()
    window.close()
    window.deleteLater()
