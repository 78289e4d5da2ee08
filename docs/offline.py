"""Whether a built site loads anything from elsewhere: `python -m docs.offline SITE` exits with 1 where it does."""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src",
           "link": "href", "object": "data"}  # fmt: skip
NAMING = {"canonical", "prev", "next", "search", "index", "genindex", "author", "license"}  # links that load nothing
ELSEWHERE = re.compile(r"\s*(https?:)?//")
IN_STYLES = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)")


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        kinds = set((values.get("rel") or "").split())
        if tag in LOADING and not kinds & NAMING:
            self.found.append(values.get(LOADING[tag]) or "")


def foreign(site: Path) -> Iterator[str]:
    """A line for each address of another host that a page or a style sheet of the site loads."""
    for path in sorted(site.rglob("*.html")):
        parser = _Addresses()
        parser.feed(path.read_text(encoding="utf-8"))
        yield from (f"{path}: {one}" for one in parser.found if ELSEWHERE.match(one))
    for path in sorted(site.rglob("*.css")):
        yield from (f"{path}: {one}" for one in IN_STYLES.findall(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    lines = list(foreign(Path(sys.argv[1])))
    print("\n".join(lines) or "nothing is loaded from elsewhere")
    sys.exit(1 if lines else 0)
