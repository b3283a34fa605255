"""What the window remembers between starts: geometry, splitters, the last folder and recent files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

_RECENT_LIMIT = 8
THEMES = ("dark", "light")
SCALES = (100, 125, 150, 175, 200)
"""Sizes of everything that can be chosen, in percent."""
UNDO_MEGABYTES = (64, 128, 256, 512, 1024, 2048)
"""Budgets of undo that can be chosen."""


class Settings:
    """Typed access to the stored preferences.

    Args:
        path: An INI file to use instead of the platform's place; tests pass one of their own.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            self._store = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "latent-loom", "latent-loom")
        else:
            self._store = QSettings(str(path), QSettings.Format.IniFormat)

    def state(self, name: str) -> QByteArray | None:
        """A stored geometry or splitter state, or None before the first time."""
        value = self._store.value(f"window/{name}")
        return value if isinstance(value, QByteArray) else None

    def set_state(self, name: str, value: QByteArray) -> None:
        """Keep a geometry or splitter state."""
        self._store.setValue(f"window/{name}", value)

    @property
    def folder(self) -> Path:
        """Where file dialogs start: the last folder used, or the home folder."""
        stored = Path(str(self._store.value("files/folder", "")))
        return stored if stored.is_absolute() and stored.is_dir() else Path.home()

    @folder.setter
    def folder(self, folder: Path) -> None:
        self._store.setValue("files/folder", str(folder))

    @property
    def recent(self) -> list[Path]:
        """Workflow files used last, newest first, without those that are gone."""
        stored = self._store.value("files/recent", [])
        names = [stored] if isinstance(stored, str) else list(stored or [])
        return [Path(name) for name in names if Path(name).is_file()]

    def remember_file(self, path: Path) -> None:
        """Put `path` first among the recent files, and its folder first in dialogs."""
        names = [str(path), *(str(other) for other in self.recent if other != path)]
        self._store.setValue("files/recent", names[:_RECENT_LIMIT])
        self.folder = path.parent

    @property
    def theme(self) -> str:
        """The look: one of `THEMES`."""
        stored = str(self._store.value("look/theme", THEMES[0]))
        return stored if stored in THEMES else THEMES[0]

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("look/theme", name)

    @property
    def scale(self) -> int:
        """The size of everything, in percent: one of `SCALES`."""
        stored = str(self._store.value("look/scale", SCALES[0]))
        return int(stored) if stored.isdigit() and int(stored) in SCALES else SCALES[0]

    @scale.setter
    def scale(self, percent: int) -> None:
        self._store.setValue("look/scale", percent)

    @property
    def undo_megabytes(self) -> int:
        """How much memory undo may take for what is painted and written, in MB: one of `UNDO_MEGABYTES`."""
        stored = str(self._store.value("memory/undo", ""))
        return int(stored) if stored.isdigit() and int(stored) in UNDO_MEGABYTES else 256

    @undo_megabytes.setter
    def undo_megabytes(self, megabytes: int) -> None:
        self._store.setValue("memory/undo", megabytes)

    @property
    def tour_seen(self) -> bool:
        """Whether the first tour was shown once."""
        return str(self._store.value("tour/seen", "")) == "yes"

    @tour_seen.setter
    def tour_seen(self, seen: bool) -> None:
        self._store.setValue("tour/seen", "yes" if seen else "no")

    @property
    def data_folder(self) -> Path:
        """Where the program keeps what it writes for itself: beside the preferences."""
        return Path(self._store.fileName()).parent

    @property
    def unsaved_folder(self) -> Path:
        """Where the journals of unsaved edits lie."""
        return self.data_folder / "unsaved"

    @property
    def session_folder(self) -> Path:
        """Where it is kept which documents are open."""
        return self.data_folder / "open"

    def flush(self) -> None:
        """Write to disk now."""
        self._store.sync()
