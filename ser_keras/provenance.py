"""Where a result comes from: versions, commit, backend and hardware."""

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ser_keras import __version__

PACKAGES = (
    "jax",
    "joblib",
    "keras",
    "librosa",
    "numpy",
    "opensmile",
    "pandas",
    "praat-parselmouth",
    "scikit-learn",
    "scipy",
    "soundfile",
    "soxr",
    "tensorflow",
    "torch",
)


def provenance() -> dict:
    """Versions of Python, of this package (with its commit, in a checkout) and of all that can move a figure; machine.

    Needs Keras only for the backend's name, which is None where Keras is not imported (yet: it is asked each time).
    """
    return dict(_provenance(_backend()))


@cache
def _provenance(backend: str | None) -> dict:
    return {
        "ser_keras": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": versions(),
        "backend": backend,
        "hardware": _hardware(),
        "platform": platform.platform(),
    }


def computed_by() -> dict:
    """The part of `provenance` that a training must share from its first epoch to its last, to give the same bytes."""
    return {key: provenance()[key] for key in ("ser_keras", "python", "packages", "backend")}


def versions() -> dict[str, str]:
    """Versions of the packages that can move a figure, of those that are installed."""
    return {name: found for name in PACKAGES if (found := _version(name))}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Commit of the checkout that this package runs from, with "+changes" where it differs; None when installed."""
    checkout = Path(__file__).parents[1]
    if not (checkout / ".git").exists():
        return None
    try:
        head = _git(checkout, "rev-parse", "HEAD")
        changed = _git(checkout, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{head}+changes" if changed else head


def _git(checkout: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(checkout), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _backend() -> str | None:
    import sys

    if "keras" not in sys.modules:
        return None
    import keras  # waits where another thread is at importing it, as in a Dask worker, which unpickles beside its work

    return keras.backend.backend()


def _hardware() -> dict:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": _cpu(),
        "cores": _cores(),
        "memory_gib": round(memory, 1),
        "accelerator": _accelerator(),
    }


def _cores() -> int | None:
    """Those that this process may use; all of the machine's where the system does not tell, as macOS."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _accelerator() -> str | None:
    if _backend() is None:
        return None
    from keras import distribution

    devices = distribution.list_devices()  # JAX refuses to list a kind that is not there
    return ", ".join(one for one in devices if not one.startswith("cpu")) or None
