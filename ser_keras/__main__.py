"""The console script `ser-keras`: every command of the package as a subcommand, loaded when it is called."""

import importlib

import click

from ser_keras import __version__, cli

COMMANDS = {
    "ablate": ("ser_keras.ablate", "ablate"),
    "audit": ("ser_keras.audit", "audit"),
    "cite": ("ser_keras.cite", "cite"),
    "compare": ("ser_keras.compare", "compare"),
    "corpora": ("ser_keras.corpora.__main__", "corpora"),
    "demo": ("ser_keras.demo.__main__", "demo"),
    "export": ("ser_keras.export", "command"),
    "features": ("ser_keras.features.__main__", "features"),
    "leakage": ("ser_keras.leakage", "leakage"),
    "new-corpus": ("ser_keras.scaffold.corpus", "new_corpus"),
    "new-paper": ("ser_keras.scaffold.paper", "new_paper"),
    "predict": ("ser_keras.predict", "predict"),
    "report": ("ser_keras.report.__main__", "report"),
    "reproduce": ("ser_keras.reproduce", "reproduce"),
}


class Commands(click.Group):
    """Subcommands by name, imported one at a time, so that the quick ones stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        return getattr(importlib.import_module(module), attribute)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ser-keras")
@cli.debug_option
def ser_keras() -> None:
    """Reproduce speech-emotion-recognition papers and audit their printed tables."""


def main() -> None:
    """Run `ser-keras` with our exit codes."""
    cli.run(ser_keras, name="ser-keras")


if __name__ == "__main__":
    main()
