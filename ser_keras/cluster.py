"""Work through joblib: on this machine, or spread over the workers of a Dask cluster that is there already.

The workers read recordings and write features and runs themselves, below `--data` and `--out` by absolute path; what
travels over the network are declarations and small tables. A worker that dies takes nothing along: the scheduler gives
its work to another, which goes on from what lies on disk.
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from ser_keras import __version__
from ser_keras.errors import ClusterError, DependencyError, SerError, one_line

if TYPE_CHECKING:
    import distributed
    import joblib

T = TypeVar("T")

ADDRESS = re.compile(r"(?:(?P<scheme>tcp|tls)://)?(?:\[[^][/\s]+\]|[^][/:@\s]+):(?P<port>\d{1,5})")
PATIENCE_S = 5  # for the scheduler to answer, and for the first worker


@contextmanager
def spread_over(address: str, out: Path, data: Path | None = None) -> Iterator[Path]:
    """Within, what goes through joblib is carried out by the cluster at `address`.

    Parameters
    ----------
    address : of a Dask scheduler, as tcp://HOST:8786
    out : folder for runs; given back by its absolute path, for workers have other working folders
    data : folder of corpora; None: it is not looked at

    Raises
    ------
    DependencyError : no Dask
    ClusterError : it is no such address; no scheduler or no worker answers, one has several threads, other packages
        than this machine or does not see the folders; or the scheduler is lost
    """
    try:
        import distributed
        import joblib
    except ImportError as error:
        raise DependencyError(f'--cluster needs {error.name}: pip install "ser_keras[cluster]"') from None
    for name in ("distributed", "distributed.client", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what they log of a lost connection is told in one line
    _check_address(address)
    out = Path(os.path.abspath(out))
    try:
        client = distributed.Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"no scheduler answers at {address} ({one_line(error)[:120]}): start one with `dask scheduler`"
        ) from None
    with client:
        _check_workers(client, address, out, data)
        with joblib.parallel_config(backend="dask", client=client):
            yield out


def _check_address(address: str) -> None:
    """Refuse what Dask can't connect to: a client that fails at once can't be closed, and says so when it goes."""
    import distributed

    found = ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 2**16:
        raise ClusterError(
            f"--cluster {address!r} is no address of a Dask scheduler: expected tcp://HOST:PORT, as `dask scheduler` "
            "prints it, or tls://HOST:PORT"
        )
    if found["scheme"] == "tls" and distributed.Security().get_connection_args("client")["ssl_context"] is None:
        raise ClusterError(
            f"--cluster {address} needs certificates: name them in Dask's configuration (distributed.comm.tls), or "
            "give the scheduler's tcp:// address"
        )


def _check_workers(client: distributed.Client, address: str, out: Path, data: Path | None) -> None:
    try:
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except TimeoutError:
        raise ClusterError(
            f"the scheduler at {address} has no worker: start some with `dask worker {address} --nthreads 1`"
        ) from None
    for worker, threads in client.nthreads().items():
        if threads > 1:
            raise ClusterError(
                f"worker {worker} has {threads} threads, and a training needs a process to itself: start it with "
                f"--nthreads 1 --nworkers {threads}"
            )
    out.mkdir(parents=True, exist_ok=True)
    mark = out / f".seen-{uuid4().hex}"
    mark.touch()
    try:
        here, found = _seen(mark, data), client.run(_seen, mark, data, on_error="return")
    finally:
        mark.unlink()
    for worker, there in found.items():
        if isinstance(there, Exception):
            raise ClusterError(f"worker {worker} can't load ser_keras ({there}): install it there")
        for place, own, other in zip((out, data), here[:2], there[:2], strict=True):
            if own != other:
                raise ClusterError(
                    f"worker {worker} does not see {place}: it has to be a folder that all machines share"
                )
        for name, version in (here[2] | there[2]).items():
            if (here[2].get(name), there[2].get(name)) != (version, version):
                raise ClusterError(
                    f"worker {worker} has {name} {there[2].get(name)}, this machine {here[2].get(name)}: install the "
                    "same, for figures may differ"
                )


def _seen(mark: Path, data: Path | None) -> tuple[bool, list[str], dict[str, str]]:
    """Whether the mark in one folder is there, what is in the other, and the versions of packages."""
    return mark.exists(), sorted(os.listdir(data)) if data and data.is_dir() else [], packages()


def packages() -> dict[str, str]:
    """Versions of this package, of Python and of all that can move a figure."""
    import platform

    from ser_keras.provenance import versions

    return {"ser_keras": __version__, "python": platform.python_version(), **versions()}


def on_cluster() -> bool:
    """Whether work is spread over a cluster here."""
    if "joblib" not in sys.modules:  # nobody has asked it to spread anything
        return False
    from joblib.parallel import get_active_backend

    return type(get_active_backend()[0]).__name__ == "DaskDistributedBackend"


def each(function: Callable[..., T], calls: Sequence[tuple]) -> Iterator[T]:
    """`function(*call)` of each call, in their order: by the cluster where there is one, else here, one by one."""
    if not on_cluster():
        return (function(*call) for call in calls)
    import joblib

    return results(joblib.Parallel(return_as="generator"), (joblib.delayed(function)(*call) for call in calls))


def with_bar(function: Callable[..., int], calls: Iterable[tuple], *, processes: int, total: int, label: str) -> None:
    """`function(*call)` of each call, by worker processes and in any order; a bar counts the clips each tells of."""
    import joblib
    from tqdm import tqdm

    workers = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
    with tqdm(total=total, desc=label, unit="clip") as bar:
        for done in results(workers, (joblib.delayed(function)(*call) for call in calls)):
            bar.update(done)


def results(workers: joblib.Parallel, calls: Iterable[tuple]) -> Iterator:
    """What `workers` give of joblib's delayed calls, in their order.

    Raises
    ------
    ClusterError : the scheduler was lost, no worker came, or several died over one call
    """
    try:
        yield from workers(calls)
    except Exception as error:  # Dask's errors have no common class, only its modules; all others are raised again
        if type(error).__module__.partition(".")[0] != "distributed" and not isinstance(error, TimeoutError):
            raise
        raise ClusterError(
            f"the cluster was lost ({one_line(error)[:160]}): the same command goes on from what is done"
        ) from error


def apart(function: Callable[..., T], *call: object) -> T:
    """`function(*call)`, on a cluster in a process that does nothing else.

    Keras draws the seeds of layers from Python's own generator, which Dask's threads draw from too: beside them equal
    seeds would not give equal bytes.
    """
    if not on_cluster():
        return function(*call)
    import cloudpickle  # comes with Dask

    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "asked", Path(folder) / "answered"
        asked.write_bytes(cloudpickle.dumps((function, call)))
        command = [sys.executable, "-m", "ser_keras.cluster", str(asked), str(answered)]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as child:  # it ends when this end of the pipe is gone
            code = child.wait()
        if not answered.exists():
            raise ClusterError(f"a training ended with {code} and told nothing: is there memory enough for it?")
        given = pickle.loads(answered.read_bytes())
    if isinstance(given, Exception):
        raise given
    return given


def _answer(asked: Path, answered: Path) -> None:
    """Carry out what `apart` asks for, as long as the asking process lives."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import joblib

    function, call = pickle.loads(asked.read_bytes())
    try:
        with joblib.parallel_config(backend="sequential"):  # the machine's other cores have workers of their own
            given = function(*call)
    except (SerError, ValueError) as error:
        given = error
    unfinished = answered.with_suffix(".unfinished")
    unfinished.write_bytes(pickle.dumps(given))
    unfinished.replace(answered)


def _end_with_parent() -> None:
    os.read(0, 1)  # nothing is ever written: this returns when the other end is closed
    os._exit(1)


if __name__ == "__main__":
    _answer(Path(sys.argv[1]), Path(sys.argv[2]))
