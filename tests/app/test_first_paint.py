"""The window is on the screen before torch, or the nodes, are imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from app.main_window import MainWindow
from app.settings import Settings
from app.theme import apply_theme

heavy = {"torch", "nodes", "transformers", "tokenizers"}
found = []

class Watched(MainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        found.append(heavy & set(sys.modules))

    def _refresh(self):
        super()._refresh()
        if self.engine_ready:
            QApplication.instance().quit()

application = QApplication([])
apply_theme(application)
window = Watched(Settings(Path(sys.argv[1])))
window.show()
window.open_first()
application.exec()
window.close()
assert found and not found[0], found
assert heavy & set(sys.modules) >= {"torch", "nodes"}
print("first paint before torch")
"""


def test_first_paint_comes_before_torch(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "settings.ini")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "first paint before torch", done.stderr
