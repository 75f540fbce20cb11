"""Writes reference-kit.md and reference-testing.md from the docstrings: `python -m docs.reference`.

The pages are committed, so that they can be read in the repository and without Sphinx; a test writes them anew and
compares. What comes from flask, peewee or wtforms has its sentence here, and its own documentation elsewhere.
"""

import dataclasses
import inspect
import re
from pathlib import Path

from portal import kit, testing
from portal.testing import fixtures

DOCS = Path(__file__).parent

#: By subject, in the order of the page. A name that stands in no group falls under the last one.
GROUPS = {
    "The plugin": ("API", "hookimpl", "Plugin", "Permission", "MenuItem", "Card", "Setting", "Action", "Deprecated"),
    "Pages": ("Blueprint", "requires", "signed_in", "own_transaction", "may", "current_user",
              "render_template", "render_list", "page_of", "get_object_or_404", "abort", "redirect", "url_for",
              "request", "flash"),
    "Forms": ("Form", "VersionedForm", "Text", "LongText", "Number", "Amount", "Day", "Moment", "Choice", "Many",
              "Flag", "Upload", "Hidden", "UnitField", "IdCardField", "PhoneField", "row_id"),
    "Rules": ("Refused", "Conflict"),
    "Cases": ("CaseKind", "Workflow", "State", "Step", "Opening", "open_case", "take", "available", "Case", "Detail",
              "seen_by", "holds", "open_cases_of", "attach", "place_name", "retitle", "rate", "merge", "refer",
              "referable", "index_case", "Paper"),
    "Clocks": ("Deadline", "Calendar", "extend", "PAUSE_REASONS", "now", "today"),
    "Numbers of papers": ("take_number", "void_number", "Numbers"),
    "Tables": ("Model", "PlacedModel", "atomic", "after_commit", "Prepared", "PreparedModels", "ForeignKeyField",
               "CharField", "TextField", "IntegerField", "SmallIntegerField", "BigIntegerField", "DecimalField",
               "BooleanField", "DateField", "DateTimeField", "JSONField", "fn", "SQL"),
    "Units and people": ("Unit", "User", "everybody", "staff_at", "setting", "unit_in_charge", "office_of", "add_unit",
                         "rename_unit", "close_unit", "Resident", "find_or_create_resident", "strike_resident",
                         "mask_name", "mask_phone", "initials", "SEXES", "TAGS", "ResidentUse", "ResidentSection",
                         "ResidentRecord"),
    "Work of a post": ("Work", "other_posts"),
    "Telling and finding": ("send_notice", "send_notice_to_unit", "Topic", "SearchProvider", "Hit", "search", "audit"),
    "Background": ("Job", "Finding"),
}
OTHERS = "More"

#: What is not ours, or has no docstring of its own to be read: one sentence, and for callables how they are called.
SAID = {
    "API": "The version of the contract: an int. See [upgrades and deprecation](compatibility.md).",
    "Blueprint": "flask: the pages of the plugin, `Blueprint(slug, __name__, template_folder=\"templates\")`.",
    "SQL": "peewee: a piece of SQL, `SQL(\"count(*) > ?\", (3,))`; the same on both engines or not at all.",
    "abort": "flask: `abort(404)` ends the request with the page for that status.",
    "current_user": "flask-login: who is signed in and in which post they act, see [pages](plugin-pages.md#routes).",
    "flash": "flask: `flash(\"已保存。\", \"success\")` shows a sentence on the next page; kinds `success`, `warn`, "
             "`over`, `info`.",
    "fn": "peewee: functions of SQL, `fn.COUNT(Lamp.id)`.",
    "get_object_or_404": "playhouse: `get_object_or_404(query, *conditions)` returns the one row, or answers 404.",
    "hookimpl": "pluggy: put `@hookimpl` above each function that is a [hook](reference-hooks.md).",
    "redirect": "flask: `redirect(url_for(...))` is how a writing view says that it worked: it commits.",
    "render_template": "flask: `render_template(\"slug/page.html\", **values)`.",
    "request": "flask: the request; its form is read through a `Form`, its `args` are untrusted text.",
    "url_for": "flask: the address of an endpoint, `url_for(\"cases.show\", case_id=case.id)`.",
    "ForeignKeyField": "peewee: a reference, `ForeignKeyField(Case, unique=True)`; a `Resident` obliges to two hooks.",
    "CharField": "peewee: a text of at most `max_length` characters.",
    "TextField": "peewee: a text of any length.",
    "IntegerField": "peewee: a whole number of 32 bits.",
    "SmallIntegerField": "peewee: a whole number of 16 bits.",
    "BigIntegerField": "peewee: a whole number of 64 bits.",
    "DecimalField": "peewee: an exact number, `DecimalField(max_digits=10, decimal_places=2)`: money is never a float. "
                    "Show it with `:.2f`, because SQLite drops zeros at the end.",
    "BooleanField": "peewee: true or false.",
    "DateField": "peewee: a day.",
    "DateTimeField": "peewee: a moment, naive, in China Standard Time, whole seconds.",
    "JSONField": "peewee: a list or dict, kept as JSON on both engines.",
    "PAUSE_REASONS": "For which reasons a clock may stand still: `{name: PauseReason(name, title, law)}`; "
                     "[clocks](clocks.md) has the rules.",
    "SEXES": "The sexes of a resident as they are kept and shown: `{\"F\": \"女\", ...}`.",
    "TAGS": "The tags of a resident as they are kept and shown: `{name: title}`.",
    "audit": "The record of who did what: `audit.record(action, object_type, object_id, detail=, changes=, actor=)` "
             "writes an entry in the caller's transaction, `audit.differences(old, new)` returns what changed; no "
             "names and no numbers of people in it.",
    "search": "The word index: `search.put(owner, row_id, text)` and `search.remove(owner, row_id)` in the caller's "
              "transaction, with an owner like \"lamps.lamp\"; `search.ids(owner, words)` is the subquery of the "
              "ids whose text has all the words, None where there is nothing to look for. Cases are indexed by "
              "themselves.",
    "CAST": "Who is there: `{name: (full name, where, role)}`, see [the cast](plugin-testing.md#the-cast).",
    "PASSWORD": "The password of everybody in the cast.",
}
#: What a plugin reads of a row or calls on it; "" where the docstring of the member says it.
MEMBERS = {
    "Form": {"values": "", "refuse": "",
             "hidden_tag": "The hidden fields: token, and the key that makes two clicks one."},
    "VersionedForm": {"renew": ""},
    "UnitField": {"offer": ""},
    "PlacedModel": {"seen_by": ""},
    "Unit": {
        "code": "12 digits of the division, for grids 15, for offices with a suffix.", "name": "The full name.",
        "short": "The name without what every unit of its level has.",
        "level": "county, town, village, grid, department.",
        "parent": "The unit above.", "path": "The ids from the top: \"/1/12/345/\".",
        "county_id": "The place columns hold the unit's own id as well; likewise `town_id`, `village_id`, `grid_id`.",
        "place": "The place columns as a dict, for `Row.create(**unit.place())`.", "label": "", "is_closed": "",
        "ancestors": "", "seen_by": "",
    },
    "Case": {
        "number": "Its number, unique in the county.", "kind": "The name of its `CaseKind`.",
        "title": "What lists show.",
        "unit": "The unit that is responsible.",
        "person": "Who has it there, None: nobody yet.",
        "county_id": "Where it lies; likewise `town_id`, `village_id`, `grid_id`, and `line_id` of a department.",
        "applicant": "The masked name of who came.", "resident": "Their row, or None.",
        "state": "The name of its state.",
        "phase": "One of the seven phases.", "opened": "When it came in.", "due": "Until when; None: it stands still.",
        "closed": "When it ended, None while it is open.",
        "replied": "When an answer was given, or None.",
        "place_id": "", "is_open": "Whether its phase is an open one.",
    },
    "Resident": {
        "name": "The full name: pages show `masked_name`.", "masked_name": "王*兰.", "masked_phone": "138****1234.",
        "sex_title": "男, 女 or nothing.",
        "birth_date": "From the number, so nobody types it.", "is_child": "", "seen_by": "",
    },
    "User": {"name": "What they sign in with.", "full_name": "What others read."},
    "Calendar": {
        "load": "", "is_known": "", "is_workday": "Tell whether `day` is one. Raises CalendarMissing, a `Refused`.",
        "add_workdays": "", "workdays_between": "", "next_workday": "",
    },
    "Workflow": {"state": "The `State` of a name.", "step": "The `Step` of a name, or None."},
    "Refused": {"sentence": "What the person reads.", "field": "The form field that it stands at, None: the top."},
}
#: Names whose signature says nothing to who reads it: values, modules and what is not ours.
UNSIGNED = frozenset(SAID)


def sentence(name: str, value) -> str:
    """Return the text of one entry: what the docstring says, on one line for each paragraph."""
    if name in SAID:
        return SAID[name]
    own = vars(value).get("__doc__") if isinstance(value, type) else value.__doc__
    if not own:
        raise ValueError(f"{name} has no docstring: say in one sentence what it is for")
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(own))
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def signature(name: str, value) -> str:
    """Return how it is called: `Deadline(amount: int, unit: str = 'workday', roll: bool = True)`."""
    if name in UNSIGNED or not callable(value):
        return ""
    try:
        found = inspect.signature(value)
    except ValueError:
        return ""
    if set(found.parameters) == {"args", "kwargs"}:
        return ""  # a model or a form: it takes its own fields
    given = found.replace(return_annotation=found.empty) if isinstance(value, type) else found
    parts = [_plain(str(one)) for one in given.parameters.values()]
    if any(one.kind is one.KEYWORD_ONLY for one in given.parameters.values()):
        first = next(place for place, one in enumerate(given.parameters.values()) if one.kind is one.KEYWORD_ONLY)
        if not any(one.kind is one.VAR_POSITIONAL for one in given.parameters.values()):
            parts.insert(first, "*")
    answer = _plain(str(given).rpartition(") ->")[2]) if given.return_annotation is not given.empty else ""
    return _broken(name, parts) + (f" ->{answer}" if answer else "")


def _plain(text: str) -> str:
    """Return a part of a signature without modules, and without what is different in each run."""
    text = re.sub(r"<(?:class|function|bound|factory|field)\b(?:[^<>]|<[^<>]*>)*>", "…", text)
    return re.sub(r"\b(?:portal|collections|typing|datetime|pathlib|peewee)(?:\.\w+)*\.(\w+)", r"\1", text)


def _broken(name: str, parts: list[str]) -> str:
    """Return a call on one line, or where that is too long with one argument a line."""
    line = f"{name}({', '.join(parts)})"
    return line if len(line) <= 110 else "\n".join([f"{name}(", *(f"    {part}," for part in parts), ")"])


def fields(value) -> list[str]:
    """Return the comments above the fields of a value (`#:`), as lines of a list."""
    if not dataclasses.is_dataclass(value):
        return []
    found, comment = [], []
    for line in inspect.getsource(value).splitlines():
        line = line.strip()
        if line.startswith("#:"):
            comment.append(line[2:].strip())
        elif comment and (named := re.match(r"(\w+):", line)):
            found.append(f"- `{named[1]}`: {' '.join(comment)}")
            comment = []
        elif comment:
            comment = []
    return found


def members(name: str, value) -> list[str]:
    """Return what a plugin reads of a row or calls on it, as lines of a list."""
    found = []
    for member, said in MEMBERS.get(name, {}).items():
        own = inspect.getattr_static(value, member, None)
        plain = own.__func__ if isinstance(own, classmethod) else own
        shown = f"{member}{_called(plain)}" if inspect.isfunction(plain) else member
        text = said or " ".join((plain.__doc__ or "").split("\n\n")[0].split())
        if not text or (own is None and name not in ATTRIBUTES):
            raise ValueError(f"{name}.{member}: there is no such member, or nothing that says what it is for")
        found.append(f"- `{shown}`: {text}")
    return found


#: Classes whose members are set when one is made.
ATTRIBUTES = ("Refused",)


def entry(name: str, value) -> str:
    parts = [f"### `{name}`"]
    if how := signature(name, value):
        parts.append(f"```text\n{how}\n```")
    parts.append(sentence(name, value))
    if told := fields(value) + members(name, value):
        parts.append("\n".join(told))
    return "\n\n".join(parts)


def farewells() -> str:
    rows = [f"| `{name}` | `{going.instead}` | {going.until} |" for name, going in sorted(kit.DEPRECATED.items())]
    if not rows:
        return "## Deprecated\n\nNothing is at present: [how it would be said](compatibility.md#how-you-hear-of-it)."
    return "\n".join(["## Deprecated", "", "| name | write instead | goes with |", "|---|---|---|", *rows])


def methods(value, names) -> str:
    """Return the public methods of a class as lines of a list."""
    lines = []
    for name in names:
        if name.startswith("test_"):
            lines.append(f"- `{name}`")  # the name is the sentence
            continue
        member = inspect.getattr_static(value, name)
        text = " ".join((member.__doc__ or "").split("\n\n")[0].split())
        shown = name if isinstance(member, property) else f"{name}{_called(member)}"
        if not text:
            raise ValueError(f"{value.__name__}.{name} has no docstring: say in one sentence what it is for")
        lines.append(f"- `{shown}`: {text}")
    return "\n".join(lines)


def _called(member) -> str:
    found = inspect.signature(inspect.unwrap(member))
    parts = [_plain(str(one)) for one in list(found.parameters.values())[1:]]
    return f"({', '.join(parts)})"


def kit_page() -> str:
    grouped = {name for names in GROUPS.values() for name in names}
    groups = GROUPS | {OTHERS: [name for name in kit.__all__ if name not in grouped]}
    parts = ["# Names of `portal.kit`", HEAD.format("All that a plugin may import.", "portal.kit")]
    for title, names in groups.items():
        if names:
            parts += [f"## {title}", *(entry(name, getattr(kit, name)) for name in names)]
    return "\n\n".join([*parts, icons(), farewells()]) + "\n"


def icons() -> str:
    """Return the names of the portal's icons: a plugin brings none of its own."""
    lines = (DOCS.parent / "portal" / "assets" / "icons.txt").read_text(encoding="utf-8").split()
    names = ", ".join(f"`{line.split('=')[0]}`" for line in lines if not line.startswith("#"))
    where = "For `icon=` of a value and `icon(name)` in a template; an unknown name draws a plain one."
    return f"## Icons\n\n{where}\n\n{names}"


def testing_page() -> str:
    parts = ["# Names of `portal.testing`", HEAD.format("For the tests of a plugin.", "portal.testing"), "## Names"]
    for name in sorted(testing.__all__):
        value = getattr(testing, name)
        parts.append(entry(name, value))
        if isinstance(value, type):
            own = [key for key, member in vars(value).items() if not key.startswith("_") and _is_told(member)]
            parts += [methods(value, own)] if own else []
    parts.append("## Fixtures")
    parts.append("`pytest_plugins = [\"portal.testing.fixtures\"]` in a `conftest.py` brings:")
    for name in FIXTURES:
        parts += [f"### `fixture {name}`", sentence(name, inspect.unwrap(_fixture(name)))]
    return "\n\n".join(parts) + "\n"


def _is_told(member) -> bool:
    return callable(member) or isinstance(member, property)


#: In the order in which they are written.
FIXTURES = tuple(name for name, value in vars(fixtures).items() if hasattr(value, "_fixture_function"))


def _fixture(name: str):
    found = getattr(fixtures, name)
    return getattr(found, "_fixture_function", None) or inspect.unwrap(found)


HEAD = """{} This page is written from the docstrings of `{}` by `python -m docs.reference`;
`tests/docs/test_reference.py` holds it against the code, in both directions."""

PAGES = {"reference-kit.md": kit_page, "reference-testing.md": testing_page}


def main() -> None:
    for name, write in PAGES.items():
        (DOCS / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
