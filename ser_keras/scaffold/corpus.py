"""A corpus of your own: a package with its manifest, written from a table, file names or a database in audformat.

    python -m ser_keras.scaffold.corpus mine clips.csv --recordings FOLDER
    python -m ser_keras.scaffold.corpus mine FOLDER --pattern "{speaker}_{text}_{emotion}"
    python -m ser_keras.scaffold.corpus mine DATABASE                # a folder that audformat wrote (extra audb)
    python -m ser_keras.scaffold.corpus mine emodb --audb 1.4.1      # loaded with audb

`clips.csv` has the columns `path` (inside the folder of recordings, or against the CSV), `emotion` and `speaker`, and
where known `gender` and `text`. A pattern says what the end of a path without its ending means.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from ser_keras import cli
from ser_keras.corpora import manifest
from ser_keras.corpora.folder import ENDINGS
from ser_keras.corpora.verify import sha256s
from ser_keras.errors import CorpusError
from ser_keras.scaffold import checked_name, databases, write_package

NEEDED, KNOWN = ("emotion", "speaker"), ("emotion", "speaker", "gender", "text")


def from_table(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Path and labels of each clip that a CSV lists.

    Raises
    ------
    CorpusError : it can't be read, lacks a column that is needed, or lists a clip twice
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, ValueError, csv.Error) as error:
        raise CorpusError(
            f"{path} can't be read ({error}): give a CSV with the columns path, emotion, speaker"
        ) from None
    columns = rows[0].keys() if rows else ()
    missing = [name for name in ("path", *NEEDED) if name not in columns]
    if missing:
        raise CorpusError(f"{path} lacks the column {missing[0]}; it has {', '.join(map(str, columns)) or 'no rows'}")
    lines: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        if not all(row[name] for name in ("path", *NEEDED)):
            raise CorpusError(f"{path} leaves path, emotion or speaker empty in line {number}: fill it in")
        earlier = lines.setdefault(row["path"], number)
        if earlier != number:
            raise CorpusError(f"{path} lists {row['path']} in line {earlier} and in line {number}: leave one of them")
        yield row["path"], {name: row.get(name) or "" for name in KNOWN}


def from_names(folder: Path, pattern: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Path and labels of each recording in a folder, by what the end of its path says.

    Raises
    ------
    CorpusError : the pattern lacks what is needed, or a recording's name is not of it
    """
    wanted = _expression(pattern)
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).as_posix()
        if path.suffix.casefold() not in ENDINGS or path.name.startswith("."):
            continue
        match = wanted.search(inside.removesuffix(path.suffix))
        if match is None:
            raise CorpusError(f"{path} is not named as {pattern!r} says: mend the pattern, or list the clips in a CSV")
        yield inside, {name: match.groupdict().get(name) or "" for name in KNOWN}


def _expression(pattern: str) -> re.Pattern[str]:
    fields = re.findall(r"\{(\w+)\}", pattern)
    missing = [name for name in NEEDED if name not in fields]
    if missing or len(set(fields)) != len(fields):
        raise CorpusError(f"the pattern {pattern!r} must name each of emotion and speaker once, in braces")
    unfit = [name for name in fields if not name.isidentifier()]
    if unfit:
        raise CorpusError(f"the pattern {pattern!r} has {{{unfit[0]}}}: what is in braces is a name, as {{take}} is")
    parts = re.split(r"\{(\w+)\}", pattern)
    texts = [re.escape(part) if number % 2 == 0 else rf"(?P<{part}>[^/]+?)" for number, part in enumerate(parts)]
    return re.compile(r"(?:^|/)" + "".join(texts) + "$")


def manifest_csv(folder: Path, clips: Mapping[str, dict[str, str]], words: Mapping[str, str]) -> str:
    """The text of a manifest.

    Parameters
    ----------
    folder : of the recordings
    clips : path inside the folder → emotion, speaker, gender, text
    words : the corpus's own name of an emotion → ours

    Raises
    ------
    CorpusError : a recording is missing, or an emotion is not of the common vocabulary
    """
    paths = {path: folder / path for path in sorted(clips)}
    lost = next((path for path in paths.values() if not path.is_file()), None)
    if lost is not None:
        raise CorpusError(f"{lost} is not there: paths are against --recordings, or else against the CSV's folder")
    said = {labels["emotion"] for labels in clips.values()}
    unknown = sorted(said - set(manifest.EMOTIONS) - set(words))
    if unknown:
        raise CorpusError(
            f"{unknown[0]!r} is none of {', '.join(manifest.EMOTIONS)}: say what it is, --emotion {unknown[0]}=…"
        )
    checksums = sha256s(paths, title="checksums")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*manifest.COLUMNS, "text"])
    for path, labels in sorted(clips.items()):
        own = labels["emotion"]
        known = [words.get(own, own), own, labels["speaker"], labels["gender"], labels["text"]]
        writer.writerow([path, paths[path].stat().st_size, checksums[path], *known])
    return out.getvalue()


def _words(told: tuple[str, ...]) -> dict[str, str]:
    words = dict(one.partition("=")[::2] for one in told)
    wrong = [f"{own}={ours}" for own, ours in words.items() if ours not in manifest.EMOTIONS]
    if wrong:
        raise CorpusError(f"--emotion {wrong[0]}: expected OWN=OURS, ours being one of {', '.join(manifest.EMOTIONS)}")
    return words


@click.command("new-corpus")
@click.argument("name")
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--recordings",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the clips that a CSV lists.",
)
@click.option("--pattern", help='Meaning of file names in a folder: "{speaker}_{text}_{emotion}".')
@click.option(
    "--audb", metavar="VERSION", help="Load the database SOURCE with audb in this version; latest: the newest."
)
@click.option("--table", "tables", multiple=True, help="Table of a database that holds the emotions; repeatable.")
@click.option(
    "--emotion",
    "told",
    multiple=True,
    metavar="OWN=OURS",
    help="Map a label of the corpus to a standard emotion; repeatable.",
)
@click.option("--title", default=None, help="Title of the corpus. Default: its name.")
@cli.out_option("Folder to create the package in.", ".")
@cli.debug_option
def new_corpus(
    name: str,
    source: Path,
    recordings: Path | None,
    pattern: str | None,
    audb: str | None,
    tables: tuple[str, ...],
    told: tuple[str, ...],
    title: str | None,
    out: Path,
) -> None:
    """Write a package for a corpus of your own in the folder NAME.

    SOURCE is a CSV of clips, a folder of recordings (with --pattern), or a database in audformat.
    """
    checked_name(name, (*manifest.corpora(), "ser_keras"))
    words, licence = _words(told), None
    if audb or (source / databases.HEADER).is_file():
        found = databases.loaded(str(source), None if audb == "latest" else audb) if audb else databases.opened(source)
        clips, folder = dict(databases.clips(found, tables)), Path(found.root)
        words, title, licence = databases.NOUNS | words, title or found.name, found.license
    elif source.is_dir():
        if not pattern:
            raise CorpusError(f'{source} is a folder: say what its names mean, --pattern "{{speaker}}_{{emotion}}"')
        clips, folder = dict(from_names(source, pattern)), source
    else:
        clips, folder = dict(from_table(source)), recordings or source.parent
    if not clips:
        raise CorpusError(f"{source} holds no recording ({', '.join(ENDINGS)}): give another folder")
    text = manifest_csv(folder, clips, words)
    entries = manifest.read_manifest(text.encode(), listed=True).entries
    values = {
        "title": title or name,
        "licence": str(licence or "TODO"),
        "folders": list(dict.fromkeys((name, folder.resolve().name))),
        "clips": len(entries),
        "speakers": len({entry.labels.speaker for entry in entries}),
        "counts": dict(sorted(Counter(entry.labels.emotion for entry in entries).items())),
    }
    package = write_package("corpus", name, out, values, {f"src/{name}/manifest.csv": text})
    click.echo(f"{package}: {len(entries)} clips; then\n  pip install -e '{package}[test]' && pytest {package}")
    told = f"ln -s {folder} my_corpora/{name}" if audb else f"--data {folder.resolve().parent} finds them"
    click.echo(f"  the recordings are in {folder}: {told}")


if __name__ == "__main__":
    cli.run(new_corpus, name="python -m ser_keras.scaffold.corpus")
