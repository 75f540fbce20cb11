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
