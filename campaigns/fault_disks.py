"""Full disks and folders that may not be written."""

import shutil
from pathlib import Path

from campaigns.stages import outcome, whole
from campaigns.troubles import NOT_ROOT, QUICK, Ground, Row, called, disk, equal, refused, remount, through

FULL = "No space left on device"


def full_disk(ground: Ground) -> list[Row]:
    """A disk that is full at several moments of a run, and at a prediction's table, a report and a training's state."""
    used = sum(path.stat().st_blocks * 512 for path in ground.run.rglob("*")) / 2**20
    shares = (0.01, 0.4, 0.8, 0.97)
    faults = []
    for share in shares:
        with disk(ground.folder / "disk", share * used) as at:
            out = at / "runs"
            faults += refused(called(QUICK, out), FULL)
            kept = whole(out)
            faults += [f"{name} is not whole" for name in kept if kept[name] != ground.wanted.get(name)]
            remount(at, f"size={int(4 * used)}m")
            faults += through(called(QUICK, out)) + equal(out, ground.wanted)
    run = Row(
        "full disk",
        f"`reproduce` on disks of {', '.join(f'{100 * share:.0f} %' for share in shares)} of what it writes",
        len(shares),
        "one line, exit 3; all files intact; once there is space, the same command finishes with the same results",
        tuple(faults),
    )
    return [run, _full_tables(ground)]


def _full_tables(ground: Ground) -> Row:
    faults = []
    with disk(ground.folder / "disk", 1) as at:
        table = at / "heard.csv"
        table.write_text("of yesterday\n")
        with (at / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"0" * 4096)
            except OSError:
                pass
        command = ("ser_keras.predict", str(ground.recordings), "--csv", str(table))
        faults += refused(called(command), FULL)
        faults += [] if table.read_text() == "of yesterday\n" else ["the table of before is gone"]
        (at / "filler").unlink()
        faults += through(called(command))
        remount(at, "size=40m")
        shutil.copytree(ground.run / "sankaran2023", at / "sankaran2023", ignore=shutil.ignore_patterns("report"))
        remount(at, f"size={sum(path.stat().st_blocks for path in at.rglob('*')) // 2 + 40}k")
        faults += refused(called(("ser_keras.report", str(at))), FULL)
    return Row(
        "full disk",
        "`predict --csv` over an existing table; `report`",
        2,
        "one line, exit 3; the existing table stays intact; once there is space, the same command writes the new one",
        tuple(faults),
    )


def read_only(ground: Ground) -> list[Row]:
    """Output and data folders that can't be written: a disk that is read-only, a folder without the right."""
    faults = []
    with disk(ground.folder / "disk", 40) as at:
        shutil.copytree(ground.run, at / "runs")
        remount(at, "ro")
        said = "Read-only file system"
        faults += refused(called((*QUICK, "--seeds", "1,"), at / "runs"), said)
        faults += refused(called(("ser_keras.report", "{out}"), at / "runs"), said)
        faults += through(called(("ser_keras.report", "{out}", "sankaran2023", "--format", "latex"), at / "runs"))
        data = at / "runs" / "cache" / "synthetic-8"
        elsewhere = ground.folder / "elsewhere"
        real = (*QUICK[:2], "--data", str(data), "--epochs", "3", "--out", "{out}")
        faults += through(called(real, elsewhere))
        faults += refused(called(("ser_keras.predict", str(data), "--csv", str(at / "heard.csv"))), said)
        shutil.rmtree(elsewhere, ignore_errors=True)
    closed = ground.copy("closed", "*/report", "report")
    for path in (closed, closed / "sankaran2023"):
        path.chmod(0o555)
    faults += refused(called(("ser_keras.report", "{out}"), closed, wrapped=NOT_ROOT), "Permission denied")
    for path in (closed, closed / "sankaran2023"):
        path.chmod(0o755)
    faults += through(called(("ser_keras.report", "{out}"), closed)) + equal(closed, ground.wanted | _pages(closed))
    shutil.rmtree(closed)
    return [
        Row(
            "read-only folder",
            "`reproduce`, `report` and `predict --csv` onto a read-only disk, `report` into a folder without write "
            "permission; commands that only read: `report --format latex`, and `reproduce` of recordings",
            6,
            "one line, exit 3, existing files stay as they are; commands that only read succeed",
            tuple(faults),
        )
    ]


def _pages(out: Path) -> dict[str, object]:
    """The page of all papers, which `report` writes and `reproduce` of one paper does not."""
    return {name: one for name, one in outcome(out).items() if name.startswith("report/")}
