"""How the plugins fare: what the page, the self-check, the command and a watcher are told."""

import datetime
from dataclasses import dataclass

from flask import current_app

from portal.db import now
from portal.health.models import HookHealth
from portal.health.words import hook_in_words
from portal.registry import registry_of
from portal.registry.breaker import WINDOW
from portal.values import Finding

#: Failures are forgotten by what watches the portal after this time; the page shows them for as long as they are kept.
RECENT = datetime.timedelta(seconds=WINDOW)
KEPT = datetime.timedelta(days=90)


@dataclass(frozen=True)
class Trouble:
    """A hook that is left alone (`paused`), or that failed within RECENT."""

    row: HookHealth
    title: str
    paused: bool

    @property
    def sentence(self) -> str:
        what = f"“{self.title}”的{hook_in_words(self.row.hook)}"
        if self.paused:
            return f"{what}接连失败（{self.row.error}），暂停调用到 {self.row.open_until:%H:%M}，之后自动重试。"
        return f"{what}在 {self.row.last_at:%m-%d %H:%M} 失败过（{self.row.error}）。"


def rows() -> list[HookHealth]:
    """Return what ever failed, of plugins that are loaded, the latest first."""
    loaded = [plugin.slug for plugin in registry_of(current_app).optional()]
    query = HookHealth.select().where(HookHealth.plugin.in_(loaded))
    return list(query.order_by(HookHealth.last_at.desc(), HookHealth.id))


def is_paused(row: HookHealth, moment: datetime.datetime) -> bool:
    return row.open_until is not None and row.open_until > moment


def troubles() -> list[Trouble]:
    """Return what is wrong now, what is left alone first; one query."""
    moment, plugins = now(), registry_of(current_app).plugins
    found = [
        Trouble(row, plugins[row.plugin].title, is_paused(row, moment)) for row in rows()
        if is_paused(row, moment) or moment - RECENT < row.last_at <= moment + RECENT
    ]
    return sorted(found, key=lambda one: not one.paused)


def findings() -> list[Finding]:
    """What `portal check` is told: a hook that is left alone is a breach, a failure of the last minutes a reminder."""
    return [Finding(f"插件{one.sentence}", serious=one.paused) for one in troubles()]


def forget_old() -> str:
    """Delete what has not failed for a long time."""
    gone = HookHealth.delete().where(HookHealth.last_at < now() - KEPT).execute()
    return f"清理了 {gone} 条旧的插件失败记录。" if gone else "没有要清理的插件失败记录。"
