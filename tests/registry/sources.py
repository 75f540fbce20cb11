"""Plugins as their authors write them: a good one, and the pieces to spoil it with."""

HEAD = '''
from flask import Blueprint, render_template_string
from portal.kit import *
from portal.kit import hookimpl
'''


def plugin(slug: str = "notices", extra: str = "", *, about: str = "", role: str = "window", **parts: str) -> str:
    """Return the source of a plugin with one page, one permission and one menu item; `parts` replace some of it.

    parts: head, page (the views), permissions, menu, blueprint (the expression that makes it).
    """
    pieces = {
        "head": "",
        "blueprint": f'Blueprint("{slug}", __name__)',
        "page": f'@blueprint.get("/")\n@requires("{slug}.read")\ndef index():\n    return "{slug} 的页面"\n',
        "permissions": f'[Permission("{slug}.read", "查看", roles=("{role}",))]',
        "menu": f'[MenuItem(90, "菜单 {slug}", "{slug}.index", "{slug}.read")]',
    } | parts
    return f'''{HEAD}
{pieces["head"]}
blueprint = {pieces["blueprint"]}

{pieces["page"]}

@hookimpl
def portal_plugin():
    return Plugin("{slug}", "平台 {slug}"{", " if about else ""}{about})


@hookimpl
def portal_blueprint():
    return blueprint


@hookimpl
def portal_permissions():
    return {pieces["permissions"]}


@hookimpl
def portal_menu():
    return {pieces["menu"]}


{extra}
'''


def hook(name: str, body: str, arguments: str = "") -> str:
    return f"@hookimpl\ndef {name}({arguments}):\n    {body}\n\n\n"


#: What a function of a plugin may do instead of its work. `Unit` is a table of the core: what stays of a write is seen.
SPOILED_HEAD = '''
import sys
from portal.org.models import Unit

database = Unit._meta.database


class Odd(BaseException):
    pass


class Nasty:
    def __repr__(self):
        raise ValueError("no name")

    __str__ = __bool__ = __iter__ = __len__ = __repr__


class NastyError(Exception):
    def __str__(self):
        raise ValueError("no words")


def deep():
    return deep()


def half():
    yield "one"
    raise ValueError("half way")


def spoil():
    Unit.update(short="坏了").execute()


def exhaust():
    while True:
        yield 7


def swallow():
    try:
        database.execute_sql("SELECT * FROM nowhere")
    except Exception:
        pass
'''
#: What always is a failure.
FAILING = {
    "raises": "raise ValueError('no')", "exits": "sys.exit(3)", "raises_odd": "raise Odd()",
    "raises_wordless": "raise NastyError()", "recurses": "return deep()", "aborts": "abort(404)",
    "writes_and_fails": "spoil()\n    raise ValueError('no')",
    "asks_wrongly": "database.execute_sql('SELECT * FROM nowhere')",
    "commits": "spoil()\n    database.execute_sql('COMMIT')", "commits_well": "spoil()\n    database.commit()",
    "rolls_back": "database.rollback()",
    "ends_by_itself": "spoil()\n    database.execute_sql('ROLLBACK')\n    raise ValueError",
}
#: What is a failure where a list is wanted, and must do no harm elsewhere.
NONSENSE = {
    "text": "return 'abc'", "number": "return 7", "wrong_list": "return [1, None]", "generator": "return half()",
    "nasty": "return Nasty()", "nasty_list": "return [Nasty()]", "million": "return [Nasty()] * 10**6",
    "endless": "return exhaust()", "mapping": "return {'a': 1}", "kind": "return Plugin",
}
#: What must do no harm either.
HARMLESS = {
    "nothing": "return None",
    "leaves_open": "kept = database.atomic()\n    globals()['kept'] = kept\n    kept.__enter__()",
    "swallows": "swallow()\n    return []",
}
