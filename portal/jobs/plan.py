"""When each job is due, and whether it ran: what the administrator, `portal check` and a watcher are told."""

import datetime
from dataclasses import dataclass

from flask import current_app
from peewee import fn

from portal.db import now
from portal.jobs.models import JobRun, Lease
from portal.org.enablement import enabled_somewhere
from portal.registry import registry_of
from portal.values import Finding, Job

MIDNIGHT = datetime.datetime(2000, 1, 1)
#: How late a job may be before it is said: at least this, for one that comes often twice its period.
GRACE = datetime.timedelta(minutes=30)
#: A run that takes longer is said; it is not stopped, because what it has written so far may be half of something.
LONG = datetime.timedelta(hours=1)
#: The process renews its lease four times a minute; this long without is a process that is gone.
LEASE = datetime.timedelta(seconds=60)
#: A new instance need not run jobs on its first day.
FIRST_DAY = datetime.timedelta(days=1)


def jobs() -> dict[str, Job]:
    """Return the jobs that are to run, by name: those of the core, and of plugins that somebody has enabled."""
    found = registry_of(current_app).collect("portal_jobs", enabled_somewhere())
    return {job.name: job for _, job in found}


def declared() -> dict[str, Job]:
    """Return all jobs of what is loaded, enabled somewhere or not."""
    return {job.name: job for job in registry_of(current_app).values("portal_jobs")}


def last_due(job: Job, moment: datetime.datetime) -> datetime.datetime:
    """Return the latest moment up to `moment` at which the job should have run."""
    if job.every:
        period = datetime.timedelta(minutes=job.every)
        return MIDNIGHT + (moment - MIDNIGHT) // period * period
    hour, minute = map(int, job.at.split(":"))
    today = moment.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today <= moment else today - datetime.timedelta(days=1)


def next_due(job: Job, moment: datetime.datetime) -> datetime.datetime:
    return last_due(job, moment) + datetime.timedelta(minutes=job.every or 24 * 60)


def is_due(job: Job) -> bool:
    """Tell whether nothing has run or waits since the job should have run last. What was missed several times, while
    the machine was off, is due once."""
    since = last_due(job, now())
    return not JobRun.select().where(JobRun.name == job.name, JobRun.due >= since).exists()


def latest() -> dict[str, JobRun]:
    """Return the newest run of each job by its name."""
    newest = JobRun.select(fn.MAX(JobRun.id)).group_by(JobRun.name)
    return {run.name: run for run in JobRun.select().where(JobRun.id.in_(newest))}


def in_words(job: Job) -> str:
    """Return 每天 02:00, 每 5 分钟, 每小时 ..."""
    if job.at:
        return f"每天 {job.at}"
    hours, minutes = divmod(job.every, 60)
    if minutes:
        return f"每 {job.every} 分钟"
    return "每小时" if hours == 1 else "每天" if hours == 24 else f"每 {hours} 小时"


@dataclass(frozen=True)
class Trouble:
    """What is wrong with one job, or with all of them (`name` is "")."""

    name: str
    sentence: str


def troubles() -> list[Trouble]:
    """Say which jobs did not run, did not end, or ended badly; three queries."""
    lease, moment = Lease.get_by_id(1), now()
    if not lease.holder:
        if moment - lease.born < FIRST_DAY:
            return []
        return [Trouble("", "后台任务从来没有运行过。请用 portal serve 启动服务，或另外运行 portal jobs run。")]
    found = []
    if moment - lease.until > LEASE:
        found.append(Trouble("", f"后台任务从 {lease.until:%m-%d %H:%M} 起没有在运行。请检查 portal serve 或"
                                 " portal jobs run 是否还在，并查看日志。"))
    runs = latest()
    wrong = ((job, _wrong(job, runs.get(job.name), lease, moment)) for job in jobs().values())
    return found + [Trouble(job.name, f"“{job.title}”{sentence}") for job, sentence in wrong if sentence]


def _wrong(job: Job, run: JobRun | None, lease: Lease, moment) -> str:
    grace = max(GRACE, datetime.timedelta(minutes=2 * job.every))
    if run is not None and run.started and not run.ended:
        return f"从 {run.started:%m-%d %H:%M} 开始，还没有结束。" if moment - run.started > LONG else ""
    expected = last_due(job, moment - grace)
    waits = run is not None and not run.ended and moment - run.due > grace
    if waits or ((run is None or run.due < expected) and expected > lease.born):
        return f"应在 {expected:%m-%d %H:%M} 运行而没有运行。"
    return f"上次没有成功：{run.sentence}" if run is not None and run.ok is False else ""


def findings() -> list[Finding]:
    return [Finding(f"后台任务：{trouble.sentence}", serious=False) for trouble in troubles()]
