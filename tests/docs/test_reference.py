"""The reference is held against the code in both directions; its examples run. Sphinx is not needed for it."""

import ast
import importlib
import inspect
import re
import types

import click
import jinja2
import pluggy
import pytest

from docs import reference
from portal import hookspecs, kit, testing
from portal.commands import main
from portal.registry import checks
from portal.testing import fixtures
from tests.docs import pages

PAGE = "reference-hooks.md"
HOOKS = [name for name in vars(hookspecs) if name.startswith("portal_")]
HEADING = re.compile(r"^### `(\w+)\((.*?)\)`$", re.M)

ENTRIES = {
    found[1]: (found[2], rest)
    for found, rest in zip(
        HEADING.finditer(pages.read(PAGE)), re.split(r"^### .*$", pages.read(PAGE), flags=re.M)[1:], strict=True)
}


def test_every_hook_has_an_entry_and_every_entry_a_hook():
    missing, strange = set(HOOKS) - set(ENTRIES), set(ENTRIES) - set(HOOKS)
    assert not missing, f"docs/{PAGE}: say of these hooks when they are asked, and give an example: {sorted(missing)}"
    assert not strange, f"docs/{PAGE}: these hooks do not exist (any more): {sorted(strange)}"


@pytest.mark.parametrize("hook", sorted(set(HOOKS) & set(ENTRIES)))
def test_an_entry_says_when_it_is_asked_and_what_it_returns(hook):
    arguments, text = ENTRIES[hook]
    known = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    assert arguments == known, f"docs/{PAGE}: {hook} takes ({known})"
    assert "**When**:" in text and "**Returns**:" in text, f"docs/{PAGE}: {hook} needs **When** and **Returns**"


def example(hook: str) -> types.ModuleType:
    """Return the example of a hook as a module that was run."""
    code = [block.text for block in pages.blocks(PAGE) if f"def {hook}(" in block.text]
    assert len(code) == 1, f"docs/{PAGE}: {hook} needs one example that implements it"
    module = types.ModuleType(f"example_{hook}")
    exec(compile(code[0], f"docs/{PAGE}: {hook}", "exec"), vars(module))
    return module


@pytest.mark.parametrize("hook", sorted(set(HOOKS) & set(ENTRIES)))
def test_its_example_runs_and_answers_as_the_hook_asks(hook):
    module = example(hook)
    manager = pluggy.PluginManager("portal")
    manager.add_hookspecs(hookspecs)
    manager.register(module)
    assert set(checks._hooks(manager, module, module.__name__)) == {hook}
    if hook in checks.DECLARATIONS:
        assert checks.checked("market", hook, getattr(module, hook)(), checks.DECLARATIONS[hook])


#: What stands for a row of the database where an example only looks at a name or a level.
ROW = types.SimpleNamespace(name="华光村", level="village", id=7)
#: By the name of an argument, where an example looks at more.
ARGUMENTS = {
    "say": lambda text, done, total: None, "plugin": "market", "post": types.SimpleNamespace(unit=ROW),
    "calendar": types.SimpleNamespace(is_workday=lambda day: False), "after": 0,
}


@pytest.mark.parametrize("hook", sorted(checks.ANSWERS))
def test_the_answer_of_an_example_is_of_the_right_kind(hook):
    asked = getattr(example(hook), hook)
    answer = asked(*(ARGUMENTS.get(name, ROW) for name in inspect.signature(asked).parameters))
    assert answer is not None
    checks.checked("market", hook, answer, checks.ANSWERS[hook])


# -- the kit and the testing kit ---------------------------------------------------------------------------------

@pytest.mark.parametrize("page", sorted(reference.PAGES))
def test_the_page_of_names_says_what_the_code_says(page):
    written = reference.PAGES[page]()
    assert pages.read(page) == written, f"run `python -m docs.reference`: docs/{page} is not what the docstrings say"


def test_every_public_name_of_the_kit_has_an_entry_and_every_entry_a_name():
    named = re.findall(r"^### `(\w+)`$", pages.read("reference-kit.md"), re.M)
    assert sorted(named) == sorted(kit.__all__)
    assert len(set(kit.__all__)) == len(kit.__all__)


def test_what_the_kit_imports_is_public_or_its_own():
    own = {"warnings", "Any", "NamedTuple", "Farewell", "DEPRECATED"}
    loose = {name for name in vars(kit) if not name.startswith("_")} - set(kit.__all__) - own
    assert not loose, f"name these in __all__ of portal/kit.py, or do not import them: {sorted(loose)}"


def test_every_name_and_fixture_of_the_testing_kit_has_an_entry():
    text = pages.read("reference-testing.md")
    assert sorted(re.findall(r"^### `(\w+)`$", text, re.M)) == sorted(testing.__all__)
    known = {name for name, value in vars(fixtures).items() if hasattr(value, "_fixture_function")}
    assert set(re.findall(r"^### `fixture (\w+)`$", text, re.M)) == known == set(reference.FIXTURES)


def test_groups_and_sentences_of_the_generator_name_what_there_is():
    names = [name for group in reference.GROUPS.values() for name in group]
    assert len(names) == len(set(names)) and set(names) <= set(kit.__all__)
    assert set(reference.SAID) <= {*kit.__all__, *testing.__all__}


# -- code on all pages -------------------------------------------------------------------------------------------

CODE = [block for page in pages.pages() for block in pages.blocks(page) if block.language == "python"]


@pytest.mark.parametrize("block", CODE, ids=lambda block: f"{block.page}:{block.line}")
def test_code_on_a_page_compiles_and_imports_what_there_is(block):
    """The tutorial and the reference are run as a whole elsewhere; here no page may show what cannot be."""
    tree = ast.parse(block.text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            module = importlib.import_module(node.module)
            for name in node.names:
                assert hasattr(module, name.name), f"docs/{block.page}:{block.line}: no {name.name} in {node.module}"


GUIDE = [block for block in CODE if block.page.startswith("plugin")]


@pytest.mark.parametrize("block", GUIDE, ids=lambda block: f"{block.page}:{block.line}")
def test_code_of_the_guide_runs(block):
    exec(compile(block.text, f"docs/{block.page}:{block.line}", "exec"), {"__name__": "guide", "__file__": __file__})


def test_the_smallest_example_is_a_plugin(registry):
    first = next(block for block in GUIDE if block.page == "plugins.md")
    assert not registry({"notices.py": first.text}).quarantined


TEMPLATES = [block for page in pages.pages() for block in pages.blocks(page) if block.language == "html"]


@pytest.mark.parametrize("block", TEMPLATES, ids=lambda block: f"{block.page}:{block.line}")
def test_a_template_on_a_page_takes_only_what_there_is(block):
    folders = [pages.ROOT / "portal" / "templates", *(pages.ROOT / "portal").glob("*/templates")]
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(folders))
    tree = environment.parse(block.text)
    for node in tree.find_all((jinja2.nodes.Extends, jinja2.nodes.FromImport)):
        assert node.template.value in environment.list_templates(), node.template.value
    for node in tree.find_all(jinja2.nodes.FromImport):
        text, _, _ = environment.loader.get_source(environment, node.template.value)
        known = re.findall(r"{% macro (\w+)\(", text)
        assert set(node.names) <= set(known), f"docs/{block.page}:{block.line}: {node.names} of {node.template.value}"


def test_the_table_of_macros_names_what_there_is():
    part = pages.read("plugin-pages.md").split("| file | macros", 1)[1].split("\n\n", 1)[0]
    for line in part.splitlines():
        if found := re.match(r"\| `(macros/\w+\.html)` \| (.*) \|$", line):
            text = (pages.ROOT / "portal" / "templates" / found[1]).read_text(encoding="utf-8")
            known = set(re.findall(r"{% macro (\w+)\(", text))
            named = {re.match(r"\w+", word)[0] for word in re.findall(r"`([^`]+)`", found[2])} - {"call"}
            assert named and named <= known, f"{found[1]} has no {named - known}"


def test_ci_builds_the_pages_with_warnings_as_errors():
    commands = (pages.ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "sphinx-build -W --keep-going -n" in commands


def test_links_between_pages_lead_somewhere():
    wrong = []
    for page in pages.pages():
        text = re.sub(r"```.*?```", "", pages.read(page), flags=re.S)
        for target, anchor in re.findall(r"\]\((?!https?:)([\w./-]*\.md)?(#[^)]*)?\)", text):
            other = target or page
            if not (pages.DOCS / other).is_file():
                wrong.append(f"{page}: {other}")
            elif anchor and anchor[1:] not in anchors(other):
                wrong.append(f"{page}: {other}{anchor}")
    assert not wrong, f"these links lead nowhere: {wrong}"


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MyST make them."""
    headings = re.findall(r"^#{1,3} (.+)$", re.sub(r"```.*?```", "", pages.read(page), flags=re.S), re.M)
    return {re.sub(r"[^\w\u4e00-\u9fff -]", "", text.lower()).strip().replace(" ", "-") for text in headings}


def test_the_index_leads_to_every_page():
    trees = re.findall(r"```{toctree}\n(.*?)```", pages.read("index.md"), re.S)
    listed = re.findall(r"^([\w-]+)$", "\n".join(trees), re.M)
    assert sorted(f"{name}.md" for name in listed) == sorted(set(pages.pages()) - {"index.md"})


def test_no_page_is_called_like_one_of_the_site_itself():
    assert not {"search.md", "genindex.md", "modindex.md", "py-modindex.md"} & set(pages.pages()), (
        "Sphinx writes a page of this name itself, and ours would be lost")


def commands_on(page: str):
    """Yield the words of each `portal ...` on a page, in a line of text or of a shell block."""
    shell = [line for block in pages.blocks(page) if block.language == "sh" for line in block.text.splitlines()]
    said = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", pages.read(page), flags=re.S))
    for line in shell + said:
        if line.startswith("portal "):
            yield line.split()[1:]


@pytest.mark.parametrize("page", pages.pages())
def test_commands_on_a_page_exist(page, tmp_path):
    with main.make_context("portal", ["--instance", str(tmp_path), "check"]) as ctx:
        for words in commands_on(page):
            group = main
            for word in words:
                if not isinstance(group, click.Group) or word.startswith("-"):
                    break
                found = group.get_command(ctx, word)
                assert found is not None, f"docs/{page}: there is no command `portal {' '.join(words)}`"
                group = found
