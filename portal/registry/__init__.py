"""Finds plugins, checks them, orders them, collects from them, and keeps a failing one to itself.

The core rooms are registered through the same hooks as the plugins of others, so the contract cannot rot.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pluggy

from portal import hookspecs, migrations
from portal.migrations import MigrationPending, Owner
from portal.registry import checks, finding
from portal.registry.breaker import Breakers, Limits
from portal.registry.calling import ANSWERS, Calls, Unanswered, is_interrupt
from portal.registry.checks import Declared, PluginError
from portal.registry.hearing import heard
from portal.registry.lanes import Lanes
from portal.values import Finding, Plugin, Refused

__all__ = ["PluginError", "Quarantined", "Registry", "is_interrupt", "registry_of"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Quarantined:
    """A plugin that was left out at start, and why. `slug` is the name that it was found by."""

    slug: str
    reason: str


class Registry:
    """All plugins of one application: `core` rooms first, then what is installed or dropped in.

    A core room that breaks the contract stops the start. A plugin that does is quarantined together with those that
    depend on it; with the setting `strict` (tests) it stops the start as well.
    """

    def __init__(self, core: Iterable[ModuleType], settings: dict):
        self.manager = pluggy.PluginManager("portal")
        self.manager.add_hookspecs(hookspecs)
        self.plugins: dict[str, Plugin] = {}
        self.modules: dict[str, ModuleType] = {}
        self.quarantined: list[Quarantined] = []
        #: (name of the plugin, sentence) for each use of what goes with a later version.
        self.outdated: list[tuple[str, str]] = []
        self.strict = settings["testing"] if settings["strict"] is None else settings["strict"]
        self.breakers = Breakers(Limits.none() if self.strict else Limits.of(settings))
        self.calls = Calls(self.breakers, self.strict)
        self.lanes = Lanes(settings["threads"], lambda: self.breakers.clock())
        self._declared: dict[str, Declared] = {}
        self._taken: set[str] = {"static"}
        #: Plugins that were left out after others could already depend on them; their addresses stay closed.
        self._lost: set[str] = set()
        self._known: dict[str, list] = {}
        for module in core:
            declared = checks.read(self.manager, module, core=True)
            self._admit(declared)
            self._taken |= {address.split("/")[1] for address, _, _ in declared.routes}
        read = [(name, self._read(name, load)) for name, load in finding.found(settings)]
        good = [(name, declared) for name, declared in read if declared is not None]
        self._admit_in_order(sorted(good, key=lambda one: (one[1].plugin.order, one[1].slug)))

    # -- admitting -------------------------------------------------------------------------------------------

    def _read(self, name: str, load: Callable) -> Declared | None:
        try:
            with heard(self.strict) as sentences:
                declared = checks.read(self.manager, load(), core=False)
        except BaseException as error:
            self._leave_out(name, error)
            return None
        for sentence in sentences:
            log.warning("plugin %s: %s", name, sentence)
            self.outdated.append((name, sentence))
        return declared

    def _admit_in_order(self, waiting: list[tuple[str, Declared]]) -> None:
        """Admit each plugin after those that it depends on; what is left over lacks one."""
        lost: set[str] = set()
        while ready := next((one for one in waiting if set(one[1].plugin.depends) <= set(self.plugins)), None):
            waiting.remove(ready)
            name, declared = ready
            try:
                self._admit(declared)
            except BaseException as error:
                lost.add(declared.slug)
                self._leave_out(name, error)
        for name, declared in waiting:
            self._leave_out(name, self._lacking(declared, lost, waiting))

    def _lacking(self, declared: Declared, lost: set[str], waiting: list) -> PluginError:
        missing = [slug for slug in declared.plugin.depends if slug not in self.plugins]
        left_out = lost | {one.slug for one in self.quarantined} | {other.slug for _, other in waiting}
        if gone := [slug for slug in missing if slug not in left_out]:
            return PluginError(f"插件 {declared.slug} 需要 {'、'.join(gone)}，但它没有安装。")
        return PluginError(f"插件 {declared.slug} 依赖的 {'、'.join(missing)} 没有启用成功（被隔离，或互相依赖）。")

    def _admit(self, declared: Declared) -> None:
        """Hold a plugin against those that are there already, and take it in."""
        slug, earlier = declared.slug, self._declared.values()
        if slug in self.plugins:
            raise PluginError(f"已有名为 {slug} 的插件。")
        if slug in self._taken:
            raise PluginError(f"插件标识 {slug} 与平台自己的网址 /{slug} 冲突，请换一个。")
        if twice := declared.tables & {table for other in earlier for table in other.tables}:
            raise PluginError(f"插件 {slug} 的表 {'、'.join(sorted(twice))} 已属于别的插件。")
        reached = [other for other in earlier if other.plugin.level == "core" or other.slug in declared.plugin.depends]
        checks.check_permissions(declared, [name for other in reached for name in other.permissions])
        checks.check_entrances(declared, [endpoint for other in reached for endpoint in other.entrances])
        self.plugins[slug], self.modules[slug], self._declared[slug] = declared.plugin, declared.module, declared
        if declared.plugin.level != "core":
            file = Path(declared.module.__file__)
            self.calls.homes[slug] = file.parent if hasattr(declared.module, "__path__") else file

    def _leave_out(self, name: str, error: BaseException) -> None:
        if self.strict or is_interrupt(error):
            raise error
        log.error("plugin %s was left out", name, exc_info=error)
        ours = isinstance(error, PluginError | MigrationPending)
        reason = str(error) if ours else f"载入时出错：{checks.one_line(error)}"
        self.quarantined.append(Quarantined(name, reason))

    def leave_out_unready(self) -> None:
        """Leave out each plugin whose tables are not what its program needs: its migrations were not run, or failed."""
        for slug, error in migrations.unready(owner for owner in self.owners() if owner.optional).items():
            if slug in self.plugins:
                self._withdraw(slug, error)

    def _withdraw(self, slug: str, error: BaseException) -> None:
        """Take back a plugin that was admitted, and those that depend on it; nothing of them is mounted yet, or their
        addresses answer as if they did not exist."""
        self._leave_out(slug, error)
        plugin = self.plugins.pop(slug)
        self.manager.unregister(self.modules.pop(slug))
        del self._declared[slug], self.calls.homes[slug]
        self._lost.add(slug)
        self._known.clear()
        for other in [other for other in self.plugins.values() if slug in other.depends]:
            if other.slug in self.plugins:
                self._withdraw(other.slug, PluginError(f"插件 {other.slug} 依赖的 {plugin.slug} 没有启用成功。"))

    # -- asking ----------------------------------------------------------------------------------------------

    def is_optional(self, slug: str) -> bool:
        """Tell whether `slug` is a plugin that somebody has to enable."""
        plugin = self.plugins.get(slug)
        return plugin.level != "core" if plugin is not None else slug in self._lost

    def optional(self, level: str | None = None) -> list[Plugin]:
        """Return the plugins that somebody has to enable: all, or those of one level ("town", "county")."""
        return [plugin for plugin in self.plugins.values() if plugin.level != "core" and level in (None, plugin.level)]

    def collect(self, hook: str, among=None, *, or_refuse: bool = False, core: bool = True,
                **arguments) -> list[tuple[Plugin, object]]:
        """Return (plugin, value) for each value that the implementations of `hook` return, in order of registration.

        Plugins that somebody has to enable are left out unless they are in `among` (None: all), the rooms of the core
        without `core`. A failing one is logged by its plugin and yields nothing (portal_check: a finding that says so),
        and after some failures it is left alone for a while. `or_refuse` raises Refused instead, for questions whose
        missing answer must not be taken for a no; what the plugin itself refuses with is passed on.
        """
        if hook in checks.DECLARATIONS:  # asked once, at start: nothing can fail any more
            return [one for one in self._all(hook) if among is None or one[0].level == "core" or one[0].slug in among]
        found = []
        for declared in self._all(hook):
            plugin = declared.plugin
            if not core if plugin.level == "core" else among is not None and plugin.slug not in among:
                continue
            try:
                values = self._ask(declared, hook, arguments)
            except Refused as refused:
                if or_refuse:
                    raise
                self.calls.keep_apart(plugin, hook, refused)
                continue
            except Unanswered as error:
                if or_refuse:
                    raise Refused(
                        f"“{plugin.title}”出了差错，说不清还有没有未了的事，请系统管理员在“插件运行状况”页查看后再办。"
                    ) from error
                values = [Finding(f"“{plugin.title}”的自查没有做完，请查看日志。")] if hook == "portal_check" else []
            found += [(plugin, value) for value in values]
        return found

    def _all(self, hook: str) -> list:
        """Return what was declared by `hook` as (plugin, value), or who implements it; worked out once."""
        if hook not in self._known:
            everybody = self._declared.values()
            self._known[hook] = (
                [(one.plugin, value) for one in everybody for value in one.values[hook]]
                if hook in checks.DECLARATIONS else [one for one in everybody if hook in one.hooks]
            )
        return self._known[hook]

    def _ask(self, declared: Declared, hook: str, arguments: dict) -> list:
        function, names = declared.hooks[hook]
        given = {name: arguments[name] for name in names if name in arguments}
        kind = checks.ANSWERS.get(hook)

        def act():
            answer = function(**given)
            return checks.checked(declared.slug, hook, answer, kind) if kind else []

        return self.calls.carry_out(declared.plugin, hook, act, writes=kind is None)

    def answers(self, slug: str, hook: str) -> bool:
        """Tell whether the plugin `slug` implements `hook`."""
        return slug in self._declared and hook in self._declared[slug].hooks

    def ask(self, slug: str, hook: str, **arguments):
        """Return what one plugin's implementation of `hook` returns; raises Refused where it refuses or fails."""
        declared = self._declared[slug]
        function, names = declared.hooks[hook]
        given = {name: arguments[name] for name in names if name in arguments}
        try:
            return self.calls.carry_out(declared.plugin, hook, lambda: function(**given), writes=True)
        except Unanswered as error:
            raise Refused(
                f"“{declared.plugin.title}”出了差错，没有办成，什么也没有改动；请系统管理员在“插件运行状况”页查看。"
            ) from error

    def guarded(self, plugin: Plugin, call: Callable, *arguments, default=None, hook: str = "", kind=None):
        """Return `call(*arguments)`, which belongs to `plugin`; `default` if it fails, or is no `kind` (a type).

        `hook` names what is asked: what fails again and again under one name is left alone for a while.
        """
        def act():
            answer = call(*arguments)
            if kind is not None and not isinstance(answer, kind):
                raise TypeError(f"a {type(answer).__name__} where {kind} is wanted")
            return answer

        what = hook or getattr(call, "__qualname__", type(call).__name__)
        try:
            return self.calls.carry_out(plugin, what, act)
        except ANSWERS as refused:
            self.calls.keep_apart(plugin, what, refused)
        except Unanswered:
            pass
        return default

    def note_page(self, endpoint: str | None, error: BaseException) -> None:
        """Count a page that failed for the plugin whose code raised, or whose page it is; the core's is not counted."""
        if slug := self.calls.culprit(error) or self._plugin_of(endpoint):
            self.calls.note(slug, f"page {endpoint}", error)

    def note_job(self, name: str, error: BaseException) -> None:
        """Count a job that failed; it is not left alone, because it runs at its time and keeps nobody waiting."""
        if slug := self._plugin_of(name):
            self.calls.note(slug, f"portal_jobs.{name}", error)

    def _plugin_of(self, name: str | None) -> str:
        """Return the plugin that a page or a job belongs to, "" where it is the core's."""
        slug = (name or "").split(".")[0]
        return slug if slug in self.plugins and self.is_optional(slug) else ""

    def values(self, hook: str, among=None, **arguments) -> list:
        return [value for _, value in self.collect(hook, among, **arguments)]

    def owners(self) -> list[Owner]:
        """Return who owns tables, in the order in which their migrations run."""
        return [
            Owner.of(slug, declared.module, models, optional=declared.plugin.level != "core")
            for slug, declared in self._declared.items()
            if (models := declared.values["portal_models"])
        ]

    def permissions(self) -> list:
        return self.values("portal_permissions")

    # -- mounting --------------------------------------------------------------------------------------------

    def init_app(self, app) -> None:
        """Mount every blueprint at its prefix."""
        app.extensions["portal"] = self
        for declared in list(self._declared.values()):
            if declared.blueprint is None or declared.slug not in self._declared:
                continue
            try:
                app.register_blueprint(declared.blueprint, url_prefix=declared.prefix)
            except BaseException as error:
                if declared.plugin.level == "core":
                    raise
                self._withdraw(declared.slug, PluginError(
                    f"插件 {declared.slug} 的页面装不上：{checks.one_line(error)}"))
        for endpoint, view in app.view_functions.items():
            if slug := self._plugin_of(endpoint):
                app.view_functions[endpoint] = self.lanes.kept(slug, view)

    def check_routes(self, app) -> None:
        """Raise PluginError for a route of the whole application that names no permission, or an undeclared one."""
        declared = {permission.name for permission in self.permissions()} | checks.OPEN
        for rule in app.url_map.iter_rules():
            if rule.endpoint.split(".")[0] in self._lost:
                continue  # the gate answers for it
            permission = getattr(app.view_functions[rule.endpoint], "permission", None)
            if permission not in declared:
                raise PluginError(f"路由 {rule.rule}（{rule.endpoint}）没有声明权限，请加上 @requires(...)。")


def registry_of(app) -> Registry:
    return app.extensions["portal"]
