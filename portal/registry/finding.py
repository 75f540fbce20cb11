"""Where plugins come from: entry points of installed distributions, and what lies in instance/plugins."""

import importlib.machinery
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from portal.registry.checks import PluginError

GROUP = "portal.plugins"

#: What may be the name of a dropped-in file: a module's, and by custom the plugin's slug.
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

#: The drop-ins of this process by their module names, and the state of the file that they were read from.
_dropped: dict[str, tuple[Path, int]] = {}


def found(settings: dict) -> Iterator[tuple[str, Callable]]:
    """Yield (name, load) for each plugin that is to be tried; `load()` returns its module."""
    chosen, without = settings["plugins"], settings["without_plugins"]
    for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name):
        if point.name not in without and (chosen is None or point.name in chosen):
            yield point.name, point.load
    folder = Path(settings["instance"]) / "plugins"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        name = path.stem if path.suffix == ".py" else path.name
        if name not in without and not name.startswith((".", "_")) and _is_plugin(path):
            yield name, lambda name=name, path=path: _read(name, path)


def _is_plugin(path: Path) -> bool:
    """A folder is one if it is a package; others hold what belongs to a single file: migrations, templates."""
    return (path / "__init__.py").is_file() if path.is_dir() else path.suffix == ".py"


def _read(name: str, path: Path):
    """Return the module of a drop-in. It is read from its file, not looked for by its name: a plugin that is called
    like something installed would otherwise be that other module, or hide it from everybody."""
    if not NAME.fullmatch(name):
        raise PluginError(f"插件文件 {path.name} 的名称只能用小写字母、数字和下划线，以字母开头，不超过 40 个字符。")
    file = path / "__init__.py" if path.is_dir() else path
    state = (file, file.stat().st_mtime_ns)
    if _dropped.get(name) == state and name in sys.modules:
        return sys.modules[name]
    _forget(name)
    if _is_taken(name):
        raise PluginError(f"插件文件 {path.name} 与已安装的模块 {name} 同名，请给文件和插件换一个名称。")
    spec = importlib.util.spec_from_file_location(
        name, file, submodule_search_locations=[str(path)] if path.is_dir() else None
    )
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    _dropped[name] = state
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _forget(name)
        raise
    return module


def _forget(name: str) -> None:
    """Drop an earlier drop-in of this name: one that changed since, or that of another instance."""
    if _dropped.pop(name, None):
        for known in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
            del sys.modules[known]


def _is_taken(name: str) -> bool:
    if name in sys.stdlib_module_names or name in sys.modules or name == "plugins":  # ours is a folder of plugins
        return True
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None  # without origin: a mere folder of that name on the path
