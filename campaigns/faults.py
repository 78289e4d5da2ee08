"""Faults of the machine, each tried for real with the command line: full disk, read-only folder, vanished file, …

    python -m campaigns.faults --json campaigns/found/faults.json
    python -m campaigns.faults --only names --only "no HOME"

Needs the right to mount (small disks of their own), setpriv, and libfaketime.
"""

import dataclasses
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from campaigns import fault_disks, fault_files, fault_processes
from campaigns.troubles import Ground, Row
from ser_keras.files import write_json

FAULTS: Mapping[str, Callable[[Ground], list[Row]]] = {
    "full disk": fault_disks.full_disk,
    "read-only folder": fault_disks.read_only,
    "vanished or changed recording": fault_files.vanished_or_changed,
    "names": fault_files.names,
    "links in a circle": fault_files.loops,
    "two processes": fault_processes.two_processes,
    "clock jumps": fault_processes.clocks,
    "no HOME": fault_processes.no_home,
}


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(FAULTS)), help="Fault to try; repeatable. Default: all.")
@click.option("--json", "path", type=Path, help="JSON file of findings to update.")
def main(only: tuple[str, ...], path: Path | None) -> None:
    """Provoke faults of the machine, and check that nothing is lost."""
    found: dict[str, list[dict]] = {}
    if path and path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(Path(folder))
        for name in only or FAULTS:
            found[name] = [dataclasses.asdict(row) for row in FAULTS[name](ground)]
            click.echo(json.dumps(found[name], indent=1, ensure_ascii=False))
            if path:
                write_json(path, {one: found[one] for one in FAULTS if one in found})
    raise SystemExit(any(row["faults"] for rows in found.values() for row in rows))


if __name__ == "__main__":
    main()
