"""Set up Latent Loom and start it, from nothing but Python 3.11 or newer.

    python3 bootstrap.py                      set up, then open the app
    python3 bootstrap.py test [pytest args]   set up, then run the tests

The first run makes `.venv` beside this file and installs requirements.txt into it. A stamp in `.venv` says what was
installed, so that the next run starts at once; an interrupted installation is begun anew. Standard library only.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements.txt"
DEFAULT_WORKFLOW = Path("resources") / "workflows" / "text_to_image.json"
OUTPUT = Path("output")
OLDEST_PYTHON = (3, 11)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# PyPI's torch for Windows computes on the CPU only.
WINDOWS_GPU_INDEX = "https://download.pytorch.org/whl/cu130"

# What Qt loads from a Linux system, by shared object, and the Debian package that holds it.
OFFSCREEN_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "fontconfig",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
WINDOW_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
FONT_PACKAGE = "fonts-dejavu-core"
FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts"),
    Path("~/.fonts"),
)


class SetupError(Exception):
    """The set-up cannot go on: what happened, why, and what to do about it."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(what, why, fix)
        self.parts = (what, why, fix)


def say(text: str) -> None:
    """Tell the person at the terminal what happens now, in order with what subprocesses print."""
    print(text, flush=True)


# --- The system ---------------------------------------------------------------------------------------------------


def venv_python(venv: Path, system: str) -> Path:
    """Return where a virtual environment keeps its interpreter on `system` ("Linux", "Darwin" or "Windows")."""
    return venv / "Scripts" / "python.exe" if system == "Windows" else venv / "bin" / "python"


def has_nvidia_gpu(system: str) -> bool:
    """Say whether an NVIDIA GPU with a working driver is here."""
    if system == "Darwin":
        return False
    gpus = Path("/proc/driver/nvidia/gpus")
    if gpus.is_dir() and any(gpus.iterdir()):
        return True
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    try:
        listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listed.returncode == 0 and "GPU " in listed.stdout


def is_loadable(shared_object: str) -> bool:
    """Say whether the system's loader finds a shared object, as it will have to for Qt."""
    try:
        ctypes.CDLL(shared_object)
    except OSError:
        return False
    return True


def has_font(folders: tuple[Path, ...] = FONT_FOLDERS) -> bool:
    """Say whether any font file lies in the folders; without one Qt draws empty boxes for text."""
    return any(
        font.suffix.lower() in {".ttf", ".otf", ".ttc"} for folder in folders for font in folder.expanduser().rglob("*")
    )


def missing_packages(libraries: dict[str, str]) -> list[str]:
    """Return, sorted, the Debian packages of those libraries that this system lacks."""
    return sorted({package for library, package in libraries.items() if not is_loadable(library)})


def install_command(packages: list[str]) -> str:
    """Return the exact command that installs Debian packages, for a person to copy."""
    return f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def install_packages(packages: list[str], purpose: str) -> None:
    """Install Debian packages where this process may; otherwise name the command.

    Raises:
        SetupError: Not root, not a Debian-like system, or apt-get failed.
    """
    what = f"{purpose} needs system packages that are not here: {' '.join(packages)}."
    apt_get = shutil.which("apt-get")
    if apt_get is None:
        names = "These are Debian's names for them; only apt-get is known here."
        raise SetupError(what, names, "Install what your system calls them, then run this again.")
    if os.geteuid() != 0:
        raise SetupError(what, "Installing them takes administrator rights.", f"Run: {install_command(packages)}")
    say(f"Installing system packages: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt_get, "install", "-y", "-q", "--no-install-recommends", *packages]
    for command in ([apt_get, "update", "-q"], install):
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    if done.returncode != 0:
        why = "apt-get said: " + " ".join(done.stdout.strip().splitlines()[-3:])
        raise SetupError(what, why, f"Mend that, then run: {install_command(packages)}")


def provide_libraries(system: str, window: bool) -> None:
    """Make sure that Qt finds its system libraries and a font; only Linux may lack them.

    Args:
        system: As `platform.system()` names it.
        window: Whether a real window is to open, which needs more than drawing off screen.
    """
    if system != "Linux":
        return
    fonts = [] if has_font() else [FONT_PACKAGE]
    needed = missing_packages(OFFSCREEN_LIBRARIES) + fonts
    for_window = missing_packages(WINDOW_LIBRARIES)
    may_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    if window or may_install:
        needed += for_window
    if needed:
        install_packages(needed, "Qt")


# --- The virtual environment --------------------------------------------------------------------------------------


def stamp_text(requirements: bytes, python: str, gpu: bool) -> str:
    """Return the line that stands for one installation: equal stamps mean that nothing is to be installed."""
    return f"{hashlib.sha256(requirements).hexdigest()} {python} {'gpu' if gpu else 'cpu'}\n"


def pinned_version(requirements: str, name: str) -> str:
    """Return the version at which requirements pin a package.

    Raises:
        SetupError: There is no such pin.
    """
    found = re.search(rf"^{re.escape(name)}==([^\s;#]+)", requirements, re.MULTILINE)
    if found is None:
        what = f"requirements.txt does not pin {name}."
        raise SetupError(what, "The right build of it cannot be chosen.", f"Restore the line '{name}==VERSION' there.")
    return found.group(1)


def is_whole(venv: Path, system: str) -> bool:
    """Say whether `venv` can be installed into: of this Python, with no installation that was cut short."""
    config = venv / "pyvenv.cfg"
    if not venv_python(venv, system).exists() or not config.exists() or (venv / "installing").exists():
        return False
    version = re.search(r"^version\s*=\s*(\d+)\.(\d+)", config.read_text(encoding="utf-8"), re.MULTILINE)
    return version is not None and (int(version.group(1)), int(version.group(2))) == sys.version_info[:2]


def make_venv(venv: Path, system: str) -> None:
    """Make an empty virtual environment in place of whatever lies at `venv`."""
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        # Debian keeps both apart from its Python.
        install_packages([f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"], "Making a virtual environment")
        importlib.invalidate_caches()
    if venv.exists():
        shutil.rmtree(venv)
    venv.mkdir()
    (venv / "installing").touch()
    say(f"Making {venv.name} with Python {platform.python_version()}")
    done = subprocess.run([sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True, check=False)
    if done.returncode != 0 or not venv_python(venv, system).exists():
        why = "Python said: " + " ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
        raise SetupError(f"No virtual environment could be made in {venv}.", why, "Mend that, then run this again.")


def pip_install(python: Path, arguments: list[str], *, quietly: bool = False) -> bool:
    """Run pip in the environment of `python`; say whether it succeeded. `quietly` hides even a failure's text."""
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *arguments]
    if quietly or not sys.stdout.isatty():
        command += ["--quiet", "--quiet"]  # once still tells every warning
    return subprocess.run(command, stderr=subprocess.DEVNULL if quietly else None, check=False).returncode == 0


def torch_sources(version: str, system: str, gpu: bool) -> list[list[str]]:
    """Return pip's arguments for each place that may have the right build of torch, the nearest first.

    An empty list means that the plain package, as requirements.txt names it, is the right one.
    """
    if system == "Darwin" or (gpu and system == "Linux"):
        return []
    if gpu:
        return [[f"torch=={version}", "--index-url", WINDOWS_GPU_INDEX]]
    cpu_build = f"torch=={version}+cpu"
    return [[cpu_build, "--retries", "1"], [cpu_build, "--index-url", CPU_INDEX]]


def install_requirements(python: Path, system: str, gpu: bool) -> None:
    """Install torch in the build that fits, then everything else at its pinned version.

    Raises:
        SetupError: pip failed; its own words stand above.
    """
    version = pinned_version(REQUIREMENTS.read_text(encoding="utf-8"), "torch")
    sources = torch_sources(version, system, gpu)
    say(f"Installing torch {version} for the {'GPU' if gpu else 'CPU'} and the other packages; this takes minutes once")
    fix = "Check the network and the free disk space (3 GB; with a GPU 10 GB), then run this again."
    # Its dependencies come with the rest, from the usual index, at their pinned versions.
    if sources and not any(
        pip_install(python, ["--no-deps", *source], quietly=source is not sources[-1]) for source in sources
    ):
        raise SetupError(f"torch {version} could not be installed.", "pip's own words stand above.", fix)
    if not pip_install(python, ["-r", str(REQUIREMENTS)]):
        raise SetupError("requirements.txt could not be installed.", "pip's own words stand above.", fix)


def prepare_venv(venv: Path, system: str) -> Path:
    """Bring the virtual environment to what requirements.txt asks for; return its interpreter."""
    python, gpu = venv_python(venv, system), has_nvidia_gpu(system)
    machine = f"{platform.python_version()}-{system}-{platform.machine()}"
    stamp, wanted = venv / "stamp", stamp_text(REQUIREMENTS.read_bytes(), machine, gpu)
    if is_whole(venv, system) and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    if not is_whole(venv, system):
        make_venv(venv, system)
    installing = venv / "installing"
    installing.touch()
    install_requirements(python, system, gpu)
    stamp.write_text(wanted, encoding="utf-8")
    installing.unlink()
    return python


# --- What it is for -----------------------------------------------------------------------------------------------


def has_display(system: str, environment: dict[str, str]) -> bool:
    """Say whether a window can open: Linux tells by its environment, the others always have a screen."""
    return system != "Linux" or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def run_tests(python: Path, arguments: list[str]) -> int:
    """Run pytest off screen, on one thread for each process; return its exit code."""
    environment = {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1", **os.environ}
    command = [str(python), "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def render_default(python: Path) -> int:
    """Render the default workflow to a file, for a machine without a screen; return the exit code."""
    say("No display is here, so the default workflow is rendered to a file.")
    command = [str(python), "main.py", "run", str(DEFAULT_WORKFLOW), "--out", str(OUTPUT)]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code == 0:
        say(f"The picture is in {ROOT / OUTPUT}.")
        say("To open the window, run `python3 bootstrap.py` on a desktop, or over `ssh -X`, where DISPLAY is set.")
    return code


def run(arguments: list[str]) -> int:
    """Set up, then do what the arguments ask for; return the exit code.

    Raises:
        SetupError: The set-up cannot go on.
    """
    if arguments and arguments[0] != "test":
        asked_for_help = arguments[0] in {"-h", "--help"}
        print((__doc__ or "").strip(), file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    if sys.version_info < OLDEST_PYTHON:
        what = f"Python {platform.python_version()} is too old."
        raise SetupError(what, "Latent Loom needs Python 3.11 or newer.", "Install it and run: python3.11 bootstrap.py")
    system = platform.system()
    window = not arguments and has_display(system, dict(os.environ))
    provide_libraries(system, window)
    python = prepare_venv(VENV, system)
    if arguments:
        return run_tests(python, arguments[1:])
    if window:
        return subprocess.run([str(python), "main.py"], cwd=ROOT, check=False).returncode
    return render_default(python)


def main() -> int:
    """Run, and tell a failure in three parts on the standard error output."""
    try:
        return run(sys.argv[1:])
    except SetupError as error:
        print("\n".join(error.parts), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.\nWhat was begun is not finished.\nRun the same command to begin again.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
