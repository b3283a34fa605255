"""How states, phases, ages and durations are said."""

from __future__ import annotations

from training.watching.run_state import RunState

STATE_COLORS = {
    "starting": "warning", "preparing": "warning", "training": "accent", "paused": "warning", "stopped": "text_muted",
    "finished": "success", "failed": "danger", "died": "danger",
}  # fmt: skip
_PHASES = {"first_stage": "Autoencoder", "decoder": "Decoder", "second_stage": "Diffusion", "data": "Data"}
_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def phase_title(phase: str) -> str:
    """The name of a phase for people."""
    return _PHASES.get(phase, phase.replace("_", " ").capitalize())


def progress(state: RunState) -> str:
    """State, phase and step in one line."""
    if state.state in ("finished", "idle", "starting"):
        return {"finished": "Finished", "idle": "Not begun", "starting": "Starting…"}[state.state]
    where = f"{phase_title(state.phase)} " if state.phase else ""
    if state.state == "preparing":
        return f"Preparing: {state.doing}" if state.doing else "Preparing"
    step = f"{state.step:,} / {state.steps:,}" if state.steps else f"{state.step:,}"
    kept = state.state == "stopped" and state.asked == "pause_to_disk"
    what = "Paused to disk" if kept else state.state.capitalize()
    words = f"{what} · {where}{step}" if state.phase else what
    return f"{words} · {state.doing}" if state.doing and state.alive else words


def age(seconds: float) -> str:
    """How long ago, in its largest unit."""
    if seconds < 5:
        return "now"
    return f"{duration(seconds, parts=1)} ago"


def duration(seconds: float, parts: int = 2) -> str:
    """A length of time in its largest units, such as "2 h 5 min"."""
    left = max(0.0, seconds)
    words: list[str] = []
    for size, unit in _UNITS:
        if left >= size and len(words) < parts:
            words.append(f"{int(left // size)} {unit}")
            left %= size
        elif words:
            break
    return " ".join(words) or "0 s"


def number(value: float) -> str:
    """A figure in four digits."""
    return "–" if value != value else f"{value:,.4g}"
