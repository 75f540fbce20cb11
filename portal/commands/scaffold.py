"""`portal plugin new`: the files of a plugin that works as written."""

import keyword
import re
import sys
from pathlib import Path

import click

DATA = Path(__file__).parent / "data" / "plugin"
NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
#: Addresses and rooms that are the portal's own, and words that a module cannot have.
OWN = frozenset(("static", "search", "healthz", "metrics", "health", "help", "portal", "plugins", "tests", "instance"))


class NameTaken(click.ClickException):
    """The name cannot be that of a new plugin; the message says why."""


def write(name: str, title: str, folder: Path, *, package: bool) -> list[Path]:
    """Write the plugin `name`, called `title`, below `folder`; returns the files in the order in which one reads them.

    As a drop-in it is `folder/name` with `name_tests` beside it, because pytest would import a package that its tests
    lie in; as a package `folder` holds the module `name`, `tests` and what pip needs. Raises NameTaken, and writes
    nothing, where the name is not one or something lies there already.
    """
    _check(name, folder, package)
    words = _words(name, title, package)
    files = {folder / name / path: text for path, text in _read("module", words).items()}
    tests = folder / ("tests" if package else f"{name}_tests")
    files |= {tests / path: text for path, text in _read("suite", words).items()}
    if package:
        files |= {folder / path: text for path, text in _read("package", words).items()}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def _check(name: str, folder: Path, package: bool) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise NameTaken(f"“{name}”不能作插件标识：只用小写字母、数字和下划线，以字母开头，2 至 30 个字符。")
    if name in OWN or name in sys.stdlib_module_names:
        raise NameTaken(f"“{name}”已有别的用处，请换一个标识。")
    target = folder if package else folder / name
    if target.exists() and any(target.iterdir()):
        raise NameTaken(f"{target} 里已有文件，没有改动。请换一个标识，或先移走它。")


def _words(name: str, title: str, package: bool) -> dict[str, str]:
    return {
        "slug": name, "title": title, "dashed": name.replace("_", "-"),
        "Model": "".join(part.capitalize() for part in name.split("_")) + "Matter",
        "PREFIX": name.replace("_", "")[:6].upper(),
        "installed": f'["{name}"]' if package else "[]",
        "dropped": "()" if package else f'[Path(__file__).parents[1] / "{name}"]',
    }


def _read(part: str, words: dict[str, str]) -> dict[Path, str]:
    """Return the texts of one part by their place, with the words put in."""
    found = {}
    for path in sorted((DATA / part).rglob("*.txt")):
        place = str(path.relative_to(DATA / part)).removesuffix(".txt").replace("templates/slug", "templates/@@slug@@")
        found[Path(_said(place, words))] = _said(path.read_text(encoding="utf-8"), words)
    return found


def _said(text: str, words: dict[str, str]) -> str:
    return re.sub(r"@@(\w+)@@", lambda found: words[found[1]], text)

