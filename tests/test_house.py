"""The plan of the house as tests: floors, guards, names. What fails says what to write instead."""

import ast
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Lowest first. A room imports its own floor's names only from itself, and otherwise only from lower floors.
FLOORS = [
    {"values", "hookspecs", "config", "pinyin", "paging", "asked"},
    {"db", "partitions", "migrations", "registry", "access", "prepared", "sealing", "logs"},
    {"forms", "audit", "calendar", "render", "answers", "search", "papers"},
    {"org"},
    {"accounts"},
    {"people", "files", "notify"},
    {"cases"},
    {"jobs", "health", "province"},
    {"home"},
    {"kit"},
    {""},
    {"commands", "testing"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

#: On one floor these may be used by their neighbours: they are mechanisms of that floor.
NEIGHBOURS = {
    ("registry", "migrations"), ("prepared", "db"), ("logs", "db"), ("migrations", "db"), ("partitions", "db"),
    ("migrations", "partitions"), ("registry", "db"), ("audit", "forms"), ("calendar", "forms"), ("calendar", "audit"),
    ("people", "files"), ("forms", "audit"), ("search", "forms"), ("forms", "answers"), ("notify", "files"),
    ("people", "notify"),
}

BANNED = {"utils", "helpers", "common", "misc", "base"}


def sources(folder: str):
    for path in sorted((ROOT / folder).rglob("*.py")):
        if "migrations" not in path.relative_to(ROOT).parts[:-1]:
            yield path


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(path: Path):
    """Yield (line, module, inside a function) for each import of `path`; `from portal import x` counts as portal.x."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name, id(node) in inside
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "portal":
                for name in node.names:
                    known = name.name in FLOOR
                    yield node.lineno, f"portal.{name.name}" if known else "portal", id(node) in inside
            else:
                yield node.lineno, node.module, id(node) in inside


def test_an_upper_floor_imports_a_lower_one_and_never_back():
    wrong = []
    for path in sources("portal"):
        relative = path.relative_to(ROOT / "portal")
        here = "" if relative.parts == ("__init__.py",) else relative.parts[0].removesuffix(".py")
        assert here in FLOOR, f"portal/{here} has no floor yet: give it one here and in docs/architecture.md"
        for line, module, _ in imports(path):
            if module.split(".")[0] != "portal":
                continue
            there = room_of(module)
            if there == here or FLOOR.get(there, 99) < FLOOR[here] or (here, there) in NEIGHBOURS:
                continue
            wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}; move the shared thing to a lower floor")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_imported_inside_a_function():
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module} inside a function; import it at the top"
        for folder in ("portal", "plugins")
        for path in sources(folder)
        for line, module, inside in imports(path)
        if inside
    ]
    assert not wrong, "\n".join(wrong)


def test_a_plugin_knows_only_the_kit_and_itself():
    wrong = []
    for path in sources("plugins"):
        parts = path.relative_to(ROOT).parts
        own = ".".join(parts[:2]).removesuffix(".py")
        for line, module, _ in imports(path):
            if module.split(".")[0] == "portal" and module != "portal.kit":
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}; take it from portal.kit")
            if module.split(".")[0] == "plugins" and not module.startswith(own):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {module}, another plugin; use a hook")
    assert not wrong, "\n".join(wrong)


def test_the_core_never_names_a_plugin():
    names = [path.name for path in (ROOT / "plugins").iterdir() if (path / "__init__.py").exists()]
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}; the core finds plugins through the registry"
        for path in sources("portal")
        for line, module, _ in imports(path)
        if module.split(".")[0] == "plugins"
    ]
    assert names and not wrong, "\n".join(wrong)


def test_no_file_is_called_after_nothing():
    wrong = [
        f"{path.relative_to(ROOT)}: name it after what is in it"
        for folder in ("portal", "plugins", "bench")
        for path in (ROOT / folder).rglob("*")
        if path.stem in BANNED and path.suffix in ("", ".py", ".html")
    ]
    assert not wrong, "\n".join(wrong)


def test_every_route_names_a_declared_permission(app):
    registry = app.extensions["portal"]
    registry.check_routes(app)
    used = {getattr(view, "permission", None) for view in app.view_functions.values()}
    assert None not in used


def test_every_path_argument_has_a_type(app):
    wrong = [
        f"{rule.rule}: write <int:...>, <path:...> or <name:...> so that a wrong address is a 404, not an error"
        for rule in app.url_map.iter_rules()
        for name, converter in rule._converters.items()
        if type(converter).__name__ == "UnicodeConverter" and name.endswith("_id")
    ]
    assert not wrong, "\n".join(wrong)


def test_addresses_are_kebab_case(app):
    wrong = [
        rule.rule
        for rule in app.url_map.iter_rules()
        for part in rule.rule.split("/")
        if not part.startswith("<") and ("_" in part and part not in app.blueprints or part != part.lower())
    ]
    assert not wrong, f"write these addresses with hyphens and in lower case: {wrong}"


def test_every_declared_permission_guards_something(app):
    registry = app.extensions["portal"]
    used = {getattr(view, "permission", None) for view in app.view_functions.values()}
    used |= {item.permission for hook in ("portal_menu", "portal_cards", "portal_search", "portal_papers")
             for item in registry.values(hook)}
    for kind in registry.values("portal_cases"):
        used |= {kind.read, *(step.permission for step in kind.workflow.steps)}
    source = "\n".join(path.read_text(encoding="utf-8") for folder in ("portal", "plugins") for path in sources(folder))
    idle = [
        permission.name
        for permission in registry.permissions()
        if permission.name not in used and f'may("{permission.name}"' not in source
    ]
    assert not idle, f"these permissions guard nothing; use or remove them: {idle}"


def test_hooks_are_documented_and_used(app):
    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    registry = app.extensions["portal"]
    hooks = [name for name in dir(__import__("portal.hookspecs", fromlist=["x"])) if name.startswith("portal_")]
    missing = [name for name in hooks if f"`{name}" not in text]
    assert not missing, f"say in docs/plugins.md what these hooks are for: {missing}"
    idle = [name for name in hooks if not any(hasattr(module, name) for module in registry.modules.values())]
    assert not idle, f"no room or plugin implements these hooks; a hook without a user is guesswork: {idle}"


def test_tables_match_their_migrations(app):
    from playhouse.schema_diff import diff_models

    from portal.db import database
    from portal.partitions import parted_tables

    if os.environ.get("PORTAL_TEST_PARTED") and parted_tables(database.obj):
        pytest.skip("migrations make whole tables, which are parted then")
    for owner in app.extensions["portal"].owners():
        difference = diff_models(database.obj, list(owner.models))
        how = f"portal migrate --generate {owner.slug} NAME"
        assert not difference, f"{owner.slug}: write a migration ({how})\n{difference}"


@pytest.mark.parametrize("folder", ["portal", "plugins", "tests/market_days"])
def test_templates_mark_nothing_as_safe(folder):
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*.html")
        if "|safe" in path.read_text(encoding="utf-8").replace(" ", "")
    ]
    assert not wrong, f"|safe lets a stranger's text become markup: {wrong}"


@pytest.mark.parametrize("folder", ["portal", "plugins", "tests/market_days"])
def test_templates_carry_no_inline_style_or_handler(folder):
    """The Content-Security-Policy forbids both: a browser would silently ignore them."""
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / folder).rglob("*.html")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ' style="' in line or " onclick=" in line or "<style" in line
    ]
    assert not wrong, f"use a class and a data attribute instead: {wrong}"
