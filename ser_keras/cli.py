"""What commands of ours share: exit codes, errors in one line, `--debug` and other options.

0 done, 2 wrong usage, 3 an error of ours (one line on stderr), 130 interrupted.
"""

import errno
import importlib
import importlib.util
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from ser_keras.errors import DependencyError, SerError, one_line, visible
from ser_keras.storage import is_url
from ser_keras.tasks import PROTOCOLS, PUBLISHED

debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")


class FolderOrUrl(click.Path):
    """A folder; of a URL the folder of the cache that stands for it, as the function `folder` of `module` gives it."""

    module: str

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if not isinstance(value, str) or not is_url(value):
            return super().convert(value, param, ctx)
        return importlib.import_module(self.module).folder(value)


class DataFolder(FolderOrUrl):
    """A folder of corpora."""

    module = "ser_keras.corpora.remote"


class RunsFolder(FolderOrUrl):
    """A folder of runs, see `in_step`."""

    module = "ser_keras.remote_runs"


data_option = click.option(
    "--data",
    type=DataFolder(path_type=Path),
    help="Folder of corpora, or its URL. Default: $SER_KERAS_DATA, or else the cache folder.",
)


class Jobs(click.ParamType):
    """A number of worker processes as joblib counts them: a negative one leaves cores free, from -1 (none) on."""

    name = "integer"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        number = click.INT.convert(value, param, ctx)
        if number == 0:
            self.fail("0 processes do no work; expected 1 or more, or -1: one per core", param, ctx)
        return number


jobs_option = click.option(
    "--jobs", type=Jobs(), default=-1, show_default=True, help="Number of worker processes; -1: one per core."
)


class OwnPath(click.Path):
    """A file or folder to write, of this machine; a name that is no Unicode is taken as well."""

    def __init__(self, *, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(file_okay=file_okay, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if isinstance(value, str) and is_url(value):
            self.fail(
                f"{value} is a URL, and only recordings (--data) and runs (--out of reproduce, ablate, compare) can be "
                "in object storage: write to a folder of this machine or a mounted one, and copy it from there",
                param,
                ctx,
            )
        return super().convert(value, param, ctx)


OUT_FOLDER = OwnPath(file_okay=False)
OUT_FILE = OwnPath(dir_okay=False)


def out_option(what: str, default: str = "runs") -> Callable:
    """The option `--out`, a folder that need not be there."""
    return click.option("--out", type=OUT_FOLDER, default=Path(default), show_default=True, help=what)


def runs_option(what: str) -> Callable:
    """The option `--out` of what computes runs, a folder or its URL."""
    told = f"{what} May be a URL (s3://BUCKET/runs)."
    return click.option(
        "--out", type=RunsFolder(file_okay=False, path_type=Path), default=Path("runs"), show_default=True, help=told
    )


def in_step(runs: Path, *, is_read: bool = False, sends: bool = True) -> None:
    """For the rest of a command, `remote_runs.kept_in_step`."""
    from ser_keras.remote_runs import kept_in_step

    click.get_current_context().with_resource(kept_in_step(runs, is_read=is_read, sends=sends))


def seeds_option(default: int) -> Callable:
    """The option `--seeds`, for `reproduce.seeds`."""
    told = {"default": str(default), "show_default": True, "help": "Number of seeds, or a list of them: 0,5,7."}
    return click.option("--seeds", "numbers", **told)


protocol_option = click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    default=PUBLISHED,
    show_default=True,
    help="How clips are split; speaker-independent: no test speaker is in the training data.",
)
cluster_option = click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Address of a Dask scheduler (tcp://HOST:8786) whose workers do the work instead of this machine.",
)
epochs_option = click.option(
    "--epochs", type=click.IntRange(1), help="At most this many epochs, instead of the paper's recipe."
)
quick_option = click.option(
    "--quick", is_flag=True, help="Few epochs, few synthetic clips: a check that all works; results mean nothing."
)

devices_option = click.option(
    "--devices",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of devices (e.g. GPUs) that share each training; helps large networks with large batches.",
)

parallel_option = click.option(
    "--parallel",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of trainings at once, each in a process of its own; results do not change.",
)


def check_shared(devices: int, parallel: int) -> None:
    """Refuse trainings side by side that each take several devices."""
    if devices > 1 and parallel > 1:
        raise click.UsageError(
            "--devices and --parallel: runs side by side would take the same devices; give one of them"
        )


def clear_progress() -> None:
    """Take other processes' progress off the terminal, so that what is told next has lines of its own."""
    if sys.stderr.isatty():
        print("\r\033[J", end="", file=sys.stderr, flush=True)


def spread(address: str | None, out: Path, data: Path | None) -> Path:
    """Have the cluster of `--cluster` do the work of this command; `out` as its workers see it."""
    if address is None:
        return out
    from ser_keras.cluster import spread_over
    from ser_keras.corpora.folder import data_folder

    return click.get_current_context().with_resource(spread_over(address, out, data_folder(data)))


REMEDIES = {
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR), ": give the option that names it another place"
    ),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), ": allow more open files (ulimit -n)"),
    errno.ENOSPC: ": make room and give the same command again",
}
BACKENDS = ("tensorflow", "jax", "torch")  # of Keras, each the name of its package
TRACKERS = "ignore:resource_tracker:UserWarning"  # of what processes share, as the head of their warnings
INTERRUPTED = "interrupted: what was finished is kept; the same command goes on from there"


@contextmanager
def _noted_interrupts() -> Iterator[list[int]]:
    """A list that gets an entry with every Ctrl-C, which raises KeyboardInterrupt as ever."""
    found: list[int] = []

    def noted(number: int, frame: FrameType | None) -> None:
        found.append(number)
        signal.default_int_handler(number, frame)

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield found
        return
    signal.signal(signal.SIGINT, noted)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def run(command: click.Command, arguments: list[str] | None = None, name: str | None = None) -> NoReturn:
    """Run a click command as a program: print its errors in one line and leave with our exit codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may hold bytes that are no UTF-8
            stream.reconfigure(errors="backslashreplace")
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    _hush_trackers()
    try:
        with _noted_interrupts() as interrupts:
            code = command.main(args=arguments, prog_name=name, standalone_mode=False)
    except SerError as error:
        _leave(f"error: {error}", 3, debug)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        _leave(f"error: {error.format_message()}", 3, debug)
    except (KeyboardInterrupt, click.Abort):
        _leave(INTERRUPTED, 130, debug)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # of any kind after Ctrl-C; otherwise all but errors of files are raised again
        if interrupts:  # it ends worker processes too, and what they leave behind may come first
            _leave(INTERRUPTED, 130, debug)
        if not isinstance(error, OSError) or (error.filename is None and error.errno is None):
            raise
        remedy = REMEDIES.get(error.errno, "")
        _leave(f"error: {error.strerror or error}: {error.filename or 'output'}{remedy}", 3, debug)
    sys.exit(code if isinstance(code, int) else 0)


def _hush_trackers() -> None:
    """Have joblib's tracker, which is started with its first processes, clear up after Ctrl-C without a warning."""
    told = os.environ.get("PYTHONWARNINGS", "").split(",")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, dict.fromkeys((*told, TRACKERS))))


@contextmanager
def quiet_imports() -> Iterator[None]:
    """Keep off stderr what native libraries print while they load, and what TensorFlow notes later on.

    Python's own errors are raised all the same.

    Raises
    ------
    DependencyError : Keras can't be imported, for $KERAS_BACKEND names no backend that is installed
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's notes on its own start help nobody here
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    except (ImportError, ValueError) as error:  # Keras raises the one or the other
        _check_backend(error)
        raise
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _check_backend(error: Exception) -> None:
    named = os.environ.get("KERAS_BACKEND")
    installed = [one for one in BACKENDS if importlib.util.find_spec(one)]
    if named and named not in installed and "keras" not in sys.modules:
        raise DependencyError(
            f"KERAS_BACKEND={named} names no backend that is installed; expected {' or '.join(installed)}"
        ) from error


def _leave(line: str, code: int, debug: bool) -> NoReturn:
    if debug:
        traceback.print_exc()
    print(visible(one_line(line)), file=sys.stderr)
    sys.exit(code)
