"""The set-up: its decisions as functions of what it finds, and its command line as a real process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap

ROOT = Path(bootstrap.__file__).resolve().parent


def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "bootstrap.py"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("system", "inside"), [("Linux", "bin/python"), ("Darwin", "bin/python"), ("Windows", "Scripts/python.exe")]
)
def test_the_interpreter_lies_where_the_system_puts_it(system: str, inside: str) -> None:
    assert bootstrap.venv_python(Path("here"), system) == Path("here") / inside


def test_equal_installations_have_equal_stamps() -> None:
    assert bootstrap.stamp_text(b"a==1", "3.11.7", False) == bootstrap.stamp_text(b"a==1", "3.11.7", False)


@pytest.mark.parametrize("changed", [(b"a==2", "3.11.7", False), (b"a==1", "3.12.1", False), (b"a==1", "3.11.7", True)])
def test_any_change_of_an_installation_changes_its_stamp(changed: tuple[bytes, str, bool]) -> None:
    assert bootstrap.stamp_text(*changed) != bootstrap.stamp_text(b"a==1", "3.11.7", False)


def test_the_pinned_torch_is_found_in_the_real_requirements() -> None:
    version = bootstrap.pinned_version(bootstrap.REQUIREMENTS.read_text(encoding="utf-8"), "torch")
    assert version.split(".")[:2] == ["2", "13"]


def test_a_missing_pin_is_told_in_three_parts() -> None:
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.pinned_version("torchvision==1.0\n", "torch")
    assert len(caught.value.parts) == 3
    assert "torch" in caught.value.parts[0]


def test_every_requirement_is_pinned_to_one_version() -> None:
    lines = [line.split(";")[0].strip() for line in bootstrap.REQUIREMENTS.read_text(encoding="utf-8").splitlines()]
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages
    assert [line for line in packages if line.count("==") != 1] == []


def test_without_a_gpu_the_cpu_build_is_sought_nearby_first_and_then_at_pytorch() -> None:
    nearby, official = bootstrap.torch_sources("2.13.0", "Linux", gpu=False)
    assert nearby[0] == official[0] == "torch==2.13.0+cpu"
    assert "--index-url" not in nearby
    assert bootstrap.CPU_INDEX in official


@pytest.mark.parametrize(("system", "gpu"), [("Linux", True), ("Darwin", False)])
def test_where_the_plain_package_is_right_nothing_else_is_sought(system: str, gpu: bool) -> None:
    assert bootstrap.torch_sources("2.13.0", system, gpu) == []


def test_missing_libraries_are_named_by_their_packages() -> None:
    libraries = {"libno-such-thing.so.9": "libnothing9", "libno-such-other.so.1": "libnone1"}
    assert bootstrap.missing_packages(libraries) == ["libnone1", "libnothing9"]


@pytest.mark.skipif(sys.platform != "linux", reason="names a library of Linux")
def test_a_library_that_is_here_is_not_missing() -> None:
    assert bootstrap.missing_packages({"libc.so.6": "libc6"}) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux may lack Qt's libraries")
def test_nothing_is_missing_where_these_tests_run() -> None:
    assert bootstrap.missing_packages(bootstrap.OFFSCREEN_LIBRARIES) == []


def test_the_install_command_names_every_package() -> None:
    assert bootstrap.install_command(["one", "two"]).endswith("install -y --no-install-recommends one two")


def test_a_font_is_found_by_its_file(tmp_path: Path) -> None:
    assert not bootstrap.has_font((tmp_path,))
    (tmp_path / "truetype").mkdir()
    (tmp_path / "truetype" / "Some.TTF").touch()
    assert bootstrap.has_font((tmp_path,))


@pytest.mark.parametrize(
    ("system", "environment", "expected"),
    [
        ("Linux", {}, False),
        ("Linux", {"DISPLAY": ""}, False),
        ("Linux", {"DISPLAY": ":0"}, True),
        ("Linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("Darwin", {}, True),
        ("Windows", {}, True),
    ],
)
def test_only_linux_may_be_without_a_display(system: str, environment: dict[str, str], expected: bool) -> None:
    assert bootstrap.has_display(system, environment) is expected


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """The outside of a virtual environment of the running Python."""
    folder = tmp_path / ".venv"
    python = bootstrap.venv_python(folder, "Linux")
    python.parent.mkdir(parents=True)
    python.touch()
    version = ".".join(map(str, sys.version_info[:3]))
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n", encoding="utf-8")
    return folder


def test_an_environment_of_this_python_is_kept(venv: Path) -> None:
    assert bootstrap.is_whole(venv, "Linux")


def test_an_interrupted_installation_is_begun_anew(venv: Path) -> None:
    (venv / "installing").touch()
    assert not bootstrap.is_whole(venv, "Linux")


def test_an_environment_of_another_python_is_made_anew(venv: Path) -> None:
    (venv / "pyvenv.cfg").write_text("version = 3.9.1\n", encoding="utf-8")
    assert not bootstrap.is_whole(venv, "Linux")


def test_a_half_made_environment_is_made_anew(venv: Path) -> None:
    shutil.rmtree(venv / "bin")
    assert not bootstrap.is_whole(venv, "Linux")


def test_a_new_environment_replaces_the_old_and_counts_as_interrupted_until_it_is_filled(venv: Path) -> None:
    (venv / "left over").touch()
    bootstrap.make_venv(venv, "Linux")
    assert not (venv / "left over").exists()
    assert (venv / "installing").exists()
    python = bootstrap.venv_python(venv, "Linux")
    assert subprocess.run([str(python), "-c", "import pip"], check=False).returncode == 0


def test_a_matching_stamp_costs_no_installation(venv: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("torch==2.13.0\n", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", requirements)
    machine = f"{bootstrap.platform.python_version()}-Linux-{bootstrap.platform.machine()}"
    gpu = bootstrap.has_nvidia_gpu("Linux")
    (venv / "stamp").write_text(bootstrap.stamp_text(requirements.read_bytes(), machine, gpu), encoding="utf-8")
    # The interpreter is an empty file: any installation would fail.
    assert bootstrap.prepare_venv(venv, "Linux") == bootstrap.venv_python(venv, "Linux")


def test_help_tells_both_commands() -> None:
    done = call("--help")
    assert done.returncode == 0
    assert "bootstrap.py test" in done.stdout


def test_an_unknown_word_is_a_usage_error() -> None:
    done = call("tests")
    assert done.returncode == 2
    assert "bootstrap.py test" in done.stderr
    assert done.stdout == ""


def test_packages_cannot_be_installed_without_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.install_packages(["libegl1"], "Qt")
    assert "libegl1" in caught.value.parts[0]
