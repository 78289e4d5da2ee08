"""Write the manifests anew from tables of checksums: `python -m ser_keras.corpora.build_manifests CHECKSUMS_DIR`.

For maintainers, in a checkout. CHECKSUMS_DIR holds one CSV a corpus with the columns file, bytes, sha256; labels come
from the loaders. CREMA-D's names do not tell who is female: `--demographics` holds its loader against the corpus's
own VideoDemographics.csv.
"""

import csv
import io
from importlib.resources import files
from pathlib import Path

import click

from ser_keras import cli
from ser_keras.corpora.cremad import FEMALE
from ser_keras.corpora.folder import LOADERS
from ser_keras.corpora.manifest import COLUMNS, Labels
from ser_keras.errors import CorpusError


def manifest_csv(name: str, checksums: Path) -> str:
    """The text of a corpus's manifest.

    Parameters
    ----------
    name : of a corpus that has a loader
    checksums : CSV with the columns file, bytes, sha256, sorted by file

    Raises
    ------
    CorpusError : the loader does not know a file, or takes two for one
    """
    with checksums.open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    named: dict[Labels, str] = {}
    for row in rows:
        labels = LOADERS[name].labels(row["file"])
        if labels is None or labels in named:
            twin = f"has the labels of {named[labels]}" if labels else "is no name of this corpus"
            raise CorpusError(f"{checksums}: {row['file']} {twin}: mend ser_keras/corpora/{name}.py or the table")
        named[labels] = row["file"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, *(column for column, _ in next(iter(named)).extras)])
    for row, labels in zip(rows, named, strict=True):
        says = (labels.emotion, labels.code, labels.speaker, labels.gender, *(value for _, value in labels.extras))
        writer.writerow([row["file"], row["bytes"], row["sha256"], *says])
    return out.getvalue()


def check_demographics(path: Path) -> None:
    """Hold CREMA-D's loader against the corpus's own table of actors.

    Raises
    ------
    CorpusError : they disagree on who is female
    """
    with path.open(newline="", encoding="utf-8-sig") as table:
        female = {int(row["ActorID"]) for row in csv.DictReader(table) if row["Sex"] == "Female"}
    if female != FEMALE:
        differ = ", ".join(map(str, sorted(female ^ FEMALE)))
        raise CorpusError(f"{path} and ser_keras/corpora/cremad.py disagree on the gender of actors {differ}")


@click.command()
@click.argument("checksums", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--demographics", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CREMA-D's table of speakers."
)
@cli.debug_option
def build(checksums: Path, demographics: Path | None) -> None:
    """Write data_manifests/*.csv from CHECKSUMS/*.csv and the loaders."""
    if demographics:
        check_demographics(demographics)
    for name in LOADERS:
        text = manifest_csv(name, checksums / f"{name}.csv")
        target = Path(str(files("data_manifests"))) / f"{name}.csv"
        target.write_text(text, encoding="utf-8", newline="")
        click.echo(f"{target}: {text.count(chr(10)) - 1} clips")


if __name__ == "__main__":
    cli.run(build, name="python -m ser_keras.corpora.build_manifests")
