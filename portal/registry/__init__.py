"""Finds plugins, checks them, orders them, collects from them, and keeps a failing one to itself.

The core rooms are registered through the same hooks as the plugins of others, so the contract cannot rot.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType

import pluggy

from portal import hookspecs
from portal.migrations import Owner
from portal.registry import checks, finding
from portal.registry.checks import Declared, PluginError
from portal.values import Finding, Plugin, Refused

__all__ = ["PluginError", "Quarantined", "Registry", "registry_of"]

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
        self.strict = settings["testing"] if settings["strict"] is None else settings["strict"]
        self._declared: dict[str, Declared] = {}
        self._taken: set[str] = {"static"}
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
            return checks.read(self.manager, load(), core=False)
        except (Exception, SystemExit) as error:
            self._leave_out(name, error)
            return None

    def _admit_in_order(self, waiting: list[tuple[str, Declared]]) -> None:
        """Admit each plugin after those that it depends on; what is left over lacks one."""
        lost: set[str] = set()
        while ready := next((one for one in waiting if set(one[1].plugin.depends) <= set(self.plugins)), None):
            waiting.remove(ready)
            name, declared = ready
            try:
                self._admit(declared)
            except Exception as error:
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

    def _leave_out(self, name: str, error: BaseException) -> None:
        if self.strict:
            raise error
        log.error("plugin %s was left out", name, exc_info=error)
        reason = str(error) if isinstance(error, PluginError) else f"载入时出错：{checks.one_line(error)}"
        self.quarantined.append(Quarantined(name, reason))

    # -- asking ----------------------------------------------------------------------------------------------

    def is_optional(self, slug: str) -> bool:
        """Tell whether `slug` is a plugin that somebody has to enable."""
        plugin = self.plugins.get(slug)
        return plugin is not None and plugin.level != "core"

    def optional(self, level: str | None = None) -> list[Plugin]:
        """Return the plugins that somebody has to enable: all, or those of one level ("town", "county")."""
        return [plugin for plugin in self.plugins.values() if plugin.level != "core" and level in (None, plugin.level)]

    def collect(self, hook: str, among=None, *, or_refuse: bool = False, core: bool = True,
                **arguments) -> list[tuple[Plugin, object]]:
        """Return (plugin, value) for each value that the implementations of `hook` return, in order of registration.

        Plugins that somebody has to enable are left out unless they are in `among` (None: all), the rooms of the core
        without `core`. A failing one is
        logged by its plugin and yields nothing (portal_check: a finding that says so); `or_refuse` raises Refused
        instead, for questions whose missing answer must not be taken for a no.
        """
        found = []
        for slug, plugin in self.plugins.items():
            if not core if plugin.level == "core" else among is not None and slug not in among:
                continue
            try:
                values = self._values(slug, hook, arguments)
            except Exception as error:
                self._keep_apart(plugin, hook, error)
                if or_refuse:
                    raise Refused(
                        f"“{plugin.title}”出了差错，说不清还有没有未了的事，请系统管理员查看日志后再办。"
                    ) from error
                values = [Finding(f"“{plugin.title}”的自查没有做完，请查看日志。")] if hook == "portal_check" else []
            found += [(plugin, value) for value in values]
        return found

    def _values(self, slug: str, hook: str, arguments: dict) -> list:
        declared = self._declared[slug]
        if hook in checks.DECLARATIONS:
            return declared.values[hook]
        if hook not in declared.hooks:
            return []
        function, names = declared.hooks[hook]
        answer = function(**{name: arguments[name] for name in names if name in arguments})
        return checks.checked(slug, hook, answer, checks.ANSWERS[hook]) if hook in checks.ANSWERS else []

    def answers(self, slug: str, hook: str) -> bool:
        """Tell whether the plugin `slug` implements `hook`."""
        return slug in self._declared and hook in self._declared[slug].hooks

    def ask(self, slug: str, hook: str, **arguments):
        """Return what one plugin's implementation of `hook` returns; what it raises is the caller's to deal with."""
        function, names = self._declared[slug].hooks[hook]
        return function(**{name: arguments[name] for name in names if name in arguments})

    def guarded(self, plugin: Plugin, call: Callable, *arguments, default=None):
        """Return `call(*arguments)`, which belongs to `plugin`; `default` if it fails."""
        try:
            return call(*arguments)
        except Exception as error:
            self._keep_apart(plugin, getattr(call, "__name__", str(call)), error)
            return default

    def _keep_apart(self, plugin: Plugin, what: str, error: Exception) -> None:
        """Log what went wrong in a plugin, so that the pages of others stand; in tests it is raised."""
        if self.strict:
            raise error
        log.error("plugin %s failed in %s", plugin.slug, what, exc_info=error)

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
        for declared in self._declared.values():
            if declared.blueprint is not None:
                app.register_blueprint(declared.blueprint, url_prefix=declared.prefix)

    def check_routes(self, app) -> None:
        """Raise PluginError for a route of the whole application that names no permission, or an undeclared one."""
        declared = {permission.name for permission in self.permissions()} | checks.OPEN
        for rule in app.url_map.iter_rules():
            permission = getattr(app.view_functions[rule.endpoint], "permission", None)
            if permission not in declared:
                raise PluginError(f"路由 {rule.rule}（{rule.endpoint}）没有声明权限，请加上 @requires(...)。")


def registry_of(app) -> Registry:
    return app.extensions["portal"]
