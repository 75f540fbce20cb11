"""`portal plugin new`: the files of a plugin that works as written."""

import importlib.machinery
import keyword
import re
import shutil
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

import click

DATA = Path(__file__).parent / "data" / "plugin"
NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
#: Addresses of the portal's own, and folders that lie where it is developed.
OWN = frozenset(("static", "healthz", "metrics", "help", "portal", "plugins", "tests", "instance"))


class NameTaken(click.ClickException):
    """The name cannot be that of a new plugin; the message says why."""


def write(name: str, title: str, folder: Path, *, package: bool, taken: Collection[str] = ()) -> list[Path]:
    """Write the plugin `name`, called `title`, below `folder`; returns the files in the order in which one reads them.

    As a drop-in it is `folder/name` with `name_tests` beside it, because pytest would import a package that its tests
    lie in; as a package `folder` holds the module `name`, `tests` and what pip needs. Raises NameTaken, and writes
    nothing, where the name is not one, is that of something that is `taken`, or something lies there already.
    """
    _check_name(name, taken)
    tests = "tests" if package else f"{name}_tests"
    _check_place([folder] if package else [folder / name, folder / f"{name}.py", folder / tests])
    words = _words(name, title, package)
    files = {Path(name) / path: text for path, text in _read("module", words).items()}
    files |= {Path(tests) / path: text for path, text in _read("suite", words).items()}
    if package:
        files |= _read("package", words)
    _write_all(files, folder, [folder] if package else [folder / name, folder / tests])
    return [folder / path for path in files]


def _check_name(name: str, taken: Collection[str]) -> None:
    shown = name if len(name) <= 30 else f"{name[:30]}……"
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise NameTaken(f"“{shown}”不能作插件标识：只用小写字母、数字和下划线，以字母开头，2 至 30 个字符。")
    if name in taken:
        raise NameTaken(f"已有名为 {name} 的组成部分或插件，请换一个标识。")
    if name in OWN or name in sys.stdlib_module_names or _is_importable(name):
        raise NameTaken(f"“{name}”已有别的用处，请换一个标识。")


def _is_importable(name: str) -> bool:
    """Tell whether something that is installed has the name already; a mere folder where one works is nothing, and nor
    is what was dropped into another instance."""
    spec = importlib.machinery.PathFinder.find_spec(name)
    return spec is not None and spec.origin is not None


def _check_place(targets: list[Path]) -> None:
    for target in targets:
        if target.is_dir() and not any(target.iterdir()):
            continue
        if target.exists() or target.is_symlink():
            raise NameTaken(f"{target} 已经存在，里面已有文件，没有改动。请换一个标识，或先移走它。")


def _write_all(files: dict[Path, str], folder: Path, targets: list[Path]) -> None:
    """Write everything beside its place first: whatever goes wrong, nothing half-written has a plugin's name."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    as_a_whole = targets == [folder]
    if not as_a_whole:
        folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent if as_a_whole else folder) as draft:
        for path, text in files.items():
            written = Path(draft, "all" if as_a_whole else "", path)
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(text, encoding="utf-8")
        done = []
        try:
            for target in targets:
                Path(draft, "all" if as_a_whole else target.name).rename(target)
                done.append(target)
        except OSError:
            for target in done:
                shutil.rmtree(target, ignore_errors=True)
            raise


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

