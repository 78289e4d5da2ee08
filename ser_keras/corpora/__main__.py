"""`python -m ser_keras.corpora`: which corpora there are, verify, fetch or synthesize one."""

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from ser_keras import cli
from ser_keras.corpora import folder
from ser_keras.corpora import manifest as manifests
from ser_keras.corpora.manifest import corpus, manifest
from ser_keras.corpora.verify import Verification, verify
from ser_keras.errors import CorpusError

LISTED = 10  # names of each kind that `verify` prints without --all


class Name(click.ParamType):
    """A corpus's name; which there are is read when one is given: one that is not whole is an error of the command."""

    name = "corpus"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return self._choice().convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return self._choice().shell_complete(ctx, param, incomplete)

    def _choice(self) -> click.Choice:
        return click.Choice(list(manifests.corpora()), case_sensitive=False)


name_argument = click.argument("name", metavar="NAME", type=Name())
data_option = click.option(
    "--data",
    type=cli.DataFolder(path_type=Path),
    help=f"Folder with one folder per corpus, or its URL. Default: ${folder.VARIABLE}, or else the cache folder.",
)


@click.group()
@cli.debug_option
def corpora() -> None:
    """List, verify, fetch or synthesize the corpora that experiments run on."""


@corpora.command("list")
@data_option
@cli.debug_option
def list_command(data: Path | None) -> None:
    """List every corpus and how much of it is available."""
    rows = [("NAME", "TITLE", "CLIPS", "STATE", "LICENCE", "FOLDER")]
    for name, described in manifests.corpora().items():
        found = folder.find(name, data)
        expected = len(manifest(name).entries)
        clips = len(found.paths) if found else 0
        place = str(found.folder) if found else "-"
        rows.append(
            (name, described.title, f"{clips} of {expected}", _state(found, expected), described.licence, place)
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    click.echo(f"\ndata folder: {folder.data_folder(data)}")


def _state(found: folder.Found | None, expected: int) -> str:
    if found is None:
        return "missing"
    if found.synthetic is not None:
        return "synthetic"
    state = "complete" if len(found.paths) == expected else "partial"
    return f"{state}, {len(found.altered)} altered" if found.altered else state


@corpora.command("verify")
@name_argument
@data_option
@click.option("--jobs", type=click.IntRange(1), help="Number of files to read at once. Default: one per processor.")
@click.option("--all", "everything", is_flag=True, help=f"List all names instead of the first {LISTED} of each kind.")
@cli.debug_option
def verify_command(name: str, data: Path | None, jobs: int | None, everything: bool) -> None:
    """Compare the SHA-256 of every clip with the manifest; exit 0 if the corpus is complete and exact, else 3."""
    found = folder.present(name, data)
    title = corpus(name).title
    if found.synthetic is not None:
        says = ", ".join(f"{key} {value}" for key, value in found.synthetic.items())
        raise CorpusError(f"{title} in {found.folder} is synthetic ({says}): no recording of people to verify")
    state = verify(found, manifest(name), jobs=jobs)
    exact = len(found.paths) - len(state.altered)
    click.echo(f"{title} in {found.folder}: {exact} of {len(manifest(name).entries)} clips are there and exact")
    kinds = {"missing": state.missing, "altered": state.altered, "foreign": state.foreign}
    for kind, names in kinds.items():
        _show(kind, names, None if everything else LISTED)
    if not state.exact:
        counts = ", ".join(f"{len(names)} {kind}" for kind, names in kinds.items() if names)
        raise CorpusError(f"{title} in {found.folder} is not whole and exact ({counts}): {_remedy(name, found, state)}")


def _show(kind: str, names: tuple[str, ...], most: int | None) -> None:
    if names:
        click.echo(f"{kind} {len(names)}:")
        for name in names[:most]:
            click.echo(f"  {name}")
        if most is not None and len(names) > most:
            click.echo(f"  … and {len(names) - most} more (--all lists them)")


def _remedy(name: str, found: folder.Found, state: Verification) -> str:
    lacking = folder.how_to_get(corpus(name), found.folder) if state.missing or state.altered else ""
    foreign = "move foreign files out of the folder" if state.foreign else ""
    return "; ".join(filter(None, (lacking, foreign)))


@corpora.command("fetch")
@name_argument
@data_option
@click.option(
    "--from",
    "address",
    metavar="ADDRESS",
    help="Source to use instead of the official one: the address of a mirror's archive, of single clips (with {file} "
    "in it), or an archive on this machine. Clips are still checked against the manifest.",
)
@cli.debug_option
def fetch_command(name: str, data: Path | None, address: str | None) -> None:
    """Download missing or altered clips from the official source.

    Repeat the command to resume an interrupted download.
    """
    from ser_keras.corpora.fetch import fetch

    described = corpus(name)
    found = fetch(name, data, address=address)
    click.echo(f"{described.title} in {found.folder}: {len(found.paths)} of {len(manifest(name).entries)} clips")
    click.echo(f"licence: {described.licence}\nplease cite: {described.citation}")


@corpora.command("synthesize")
@name_argument
@click.option("--out", type=cli.OUT_FOLDER, required=True, help="Data folder to write the corpus to.")
@click.option("--clips-per-class", type=click.IntRange(1), default=20, show_default=True, help="Clips per emotion.")
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed; equal seeds give equal files.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Number of processes.")
@cli.debug_option
def synthesize_command(name: str, out: Path, clips_per_class: int, seed: int, jobs: int) -> None:
    """Write speech-like clips in the layout of a corpus, to try everything without real recordings."""
    from ser_keras.corpora.synthetic import synthesize

    click.echo(synthesize(name, out, clips_per_class=clips_per_class, seed=seed, jobs=jobs))


if __name__ == "__main__":
    cli.run(corpora, name="python -m ser_keras.corpora")
