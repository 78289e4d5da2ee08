"""A web page that names the emotion of a recording, by the networks of finished runs.

    python -m ser_keras.demo --out runs

The page is for this computer alone unless `--host` says otherwise; what is uploaded is deleted once it is answered.
"""

import errno
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ser_keras import cli
from ser_keras.demo import uploads
from ser_keras.errors import DependencyError, SerError

if TYPE_CHECKING:
    import uvicorn

PORT = 7860


@click.command()
@cli.out_option("Folder of runs; the page offers those that can predict.")
@click.option(
    "--host", default="127.0.0.1", show_default=True,
    help="Address to listen on; 0.0.0.0 admits other computers, whose browsers allow no microphone without https.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Port to listen on; 0: any free one."
)
@cli.debug_option
def demo(out: Path, host: str, port: int) -> None:
    """Serve a web page to record or upload clips: predictions, waveform, spectrogram, pitch and acoustic measures."""
    # so that uploads are deleted then as well; the server takes SIGTERM while it runs, and hands it on at its end
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    with _listening(host, port) as listener, uploads.folder() as folder:
        models, refused, server = _prepared(out, folder)
        for line in refused:
            click.echo(f"left out: {line}", err=True)
        address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
        click.echo(f"{address} with {len(models)} model{'s' if len(models) > 1 else ''}; Ctrl-C ends it")
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:
            click.echo("interrupted: the page is closed, and nothing that was uploaded is kept", err=True)
            sys.exit(130)


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(socket.SOMAXCONN)
    except socket.gaierror as error:
        raise SerError(f"--host {host} is no address of this computer ({error.strerror}): try 127.0.0.1") from None
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        remedy = "give another --port, or 0 for any that is free" if taken else "give another --host or --port"
        raise SerError(f"cannot listen on {host}:{port} ({error.strerror}): {remedy}") from None
    return listener


def _prepared(out: Path, folder: Path) -> "tuple[dict[str, Path | None], list[str], uvicorn.Server]":
    """The models, a line for each run that can't predict, and the server. Gradio reads its settings on import."""
    os.environ |= {"GRADIO_TEMP_DIR": str(folder), "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    with cli.quiet_imports():
        try:
            import gradio  # noqa: F401
        except ModuleNotFoundError as error:
            raise DependencyError(
                f'the demo needs {error.name}, which is missing: pip install "ser_keras[demo]"'
            ) from None
        from ser_keras.demo import listening, page

        models, refused = listening.available(out)
    return models, refused, page.server(models, folder)


if __name__ == "__main__":
    cli.run(demo, name="python -m ser_keras.demo")
