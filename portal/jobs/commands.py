"""`portal jobs`: look at the jobs, run one, or run them all where `portal serve` does not."""

import time

import click
from flask import current_app

from portal import logs
from portal.jobs import plan, running
from portal.jobs.consumer import work
from portal.jobs.models import JobRun, Lease


@click.group()
def jobs():
    """后台任务：查看、运行。"""


@jobs.command()
def run():
    """运行后台任务，直到停止。portal serve 会自己运行；用 gunicorn wsgi:app 时另开这个进程。"""
    logs.configure(current_app.config["PORTAL"])
    work(current_app._get_current_object())


@jobs.command("list")
def list_jobs():
    """列出后台任务：什么时候运行，上次怎样。"""
    active, runs = plan.jobs(), plan.latest()
    for name, job in plan.declared().items():
        click.echo(f"{name}  {job.title}（{plan.in_words(job)}）")
        click.echo(f"    {_last(runs.get(name))}" + ("" if name in active else "；没有地方启用，不运行"))
    for trouble in plan.troubles():
        click.secho(trouble.sentence, fg="red")


def _last(item: JobRun | None) -> str:
    if item is None:
        return "还没有运行过"
    if item.started is None and item.ended is None:
        return f"{item.due:%m-%d %H:%M} 排上队，还没有开始"
    if item.ended is None:
        return f"{item.started:%m-%d %H:%M} 开始，正在运行"
    return f"{item.ended:%m-%d %H:%M} {'成功' if item.ok else '没有成功'}：{item.sentence}"


@jobs.command()
@click.argument("name", metavar="名称")
def now(name):
    """立即运行一个后台任务，等它结束。"""
    if name not in plan.jobs():
        raise click.ClickException(f"没有名为“{name}”的后台任务，或没有地方启用它；可以用 portal jobs list 查看。")
    item = running.run_here(name)
    while item.ended is None:  # another process runs the jobs: it takes this one within seconds
        if Lease.get_by_id(1).until < running.now():
            raise click.ClickException("运行后台任务的进程停了，这一次已排上队，等它再启动时运行。")
        time.sleep(0.5)
        item = JobRun.get_by_id(item.id)
    click.echo(_last(item))
    if not item.ok:
        raise click.ClickException(f"“{name}”没有成功。")
