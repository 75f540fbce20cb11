"""What a plugin must keep to. Everything is looked at before anything is mounted: what was mounted cannot be undone."""

import dataclasses
import difflib
import inspect
import re
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import get_origin

import click
import flask
import pluggy
from peewee import ForeignKeyField
from werkzeug.routing import BuildError

from portal import hookspecs
from portal.db import Model
from portal.values import (
    API,
    OPEN_PHASES,
    PHASES,
    Action,
    Card,
    CaseKind,
    Finding,
    Job,
    Matters,
    MenuItem,
    Numbers,
    OpenCount,
    Paper,
    Permission,
    Plugin,
    ResidentRecord,
    ResidentSection,
    ResidentUse,
    SearchProvider,
    Setting,
    Topic,
    UnitEffect,
    UnitPart,
    Work,
)


class PluginError(Exception):
    """A plugin breaks the contract; the message is one Chinese sentence that names it."""


PREFIX = "portal_"
HOOKS = frozenset(name for name in vars(hookspecs) if name.startswith(PREFIX))

#: Hooks that declare what a plugin is. They are asked once, at start, so that none of them can fail later.
DECLARATIONS = {
    "portal_models": Model, "portal_permissions": Permission, "portal_menu": MenuItem, "portal_cases": CaseKind,
    "portal_cards": Card, "portal_search": SearchProvider, "portal_papers": Paper, "portal_commands": click.Command,
    "portal_settings": Setting, "portal_actions": Action, "portal_jobs": Job, "portal_topics": Topic,
}
#: What the hooks return that are asked again and again.
ANSWERS = {
    "portal_check": Finding, "portal_town_obstacles": str, "portal_unit_obstacles": str,
    "portal_resident_uses": ResidentUse, "portal_resident_data": ResidentSection,
    "portal_resident_records": ResidentRecord, "portal_resident_obstacles": str, "portal_calendar_preview": str,
    "portal_work": Work, "portal_numbers": Numbers, "portal_town_matters": Matters, "portal_town_counts": OpenCount,
    "portal_unit_preview": UnitEffect, "portal_unit_parts": UnitPart,
}

#: A plugin that declares or answers more than this has lost count; pages would show it all.
MOST_DECLARED, MOST_ANSWERS = 1000, 100_000

#: Instead of a permission: everybody, and every signed-in person (portal.access).
OPEN = frozenset({"public", "signed_in"})

SLUG = re.compile(r"[a-z][a-z0-9_]{0,39}")
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
LEVELS = ("town", "county")

#: Tables of a Flask application whose key None means "on every page".
APP_WIDE = (
    "before_request_funcs", "after_request_funcs", "teardown_request_funcs", "template_context_processors",
    "url_value_preprocessors", "url_default_functions",
)
APP_LISTS = ("teardown_appcontext_funcs", "shell_context_processors", "url_build_error_handlers")


@dataclasses.dataclass
class Declared:
    """What a plugin said of itself at start."""

    plugin: Plugin
    module: types.ModuleType
    #: The implementation of each hook and the names of the arguments that it takes.
    hooks: dict[str, tuple[Callable, tuple[str, ...]]]
    values: dict[str, list] = dataclasses.field(default_factory=dict)
    blueprint: flask.Blueprint | None = None
    #: (address, endpoint, permission) of each route.
    routes: list[tuple[str, str, str | None]] = dataclasses.field(default_factory=list)
    #: The endpoints that can be opened without knowing an id.
    entrances: frozenset[str] = frozenset()

    @property
    def slug(self) -> str:
        return self.plugin.slug

    @property
    def tables(self) -> set[str]:
        models = self.values["portal_models"]
        return {model._meta.table_name for model in models} | ({f"{self.slug}_migration"} if models else set())

    @property
    def permissions(self) -> set[str]:
        return {permission.name for permission in self.values["portal_permissions"]}

    @property
    def prefix(self) -> str | None:
        """Where its pages are mounted; the first page of all belongs to no plugin."""
        return None if self.slug == "home" else f"/{self.slug}"


# -- reading -----------------------------------------------------------------------------------------------------

def read(manager: pluggy.PluginManager, module, core: bool) -> Declared:
    """Register `module`, ask what it declares, and hold it against the rules that need no other plugin."""
    if not isinstance(module, types.ModuleType):
        raise PluginError(f"入口 {module!r:.80} 不是模块。")
    name = module.__name__
    if manager.is_registered(module):
        raise PluginError(f"模块 {name} 被装了两次。")
    try:
        manager.register(module)
    except pluggy.PluginValidationError as error:
        raise PluginError(f"插件 {name} 的钩子写得不对：{' '.join(str(error.args[-1]).split())}") from error
    hooks = _hooks(manager, module, name)
    if "portal_plugin" not in hooks:
        raise PluginError(f"{name} 没有 portal_plugin 钩子，说不出自己是谁。")
    plugin = hooks["portal_plugin"][0]()
    if not isinstance(plugin, Plugin):
        raise PluginError(f"{name} 的 portal_plugin 应返回 Plugin。")
    declared = Declared(plugin, module, hooks)
    if not core:
        _check_plugin(plugin)
    declared.values = {hook: _declaration(declared, hook, kind) for hook, kind in DECLARATIONS.items()}
    _check_names(declared)
    _check_residents(declared)
    declared.blueprint = hooks["portal_blueprint"][0]() if "portal_blueprint" in hooks else None
    if declared.blueprint is not None:
        _check_blueprint(declared, core)
    return declared


def _hooks(manager, module, name: str) -> dict:
    """Return the hooks that `module` implements; a misspelt one would otherwise be ignored for ever."""
    found = {}
    for caller in manager.get_hookcallers(module) or ():
        for implementation in caller.get_hookimpls():
            if implementation.plugin is module:
                if implementation.wrapper or implementation.hookwrapper:
                    raise PluginError(f"插件 {name} 的 {caller.name} 不能写成 wrapper。")
                function = implementation.function
                found[caller.name] = function, tuple(inspect.signature(function).parameters)
    for hook in [*found, *(each for each in vars(module) if each.startswith(PREFIX))]:
        if hook not in HOOKS:
            close = difflib.get_close_matches(hook[len(PREFIX):], [known[len(PREFIX):] for known in HOOKS], 1)
            hint = f"是不是 {PREFIX}{close[0]}？" if close else "请检查拼写。"
            raise PluginError(f"插件 {name} 有不认识的钩子 {hook}，{hint}")
        if hook not in found and inspect.isfunction(getattr(module, hook)):
            raise PluginError(f"插件 {name} 的 {hook} 上面缺少 @hookimpl。")
    return found


def _declaration(declared: Declared, hook: str, kind: type) -> list:
    values = declared.hooks[hook][0]() if hook in declared.hooks else None
    return checked(declared.slug, hook, values, kind)


def checked(slug: str, hook: str, values, kind: type) -> list:
    """Return what a hook gave as a list of `kind`; raise PluginError for anything else."""
    if values is None:
        return []
    if not isinstance(values, list | tuple):
        raise PluginError(f"插件 {slug} 的 {hook} 应返回列表，返回的是 {type(values).__name__}。")
    if len(values) > (most := MOST_DECLARED if hook in DECLARATIONS else MOST_ANSWERS):
        raise PluginError(f"插件 {slug} 的 {hook} 返回了 {len(values)} 项，最多 {most} 项。")
    for value in values:
        good = isinstance(value, type) and issubclass(value, Model) if kind is Model else isinstance(value, kind)
        if not good:
            wrong = value.__name__ if isinstance(value, type) else type(value).__name__
            raise PluginError(f"插件 {slug} 的 {hook} 应返回 {kind.__name__} 的列表，其中有 {wrong}。")
        if dataclasses.is_dataclass(kind):
            _check_fields(slug, hook, value)
    return list(values)


def _check_fields(slug: str, hook: str, value) -> None:
    """One entry whose order is a text would break the sorting of everybody's menu."""
    for field in dataclasses.fields(value):
        kind, given = field.type, getattr(value, field.name)
        if kind in (int, str, bool):
            good = type(given) is kind
        elif get_origin(kind) is Callable:
            good = callable(given)
        elif get_origin(kind) is tuple:
            good = isinstance(given, tuple)
        else:
            good = True
        if not good:
            what = f"{type(value).__name__} 的 {field.name}"
            raise PluginError(f"插件 {slug} 的 {hook} 里，{what} 不能是 {type(given).__name__}。")


def _check_residents(declared: Declared) -> None:
    """Whoever keeps something about residents must be able to copy and erase it (个人信息保护法第四十五、四十七条)."""
    kept = [
        model._meta.table_name
        for model in declared.values["portal_models"] for field in model._meta.sorted_fields
        if isinstance(field, ForeignKeyField) and field.rel_model._meta.table_name == "people_resident"
    ]
    missing = [hook for hook in ("portal_resident_data", "portal_resident_erased") if hook not in declared.hooks]
    if kept and missing and declared.plugin.level != "core":
        raise PluginError(
            f"插件 {declared.slug} 的表 {kept[0]} 存有居民的资料，必须实现 {'、'.join(missing)}，"
            "才能应本人要求复制和删除。"
        )


# -- rules for one plugin ----------------------------------------------------------------------------------------

def _check_plugin(plugin: Plugin) -> None:
    if not isinstance(plugin.slug, str) or not SLUG.fullmatch(plugin.slug):
        raise PluginError(
            f"插件标识“{plugin.slug!s:.40}”只能用小写字母、数字和下划线，以字母开头，不超过 40 个字符。"
        )
    if plugin.api != API:
        raise PluginError(f"插件 {plugin.slug} 按契约第 {plugin.api} 版编写，本程序是第 {API} 版。")
    _check_fields(plugin.slug, "portal_plugin", plugin)
    if not all(isinstance(slug, str) for slug in plugin.depends):
        raise PluginError(f"插件 {plugin.slug} 的 depends 应为插件标识的元组，例如 (\"register\",)。")
    if plugin.level not in LEVELS:
        raise PluginError(f"插件 {plugin.slug} 的 level 应为 {' 或 '.join(LEVELS)}。")


def _check_names(declared: Declared) -> None:
    """Tables, permissions and kinds of case carry the plugin's name, so that two plugins never mean the same thing."""
    slug = declared.slug
    for model in declared.values["portal_models"]:
        if not model._meta.table_name.startswith(f"{slug}_"):
            raise PluginError(f"插件 {slug} 的表 {model._meta.table_name} 应以 {slug}_ 开头。")
    seen: set[str] = set()
    named = (("权限", "portal_permissions"), ("件的种类", "portal_cases"), ("设置", "portal_settings"),
             ("审计动作", "portal_actions"), ("后台任务", "portal_jobs"), ("消息类别", "portal_topics"))
    for kind, hook in named:
        for value in declared.values[hook]:
            if not value.name.startswith(f"{slug}.") or len(value.name) > 40:
                raise PluginError(f"插件 {slug} 的{kind} {value.name} 应以 {slug}. 开头，不超过 40 个字符。")
            if (hook, value.name) in seen:
                raise PluginError(f"插件 {slug} 的{kind} {value.name} 声明了两次。")
            seen.add((hook, value.name))
    tables = [model._meta.table_name for model in declared.values["portal_models"]]
    if len(set(tables)) != len(tables) or f"{slug}_migration" in tables:
        raise PluginError(f"插件 {slug} 的表名重复；{slug}_migration 是升级记录，也不能用。")
    for case_kind in declared.values["portal_cases"]:
        _check_workflow(slug, case_kind)
    for job in declared.values["portal_jobs"]:
        if bool(job.at) == bool(job.every) or job.every < 0 or (job.at and not CLOCK.fullmatch(job.at)):
            raise PluginError(
                f"插件 {slug} 的后台任务 {job.name} 应写明 at=\"HH:MM\"（每天）或 every=分钟数，只写一个。"
            )


def _check_workflow(slug: str, kind: CaseKind) -> None:
    """A matter that enters a state which nobody declared, or from which no step leads on, would be lost."""
    states = {state.name: state for state in kind.workflow.states}
    if kind.workflow.start not in states:
        raise PluginError(f"插件 {slug} 的 {kind.name} 从 {kind.workflow.start} 开始，但没有这个环节。")
    for state in states.values():
        if state.phase not in PHASES:
            raise PluginError(f"插件 {slug} 的环节 {state.name} 属于未知阶段 {state.phase}。")
        if state.phase in OPEN_PHASES and not any(state.name in step.sources for step in kind.workflow.steps):
            raise PluginError(f"插件 {slug} 的环节 {state.name} 没有下一步，件到了那里就没有着落。")
    for step in kind.workflow.steps:
        if unknown := {*step.sources, step.to} - {*states, None}:
            raise PluginError(f"插件 {slug} 的步骤 {step.name} 提到未知环节 {'、'.join(sorted(unknown))}。")


# -- the blueprint -----------------------------------------------------------------------------------------------

def _check_blueprint(declared: Declared, core: bool) -> None:
    """Try the blueprint on a scratch application and refuse whatever would reach beyond the plugin's own pages."""
    slug, blueprint = declared.slug, declared.blueprint
    if not isinstance(blueprint, flask.Blueprint) or blueprint.name != slug:
        raise PluginError(f"插件 {slug} 的 portal_blueprint 应返回同名的 Blueprint。")
    probe = flask.Flask("portal", static_folder=None)
    before = _footprint(probe)
    try:
        probe.register_blueprint(blueprint, url_prefix=declared.prefix)
    except Exception as error:
        raise PluginError(f"插件 {slug} 的页面装不上：{one_line(error)}") from error
    if not core:
        _check_reach(slug, before, _footprint(probe))
        _check_places(slug, probe)
    rules = list(probe.url_map.iter_rules())
    views = probe.view_functions
    declared.routes = [
        (rule.rule, rule.endpoint, getattr(views.get(rule.endpoint), "permission", None)) for rule in rules
    ]
    declared.entrances = frozenset(rule.endpoint for rule in rules if _opens(probe, rule.endpoint))


def _footprint(app) -> dict[str, object]:
    """Return what acts on every page of `app`, in a form that can be compared."""
    found: dict[str, object] = {name: [id(one) for one in getattr(app, name).get(None, ())] for name in APP_WIDE}
    found |= {name: [id(one) for one in getattr(app, name)] for name in APP_LISTS}
    found["error_handler_spec"] = [
        (code, kind, id(handler))
        for code, handlers in app.error_handler_spec.get(None, {}).items() for kind, handler in handlers.items()
    ]
    tables = {f"jinja_env.{name}": getattr(app.jinja_env, name) for name in ("filters", "tests", "globals")}
    tables |= {"config": app.config, "extensions": app.extensions, "url_map.converters": app.url_map.converters}
    # What a plugin would put in the place of something of the application: wsgi_app, json, session_interface.
    tables["app"] = {name: value for name, value in vars(app).items() if name != "logger"}
    return found | {name: {key: id(value) for key, value in table.items()} for name, table in tables.items()}


def _check_reach(slug: str, before: dict, after: dict) -> None:
    for name, was in before.items():
        if after[name] != was:
            raise PluginError(f"插件 {slug} 改动了作用于全站的 {name}，只允许作用于自己的页面。")


def _check_places(slug: str, probe) -> None:
    for rule in probe.url_map.iter_rules():
        if rule.rule != f"/{slug}" and not rule.rule.startswith(f"/{slug}/"):
            raise PluginError(f"插件 {slug} 的路由 {rule.rule} 应在 /{slug}/ 之下。")
    for endpoint in [*probe.view_functions, *probe.blueprints]:
        if endpoint.split(".")[0] != slug:
            raise PluginError(f"插件 {slug} 的页面 {endpoint} 应属于蓝图 {slug}。")
    for blueprint in probe.blueprints.values():
        folder = Path(blueprint.root_path) / (blueprint.template_folder or "")
        for entry in folder.glob("*") if blueprint.template_folder and folder.is_dir() else ():
            if entry.name != slug:
                raise PluginError(f"插件 {slug} 的模板应放在 {folder.name}/{slug}/ 下，发现了 {entry.name}。")


def _opens(probe, endpoint: str) -> bool:
    try:
        probe.url_map.bind("localhost").build(endpoint, method="GET")
    except BuildError:
        return False
    return True


def check_permissions(declared: Declared, known: Iterable[str]) -> None:
    """Raise PluginError for a route, or anything else that is guarded, without a permission that somebody declared."""
    known = {*known, *declared.permissions}
    for address, endpoint, permission in declared.routes:
        if permission is None:
            raise PluginError(f"路由 {address}（{endpoint}）没有声明权限，请加上 @requires(...)。")
        if permission == "public" and declared.plugin.level != "core":
            raise PluginError(
                f"路由 {address} 对所有人公开；不登录就不知道是哪个乡镇，也就停用不了，请改用 @signed_in。"
            )
        if permission not in known | OPEN:
            raise PluginError(f"路由 {address} 的权限 {permission} 没有在 portal_permissions 中声明。")
    for what, permission in _guarded(declared):
        if permission not in known | {"signed_in"}:
            raise PluginError(f"插件 {declared.slug} 的{what}要求权限 {permission}，但没有人声明它。")


def _guarded(declared: Declared) -> Iterable[tuple[str, str]]:
    for item in declared.values["portal_menu"]:
        yield f"菜单“{item.label}”", item.permission
    for hook, what in (("portal_cards", "卡片"), ("portal_search", "搜索"), ("portal_papers", "文书")):
        for value in declared.values[hook]:
            yield f"{what}“{value.title}”", value.permission
    for kind in declared.values["portal_cases"]:
        yield f"件“{kind.title}”", kind.read
        if kind.create:
            yield f"件“{kind.title}”的登记", kind.create_permission
        for step in kind.workflow.steps:
            yield f"步骤“{step.title}”", step.permission


def check_entrances(declared: Declared, known: Iterable[str]) -> None:
    """Raise PluginError for a menu item or a beginning that leads nowhere: it would break every page that shows it."""
    targets = [(f"菜单“{item.label}”", item.endpoint) for item in declared.values["portal_menu"]]
    targets += [(f"件“{kind.title}”的登记", kind.create) for kind in declared.values["portal_cases"] if kind.create]
    for what, endpoint in targets:
        if endpoint not in {*known, *declared.entrances}:
            raise PluginError(f"插件 {declared.slug} 的{what}指向 {endpoint}，没有这个不带参数就能打开的页面。")


def one_line(error: BaseException) -> str:
    """Return an error of somebody's code as one line: what kind, and what it says."""
    try:
        text = " ".join(str(error).split())
    except BaseException:  # what it says is somebody's code as well
        text = ""
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
