"""The built assets: complete, small enough, usable in the browsers of government offices, and true to the templates."""

import gzip
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "portal" / "static" / "dist"
MANIFEST = json.loads((DIST / "manifest.json").read_text("utf-8"))
FILES = MANIFEST["files"]
KB = 1024

#: What Chromium 86 does not know. `:is()`, `:where()` and lists in `:not()` came with 88, `inset` with 87.
BANNED_CSS = (
    r":has\(", r"color-mix\(", r"oklch\(", r"@container", r"@layer", r"\d[dsl]v[hw]\b", r":is\(", r":where\(",
    r"[;{]inset:", r"aspect-ratio:", r"accent-color:", r"overflow:clip", r":not\([^)(]*,", r"[;{]&",
)
BANNED_SCRIPT = (
    r"\.at\(", r"\bstructuredClone\(", r"Object\.hasOwn\(", r"\.findLast(Index)?\(", r"\.to(Sorted|Reversed|Spliced)\(",
    r"randomUUID\(", r"AbortSignal\.(any|timeout)", r"\bstatic\s*\{", r"\.groupBy\(", r"\beval\(",
    r"\bIntl\.Segmenter", r"\bURL\.canParse", r"\.checkVisibility\(", r"\.showPopover\(", r"\bArray\.fromAsync",
    r"\bPromise\.withResolvers", r"\.setHTML\(",
)
#: Attributes and elements that Chromium 86 takes for unknown ones, so that what they promise would not happen.
BANNED_HTML = (
    r"\sinert[\s>]", r"\spopover", r"\shidden=.until-found", r"<details[^>]*\sname=", r"<search\b", r"\scommandfor=",
    r"\shx-on", r"\shx-\w+=.js:", r"\senctype=.text/plain", r"<dialog[^>]*\sclosedby=",
)


def text_of(name: str) -> str:
    return (DIST / FILES[name]).read_text("utf-8")


def weight(*names: str) -> float:
    """KB over the wire."""
    return sum(len(gzip.compress((DIST / FILES[name]).read_bytes(), 9)) for name in names) / KB


def templates():
    return [path for folder in ("portal", "plugins") for path in (ROOT / folder).rglob("*.html")]


def named_icons() -> set[str]:
    """Icons that templates and Python name by a plain word."""
    names = set()
    for path in templates():
        text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
        names |= set(re.findall(r"""\bicon\(\s*["']([a-z0-9-]+)["']""", text))
        names |= set(re.findall(r"""\btile\(\s*["']([a-z0-9-]+)["']""", text))
    for folder in ("portal", "plugins"):
        for path in (ROOT / folder).rglob("*.py"):
            names |= set(re.findall(r"""\bicon=["']([a-z0-9-]+)["']""", path.read_text("utf-8")))
    return names


def test_the_manifest_names_every_file_and_nothing_else():
    listed = set(FILES.values())
    present = {path.name for path in DIST.iterdir()}
    assert listed <= present
    assert present - listed == {"manifest.json", "LICENSES.txt"} | {f"{name}.gz" for name in listed}


def test_the_packed_files_hold_the_same_as_the_plain_ones():
    for name in FILES.values():
        assert gzip.decompress((DIST / f"{name}.gz").read_bytes()) == (DIST / name).read_bytes(), name


def test_pages_keep_their_budget():
    page = ("portal.css", "early.js", "portal.js", "sprite.svg", "favicon.svg")
    assert weight("portal.css") <= 45
    assert weight("early.js", "portal.js") <= 60
    assert weight(*page, "combobox.js") <= 130, "leave 20 KB for the page itself"
    assert weight(*page, "charts.js") <= 330


@pytest.mark.parametrize("pattern", BANNED_CSS)
def test_the_style_sheet_uses_nothing_newer_than_chromium_86(pattern):
    assert not re.search(pattern, text_of("portal.css")), pattern


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
@pytest.mark.parametrize("pattern", BANNED_SCRIPT)
def test_scripts_use_nothing_newer_than_chromium_86(name, pattern):
    assert not re.search(pattern, text_of(name)), f"{name}: {pattern}"


def test_no_asset_comes_from_elsewhere():
    """An intranet reaches no other host."""
    css = text_of("portal.css")
    assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", css)


def test_every_icon_that_is_named_is_in_the_sprite():
    drawn = set(re.findall(r'<symbol id="([^"]+)"', text_of("sprite.svg")))
    assert drawn == set(MANIFEST["icons"])
    missing = named_icons() - drawn
    assert not missing, f"add to portal/assets/icons.txt and build: {sorted(missing)}"


def test_templates_hold_no_inline_styles_and_no_unmarked_scripts():
    for path in templates():
        text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
        assert not re.search(r"<[^>]*\sstyle=", text), f"{path}: the policy forbids style attributes"
        assert not re.search(r"<[^>]*\son[a-z]+=", text), f"{path}: the policy forbids event attributes"
        assert "<style" not in text, path
        for tag in re.findall(r"<script[^>]*>", text):
            assert "nonce=" in tag, f"{path}: {tag}"


@pytest.mark.parametrize("pattern", BANNED_HTML)
def test_templates_use_nothing_newer_than_chromium_86(pattern):
    for path in templates():
        assert not re.search(pattern, path.read_text("utf-8")), f"{path}: {pattern}"


def test_forms_that_send_say_how():
    """Without a method a form would put what was typed into the address."""
    for path in templates():
        for tag in re.findall(r"<form\b[^>]*>", re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)):
            assert "method=" in tag, f"{path}: {tag}"


def test_licences_of_what_is_bundled_are_kept():
    text = (DIST / "LICENSES.txt").read_text("utf-8")
    for name in ("bootstrap", "htmx.org", "@tabler/icons", "echarts", "zrender", "tom-select"):
        assert re.search(rf"^{re.escape(name)} \d", text, re.M), name


def test_the_frame_takes_no_name_that_a_view_may_use():
    """What a parent template sets is seen by the blocks of its children: `user` there hid the user of the page."""
    text = (ROOT / "portal" / "templates" / "frame.html").read_text("utf-8")
    names = re.findall(r"{%-?\s*set\s+(\w+)", text)
    assert names and all(name.startswith("frame_") for name in names), names
