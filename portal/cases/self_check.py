"""Runs the check of the whole portal, keeps what came of it, and tells the system administrators of a breach."""

import datetime
from dataclasses import dataclass

from flask import current_app

from portal import audit, notify
from portal.accounts.models import Post, Role, User
from portal.cases.checks import silent
from portal.cases.models import Case, CaseEvent
from portal.cases.proof_models import CheckRun
from portal.db import atomic, is_postgres, now, today
from portal.org.models import Unit
from portal.registry import registry_of
from portal.values import Refused

TOPIC = "cases.check"


@dataclass(frozen=True)
class Found:
    """What a check found, in sentences: what is broken (`count` of them), and what should be looked at."""

    breaches: list[str]
    warnings: list[str]
    count: int


def found_everywhere(say=silent) -> Found:
    """Ask every room and plugin; `say(text, done, total)` reports progress."""
    registry = registry_of(current_app)
    breaches = [f"插件 {item.slug} 已被隔离：{item.reason}" for item in registry.quarantined]
    findings = [finding for _, finding in registry.collect("portal_check", say=say)]
    serious = [finding for finding in findings if finding.serious]
    count = len(breaches) + sum(finding.count for finding in serious)
    outdated = [f"插件 {name}：{sentence}" for name, sentence in registry.outdated]
    return Found(breaches + [finding.sentence for finding in serious],
                 outdated + [finding.sentence for finding in findings if not finding.serious], count)


def run_and_keep(say=silent, asked: CheckRun | None = None) -> CheckRun:
    """Check everything, keep the result, and tell the administrators if something is broken."""
    run = asked or CheckRun(asked_name="每夜自检")
    run.started = now()
    run.rows = Case.select().count() + CaseEvent.select().count() + audit.count()
    with atomic():
        run.save()
    found = found_everywhere(say)
    run.ended, run.breaches, run.warnings = now(), found.breaches, found.warnings
    run.count = found.count
    with atomic():
        run.save()
        if run.count:
            notify.send(administrators(), TOPIC, f"自检发现 {run.count} 处问题", f"/cases/check/{run.id}",
                        "\n".join(found.breaches[:5]))
    return run


def administrators() -> list[User]:
    """Return whoever is a system administrator today."""
    day = today()
    held = (
        Post.select(Post.user).join(Role).where(
            Role.slug == "system_admin", Post.valid_from <= day, Post.valid_to.is_null() | (Post.valid_to >= day))
    )
    return list(User.select().where(User.id.in_(held), User.locked == False).order_by(User.id))  # noqa: E712


def ask(person) -> CheckRun:
    """Ask for a check now: the job `cases.check_asked` takes it up within minutes. Raises Refused."""
    with atomic():
        if is_postgres():  # two who press at once: the second sees what the first asked for
            list(Unit.select().where(Unit.id == person.post.unit.county_id).for_update())
        if waiting():
            raise Refused("已有一次自检在等待或正在进行，请稍后刷新查看结果。")
        run = CheckRun.create(asked_by=person.id, asked_name=person.full_name)
        audit.record("cases.ask_check", "check", run.id)
    return run


def waiting() -> CheckRun | None:
    """Return the check that was asked for and is not done; one that broke off hours ago counts no more."""
    recent = CheckRun.asked > now() - datetime.timedelta(hours=3)
    return CheckRun.select().where(CheckRun.ended.is_null(), recent).order_by(CheckRun.id.desc()).first()


def nightly() -> str:
    return said(run_and_keep())


def asked() -> str | None:
    """Do what was asked for; None where nothing was."""
    run = CheckRun.select().where(CheckRun.started.is_null()).order_by(CheckRun.id).first()
    return said(run_and_keep(asked=run)) if run else None


def said(run: CheckRun) -> str:
    ended = f"发现 {run.count} 处问题" if run.count else "没有发现问题"
    return f"核对了 {run.rows} 条记录，用时 {run.seconds} 秒，{ended}。"
