"""The queue of runs and what happens to one: asked for, begun, over. Without a consumer, so that it can be called."""

import contextlib
import datetime
import logging
import os
import socket
import time
import traceback
import uuid

import peewee
from flask import current_app, g

from portal import db
from portal.db import atomic, database, is_postgres, now
from portal.jobs.models import JobRun, Lease
from portal.jobs.plan import LEASE, declared, jobs, last_due, latest
from portal.notify import send_to_holders
from portal.registry import is_interrupt, registry_of
from portal.values import Job, Refused

log = logging.getLogger(__name__)

#: A run whose process died under it begins again, but not for ever: it may be what kills the process.
ATTEMPTS = 3
#: So many jobs at once: a long one must not keep the short ones waiting. One plugin has one of them at most, and one is
#: always left for the core: a job that hangs cannot be stopped, and must not keep others from running.
WORKERS = 3
#: Seconds that one statement of a job may run. It is not a page's: nobody waits for it.
STATEMENT_SECONDS = 600
#: Seconds before a job begins again in which another transaction was preferred to its own.
RACES = (0.2, 1)
#: Runs are kept so long; those of jobs that come more than once an hour two days, if they went well.
KEPT, KEPT_FREQUENT = datetime.timedelta(days=90), datetime.timedelta(days=2)


def new_holder() -> str:
    """Return a name for this process that no other one on any machine has; it tells where to look for the process."""
    return f"{_here()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


def _here() -> str:
    """Return this machine, and on it the space in which process numbers mean something (containers have their own)."""
    try:
        space = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        space = 0
    return f"{socket.gethostname()[:30]}/{space}"


def _is_gone(holder: str) -> bool:
    """Tell whether the process was one of this machine and is no more, so that nobody need wait for its lease."""
    place, _, rest = holder.rpartition("/")[0].rpartition("/")
    if place != _here() or not rest.isdecimal():
        return False
    return not os.path.exists(f"/proc/{rest}") and os.path.exists("/proc/self")


# -- the lease -----------------------------------------------------------------------------------------------------

def take_lease(holder: str) -> bool:
    """Take or renew the right to run jobs; False while another process that lives has it."""
    free = (Lease.holder == holder) | (Lease.until < now())
    if _is_gone(before := Lease.get_by_id(1).holder):
        free |= Lease.holder == before
    query = Lease.update(holder=holder, until=now() + LEASE).where(Lease.id == 1, free)
    with atomic():
        return query.execute() == 1


def give_lease_back(holder: str) -> None:
    with atomic():
        Lease.update(until=now()).where(Lease.id == 1, Lease.holder == holder).execute()


# -- the queue -----------------------------------------------------------------------------------------------------

def ask(name: str, due=None, by=None) -> None:
    """Put a run into the queue, in the caller's transaction; one that waits already is enough."""
    with atomic():
        if by is not None and JobRun.select().where(JobRun.name == name, JobRun.started.is_null(),
                                                    JobRun.ended.is_null()).exists():
            return
        (JobRun.insert(name=name, due=due or now(), asked_by=getattr(by, "id", None)).on_conflict_ignore().execute())


def ask_scheduled(name: str) -> None:
    if job := declared().get(name):
        ask(name, last_due(job, now()))


def claim(holder: str) -> JobRun | None:
    """Begin the oldest run that waits, of a job that is not running already; None if there is none."""
    running = JobRun.select(JobRun.name).where(JobRun.started.is_null(False), JobRun.ended.is_null())
    waiting = (
        JobRun.select().where(JobRun.started.is_null(), JobRun.ended.is_null(), JobRun.name.not_in(running),
                              *_lanes(name for (name,) in running.tuples()))
        .order_by(JobRun.id).limit(1)
    )
    if waiting.first() is None:  # asked without a lock first: this is what happens every few seconds
        return None
    with atomic():
        run = (waiting.for_update("FOR UPDATE SKIP LOCKED") if is_postgres() else waiting).first()
        if run is None:
            return None
        if run.name not in jobs():
            run.ended, run.sentence = now(), "没有运行：插件没有载入，或没有任何地方启用它。"
        else:
            run.started, run.holder, run.attempts = now(), holder, run.attempts + 1
        run.save()
    return run if run.started else claim(holder)


def _lanes(running) -> list:
    """Return the conditions under which a run may begin beside those that are under way."""
    registry = registry_of(current_app)
    busy = {slug for name in running if registry.is_optional(slug := name.partition(".")[0])}
    if len(busy) >= WORKERS - 1:
        busy = {plugin.slug for plugin in registry.optional()}
    return [~JobRun.name.startswith(f"{slug}.") for slug in sorted(busy)]


def recover(holder: str, in_flight: set[int]) -> None:
    """Put back what was begun and is not over, by a process that is gone; for whoever holds the lease."""
    with atomic():
        for run in JobRun.select().where(JobRun.started.is_null(False), JobRun.ended.is_null()):
            if run.holder == holder and run.id in in_flight:
                continue
            if run.attempts >= ATTEMPTS:
                _end(run, False, f"连续 {run.attempts} 次运行到一半，运行它的进程就没了，不再重试。请查看日志。")
            else:
                run.started, run.holder = None, ""
                run.save()


def perform(run: JobRun) -> bool:
    """Carry out a run that was claimed; what the job raises is kept with the run and concerns no other one."""
    ok, error = True, ""
    g.job = run.name  # what it logs names it
    try:
        with db.patient(STATEMENT_SECONDS):
            said = _carried_out(declared()[run.name])
        sentence = said if said and isinstance(said, str) else "完成。"
    except BaseException as problem:
        if is_interrupt(problem):
            raise
        log.exception("job %s failed", run.name)
        registry_of(current_app).note_job(run.name, problem)
        ok, sentence, error = False, _said(problem), _places(problem)
    if db.end_left_open():
        log.error("job %s left a transaction open; it was rolled back", run.name)
    _end_safely(run, ok, sentence, error)
    del g.job
    return ok


def _carried_out(job: Job) -> str | None:
    """Run the job; once more if a transaction of it lost a race: a job bears being begun again, as after a crash."""
    for pause in RACES:
        try:
            return job.run()
        except peewee.DatabaseError as error:
            if not db.is_lost_race(error) or database.transaction_depth():
                raise
            log.warning("job %s begins again: %s", job.name, error)
            time.sleep(pause)
    return job.run()


def _said(problem: BaseException) -> str:
    if isinstance(problem, Refused):
        return problem.sentence
    if isinstance(problem, peewee.DatabaseError | peewee.InterfaceError):
        return db.explain(problem)
    return f"程序出错（{type(problem).__name__}），已停下；详细内容见日志。"


def _places(problem: BaseException) -> str:
    """Return where it happened: files, lines and code, without the values that the last line of a trace may name."""
    return ("".join(traceback.format_tb(problem.__traceback__)) + type(problem).__name__)[-6000:]


def _end_safely(run: JobRun, ok: bool, sentence: str, error: str) -> None:
    """Write down how it ended. A database that is busy for a while must not make a finished job run again."""
    for pause in (1, 5, 15, None):
        try:
            with atomic():
                return _end(run, ok, sentence, error)
        except peewee.DatabaseError:
            if pause is None:
                raise
            log.warning("the end of job %s could not be written yet", run.name, exc_info=True)
            time.sleep(pause)


def _end(run: JobRun, ok: bool, sentence: str, error: str = "") -> None:
    before = (
        JobRun.select().where(JobRun.name == run.name, JobRun.ok.is_null(False), JobRun.id != run.id)
        .order_by(JobRun.id.desc()).first()
    )
    run.ended, run.ok, run.sentence, run.error = now(), ok, sentence[:1000], error
    run.save()
    if not ok and (before is None or before.ok):  # the first failure of several is told, the page shows the rest
        job: Job | None = declared().get(run.name)
        send_to_holders("jobs.manage", "jobs.failed", f"后台任务“{job.title if job else run.name}”没有成功",
                        "/jobs/", run.sentence)


# -- for commands --------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def connected(app):
    """Work inside the application with this thread's own connection; after a failure the next one is fresh."""
    with app.app_context():
        try:
            database.connect(reuse_if_open=True)
            yield
        except peewee.DatabaseError:
            if not database.is_closed() and not database.in_transaction():
                database.close()
            raise
        finally:
            if is_postgres() and not database.is_closed():
                database.close()


def run_here(name: str) -> JobRun:
    """Run a job now, in this process: for the command and for tests. Where another process runs the jobs, the run is
    put into its queue, and whoever called looks at the row."""
    with atomic():
        run = JobRun.create(name=name, due=_free_moment(name))
    holder = new_holder()
    if not take_lease(holder):
        return run
    try:
        recover(holder, set())
        with atomic():
            run.started, run.holder, run.attempts = now(), holder, 1
            run.save()
        perform(run)
    finally:
        give_lease_back(holder)
    return run


def _free_moment(name: str) -> datetime.datetime:
    moment = now()
    taken = {due for (due,) in JobRun.select(JobRun.due).where(JobRun.name == name, JobRun.due >= moment).tuples()}
    while moment in taken:
        moment += datetime.timedelta(seconds=1)
    return moment


def run_due(holder: str = "here") -> list[JobRun]:
    """Do what a consumer does in one round, in this thread: ask for what is due and carry out all that waits."""
    recover(holder, set())
    since = {run.name: run.due for run in latest().values()}
    for job in jobs().values():
        if since.get(job.name, datetime.datetime.min) < last_due(job, now()):
            ask_scheduled(job.name)
    done = []
    while run := claim(holder):
        perform(run)
        done.append(run)
    return done


def prune() -> str:
    """Delete old runs; the newest of each job stays."""
    frequent = [job.name for job in declared().values() if 0 < job.every < 60]
    newest = [run.id for run in latest().values()]
    over = JobRun.ended.is_null(False) & JobRun.id.not_in(newest)
    with atomic():
        old = JobRun.delete().where(over, JobRun.ended < now() - KEPT).execute()
        old += JobRun.delete().where(
            over, JobRun.name.in_(frequent), JobRun.ok == True, JobRun.ended < now() - KEPT_FREQUENT  # noqa: E712
        ).execute()
    return f"清理了 {old} 条旧的运行记录。" if old else "没有要清理的运行记录。"

