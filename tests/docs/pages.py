"""Reads the pages of docs/: their code, the files that they write, the commands, and the clicks of a table."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

FENCE = re.compile(r"^([ ]*)```(\w*)\n(.*?)^[ ]*```$", re.M | re.S)
#: **`path`** on the line before a block says which file the block is.
FILE = re.compile(r"\*\*`([^`]+)`\*\*\s*\Z")
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what stands in it, the file that it is ("": none), and the line it begins on."""

    page: str
    language: str
    text: str
    file: str
    line: int


@dataclass(frozen=True)
class Click:
    """A row of a table "as, do, see": who, what they open, what they send, and what they must see."""

    who: str
    url: str
    fields: dict[str, str]
    status: int
    words: tuple[str, ...]
    line: int


def read(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def pages() -> list[str]:
    return sorted(path.name for path in DOCS.glob("*.md"))


def blocks(page: str) -> list[Block]:
    text = read(page)
    found = []
    for fence in FENCE.finditer(text):
        named = FILE.search(text[: fence.start()])
        body = re.sub(rf"^{fence[1]}", "", fence[3], flags=re.M)
        line = text.count("\n", 0, fence.start()) + 1
        found.append(Block(page, fence[2], body, named[1] if named else "", line))
    return found


def clicks(page: str) -> list[Click]:
    """Return the rows of the tables whose columns are as, do, see."""
    found, inside = [], False
    for number, line in enumerate(read(page).splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells == ["as", "do", "see"]:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not cells[0].startswith("-"):
            found.append(_click(cells, number))
    return found


def _click(cells: list[str], line: int) -> Click:
    [who], [url, *fields], seen = (CODE.findall(cell) for cell in cells)
    status = int(seen.pop(0)) if cells[2].startswith("status") else 200
    return Click(who, url, dict(field.split("=", 1) for field in fields), status, tuple(seen), line)
