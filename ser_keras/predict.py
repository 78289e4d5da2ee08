"""The emotion of new recordings, as a trained network hears it.

    python -m ser_keras.predict a.wav b.mp3 recordings/
    python -m ser_keras.predict talk.flac --run runs/…/seed-0 --segments 3

Finds recordings, has them heard, prints what came of it; computes nothing itself.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from ser_keras import cli, completion
from ser_keras.errors import AudioError, visible

if TYPE_CHECKING:
    from ser_keras.prediction.predictor import Predictor
    from ser_keras.prediction.tables import Heard


LONG_S = 15.0  # no clip of the corpora here is as long


@click.command()
@click.argument("clips", nargs=-1, required=True, metavar="CLIP...", type=click.Path(path_type=Path))
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    shell_complete=completion.runs,
    help="Folder of a run, or of an exported model. Default: the bundled model.",
)
@click.option("--model", "name", help="Name of a bundled model (cremad).")
@click.option(
    "--fold",
    type=click.IntRange(1),
    help="Which fold's model to use, for a run with several folds. Default: their mean.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per clip, one per line.")
@click.option("--csv", "table", type=cli.OUT_FILE, help="CSV file to write: one row per clip, or per window.")
@click.option(
    "--segments",
    type=click.FloatRange(min=0.2),
    metavar="SECONDS",
    help="Split recordings into windows of this length with 50 % overlap, the last one ending with the recording, and "
    "give the probabilities of each, their mean, and a timeline. Without it, a clip is predicted as a whole (by some "
    "networks from its first seconds).",
)
@click.option(
    "--plots",
    type=cli.OUT_FOLDER,
    help="Folder for the timelines. Default: that of --csv, or else the current one.",
)
@click.option("--plot-format", type=click.Choice(["png", "svg"]), default="png", show_default=True)
@cli.debug_option
def predict(
    clips: tuple[Path, ...],
    run: Path | None,
    name: str | None,
    fold: int | None,
    as_json: bool,
    table: Path | None,
    segments: float | None,
    plots: Path | None,
    plot_format: str,
) -> int:
    """Predict the emotion of recordings: any format that soundfile reads (WAV, FLAC, OGG, MP3, …), rate and channels.

    A folder stands for all recordings in it and its subfolders. Channels are averaged. A recording that cannot be used
    is reported on stderr, the others are still predicted, and the exit code is 3.
    """
    if run is not None and name is not None:
        raise click.UsageError("--run and --model cannot be combined")
    if plots is not None and segments is None:
        raise click.UsageError("--plots needs --segments: a timeline is of windows")
    with cli.quiet_imports():
        from ser_keras.prediction import predictor, sounds, tables
    found = sounds.files(clips)
    known = predictor.boxed_names()
    if name is not None and name not in known:
        raise click.UsageError(f"no bundled model is called {name!r}; there are: {', '.join(known) or 'none'}")
    with cli.quiet_imports():
        model = predictor.load(run if name is None else name, fold)
    places = _timelines(found, plots or (table.parent if table else Path()), plot_format) if segments else {}
    all_heard = []
    with tqdm(found, desc="predict", unit="clip", disable=len(found) < 2) as bar:
        for clip in bar:
            heard = _heard(model, clip, segments)
            all_heard.append(heard)
            if heard.scores is None:
                bar.write(f"error: {visible(' '.join(heard.error.split()))}", file=sys.stderr)
            if segments is None and heard.seconds > LONG_S:
                told = f"note: {heard.clip} is {heard.seconds:.0f} s long and heard as one; in windows: --segments 3"
                bar.write(visible(told), file=sys.stderr)
            if as_json:
                bar.write(tables.as_json(heard, model.classes_, model.name), file=sys.stdout)
            elif heard.scores is not None and not table:
                bar.write(tables.line(heard, model.classes_), file=sys.stdout)
            if clip in places and heard.scores is not None:
                _draw(heard, model, places[clip])
                bar.write(f"timeline: {visible(str(places[clip]))}", file=sys.stderr if as_json else sys.stdout)
    if table:
        tables.write_csv(table, all_heard, model.classes_, model.name, segments=segments is not None)
    if not as_json:
        click.echo(f"{table}: {len(all_heard)} clips, model: {model.name}" if table else f"model: {model.name}")
    failed = sum(heard.scores is None for heard in all_heard)
    if failed and len(all_heard) > 1:
        click.echo(f"error: {failed} of {len(all_heard)} recordings can't be used", err=True)
    return 3 if failed else 0


def _heard(model: "Predictor", clip: Path, segments: float | None) -> "Heard":
    from ser_keras.prediction.tables import Heard

    try:
        return model.hear(clip, segments)
    except AudioError as error:
        return Heard(str(clip), None, error=str(error))


def _timelines(clips: Sequence[Path], folder: Path, kind: str) -> dict[Path, Path]:
    """Where each clip's timeline goes: NAME-timeline.png; of several clips of one name NAME-2-timeline.png …"""
    places: dict[Path, Path] = {}
    numbers: dict[str, int] = {}
    taken: set[str] = set()
    for clip in clips:
        name = clip.stem
        while name in taken:  # also by a clip whose own name ends in a number
            numbers[clip.stem] = numbers.get(clip.stem, 1) + 1
            name = f"{clip.stem}-{numbers[clip.stem]}"
        taken.add(name)
        places[clip] = folder / f"{name}-timeline.{kind}"
    return places


def _draw(heard: "Heard", model: "Predictor", place: Path) -> None:
    from ser_keras.prediction import timeline
    from ser_keras.prediction.sounds import sound

    whole = sound(heard.clip)
    figure = timeline.timeline_figure(heard, whole.wave, whole.sample_rate, model.classes_, model.name)
    timeline.write_timeline(place, figure)


if __name__ == "__main__":
    cli.run(predict, name="python -m ser_keras.predict")
