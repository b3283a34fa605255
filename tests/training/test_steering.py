"""Real runs that are steered, that run out of disk or memory, and whose losses run away."""

from __future__ import annotations

import json
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import DeviceMemoryError, LoomError
from training import disk_space, first_stage, loop, second_stage, worker
from training.config import load_config
from training.disk_space import DiskFullError
from training.divergence import STEPS, DivergenceGuard
from training.opening_run import held, resuming
from training.run_folder import RunFolder, read_lines

Train = Callable[..., Path]
ONE = {"phases": "first_stage", "first_stage__steps": "4"}


def ask(folder: Path, command: str, **more: Any) -> None:
    (folder / "control").mkdir(parents=True, exist_ok=True)
    (folder / "control" / f"{time.time_ns()}.json").write_text(json.dumps({"command": command, **more}))


def status(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "status.json").read_bytes())
    return record


def events(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [line for line in read_lines(folder / "events.jsonl") if line["event"] == kind]


def saved(folder: Path, phase: str = "first_stage") -> set[str]:
    return {path.name for path in (folder / "checkpoints" / phase).glob("step_*")}


def at_step(patch: pytest.MonkeyPatch, step: int, then: Callable[[loop.Loop], None]) -> None:
    """Let something happen while a step is computed."""
    train_step = loop.Loop._train_step

    def disturbed(running: loop.Loop) -> Any:
        if running.step == step:
            then(running)
        return train_step(running)

    patch.setattr(loop.Loop, "_train_step", disturbed)


def models_equal(folder: Path, other: Path, *parts: str) -> bool:
    files = [f"models/{part}.safetensors" for part in parts]
    return all((folder / file).read_bytes() == (other / file).read_bytes() for file in files)


@contextmanager
def limited_files(size: int) -> Iterator[None]:
    """Let no file grow over `size` bytes inside the block, as a full disk would not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_abort_ends_without_saving(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    at_step(monkeypatch, 2, lambda running: ask(running.folder.path, "abort"))
    folder = train(**ONE, checkpoint_every="2")
    assert saved(folder) == {"step_2"}
    assert (status(folder)["state"], status(folder)["asked"]) == ("stopped", "abort")


def test_a_paused_run_tells_the_step_it_is_at_also_between_two_lines_of_its_curves(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(run: Path) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if (run / "status.json").exists() and (found := status(run))["state"] == "paused":
                seen.append(found["step"])
                break
            time.sleep(0.02)
        ask(run, "resume")

    def pause(running: loop.Loop) -> None:
        ask(running.folder.path, "pause")
        threading.Thread(target=look, args=(running.folder.path.resolve(),)).start()

    at_step(monkeypatch, 2, pause)
    folder = train(**ONE, log_every="100")
    assert seen == [3]
    assert events(folder, "paused")[0]["step"] == 3


def test_the_command_that_resumes_a_run_is_one_that_a_shell_takes() -> None:
    assert resuming(Path("runs/my fox")) == "python main.py train 'runs/my fox'"


def test_a_pause_to_disk_saves_and_ends(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    at_step(monkeypatch, 0, lambda running: ask(running.folder.path, "pause_to_disk"))
    folder = train(**ONE, checkpoint_every="9")
    assert saved(folder) == {"step_1"}
    assert (status(folder)["state"], status(folder)["asked"]) == ("stopped", "pause_to_disk")


def test_a_stop_while_sampling_leaves_the_grid_out_and_the_weights_as_they_were(
    train: Train, finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes while the averaged weights are in the module, which a careless stop would then save as the run's own."""
    sample_grid, made = second_stage.SecondStage.sample_grid, list[int]()

    def steered(phase: Any, poll: Callable[[], None]) -> Any:
        def counted() -> None:
            made.append(1)
            if len(made) == 25:  # the fifth step of the averaged weights' grid
                ask(Path("runs/tiny").resolve(), "stop")
            poll()

        return sample_grid(phase, counted)

    with monkeypatch.context() as patch:
        patch.setattr(second_stage.SecondStage, "sample_grid", steered)
        at_step(patch, 1, lambda running: ask(running.folder.path, "sample"))
        folder = train(phases="second_stage", initial=str(finished_run / "models"), second_stage__steps="3")
    assert len(made) == 25
    assert not (folder / "samples/second_stage/step_2/ema.png").exists()
    assert (status(folder)["state"], status(folder)["step"]) == ("stopped", 2)
    train("runs/tiny")
    undisturbed = train(
        phases="second_stage", initial=str(finished_run / "models"), second_stage__steps="3", name="undisturbed"
    )
    assert models_equal(folder, undisturbed, "denoiser", "text_encoder")


def test_a_run_is_continued_to_more_steps_while_it_runs_and_stays_so_when_resumed(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        at_step(patch, 1, lambda running: ask(running.folder.path, "extend", steps=6))
        at_step(patch, 3, lambda running: ask(running.folder.path, "stop"))
        folder = train(**ONE, checkpoint_every="9")
    assert load_config(folder / "config.toml").first_stage.steps == 6
    assert "step_2" in saved(folder)  # so that a resume does not repeat old steps at the new course's rate
    train("runs/tiny")
    assert read_lines(folder / "metrics.jsonl")[-1]["step"] == 6
    assert [event["to"] for event in events(folder, "extended")] == [6]


def test_a_full_disk_pauses_the_run_which_goes_on_when_there_is_space(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space, "RETRY_S", 0.0)
    seen: list[dict[str, Any]] = []
    lines: list[str] = []
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)

    def make_room() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not seen:
            found = status(Path("runs/tiny")) if Path("runs/tiny/status.json").exists() else {}
            if found.get("state") == "paused":
                seen.append(found | {"saved": saved(Path("runs/tiny"))})
            time.sleep(0.01)
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    def fill(running: loop.Loop) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
        monkeypatch.setattr(disk_space, "RETRY_S", 0.2)

    at_step(monkeypatch, 2, fill)
    maker = threading.Thread(target=make_room)
    maker.start()
    overrides = {key.replace("__", "."): value for key, value in ONE.items()} | {"checkpoint_every": "1"}
    assert worker.main(Path("tiny.toml"), overrides, lines.append) == 0
    maker.join()
    folder = Path("runs/tiny")
    what = "The checkpoint at step 3 of first_stage cannot be written: files may not grow so large here."
    assert seen[0]["error"]["what"] == what
    assert seen[0]["saved"] == {"step_1", "step_2"}
    assert any("files may not grow so large here" in line for line in lines)
    assert status(folder)["state"] == "finished"
    assert "error" not in status(folder)
    assert saved(folder) == {"step_3", "step_4"}


def test_a_run_that_is_stopped_on_a_full_disk_keeps_the_checkpoint_before(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(running: loop.Loop) -> None:
        ask(running.folder.path, "stop")
        limit.__enter__()

    limit = limited_files(20_000)
    at_step(monkeypatch, 2, fill)
    try:
        with pytest.raises(DiskFullError, match="step 3"):
            train(**ONE, checkpoint_every="2")
    finally:
        limit.__exit__(None, None, None)
    folder = Path("runs/tiny")
    assert saved(folder) == {"step_2"}
    assert status(folder)["state"] == "failed"
    monkeypatch.undo()


def test_running_out_of_memory_tells_what_was_held_and_a_way_to_the_same_batch(
    train: Train, finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhaust(running: loop.Loop) -> None:
        torch.empty(2**60, dtype=torch.uint8)

    at_step(monkeypatch, 1, exhaust)
    with pytest.raises(DeviceMemoryError) as failed:
        train(phases="second_stage", initial=str(finished_run / "models"), second_stage__steps="2")
    assert "4 samples at a time" in failed.value.what
    assert "MB of weights" in failed.value.why
    assert "second_stage.accumulate=2: the same 4 samples a step, 2 at a time" in failed.value.fix
    assert status(Path("runs/tiny"))["error"]["fix"] == failed.value.fix


def test_the_checkpoint_with_the_least_held_out_loss_is_kept(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([0.4, 0.2, 0.3, 0.5])
    monkeypatch.setattr(first_stage.FirstStage, "held_out_loss", lambda phase, poll: next(losses))
    folder = train(**ONE, checkpoint_every="1", keep_checkpoints="1")
    assert saved(folder) == {"step_2", "step_4"}
    assert json.loads((folder / "checkpoints/first_stage/BEST.json").read_bytes()) == {"step": 2, "loss": 0.2}
    curve = [line["eval/loss"] for line in read_lines(folder / "metrics.jsonl") if "eval/loss" in line]
    assert curve == [0.4, 0.2, 0.3, 0.5]


def test_a_second_process_on_the_same_run_is_refused(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    def again(running: loop.Loop) -> None:
        with pytest.raises(LoomError, match="is being trained already"):
            worker.main(running.folder.path)

    at_step(monkeypatch, 1, again)
    assert status(train(**ONE))["state"] == "finished"


def test_what_a_killed_process_left_half_written_goes_when_the_run_is_opened(tmp_path: Path) -> None:
    left = tmp_path / ".status.json.123"
    left.touch()
    with held(RunFolder(tmp_path)):
        assert not left.exists()


def test_what_a_terminal_shows_of_a_run(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    at_step(monkeypatch, 2, lambda running: ask(running.folder.path, "stop"))
    lines: list[str] = []
    overrides = {"phases": "first_stage", "first_stage.steps": "4"}
    assert worker.main(Path("tiny.toml"), overrides, lines.append) == 0
    assert lines[0] == "run tiny in runs/tiny"
    assert "first_stage: begins at step 0 of 4" in lines
    assert any(line.startswith("first_stage: step 1 of 4, loss ") and line.endswith(" left") for line in lines)
    assert "first_stage: checkpoint of step 2 in runs/tiny/checkpoints/first_stage/step_2" in lines
    assert lines[-1] == "stopped at step 3; go on with: python main.py train runs/tiny"


def test_a_loss_that_runs_away_stops_before_it_becomes_infinite(tmp_path: Path) -> None:
    guard = DivergenceGuard("second_stage", 0.1, tmp_path)
    for step in range(60):
        guard.follow(step, torch.tensor(0.5), {})
    for step in range(60, 60 + STEPS - 1):
        guard.follow(step, torch.tensor(80.0), {"l1": torch.tensor(79.0), "kl": torch.tensor(1.0)})
    resumed = DivergenceGuard("second_stage", 0.1, tmp_path)
    resumed.restore(json.loads(json.dumps(guard.state())))
    with pytest.raises(LoomError, match="its largest term is l1"):
        resumed.follow(99, torch.tensor(80.0), {"l1": torch.tensor(79.0), "kl": torch.tensor(1.0)})


def test_one_odd_batch_ends_no_run(tmp_path: Path) -> None:
    guard = DivergenceGuard("second_stage", 0.1, tmp_path)
    for step in range(500):
        guard.follow(step, torch.tensor(1e4 if step % 50 == 0 else 0.5), {})
