import contextlib

import click

from portal.org.departments import ensure_departments
from portal.org.imports import Report, import_divisions
from portal.org.models import Unit

#: How many lines of each list are told.
TOLD = 20


@click.group()
def org():
    """单位：区划和部门。"""


@org.command("import")
@click.argument("files", nargs=-1, required=True, metavar="文件…", type=click.Path(dir_okay=False))
@click.option("--departments", is_flag=True, help="同时为县和乡镇建立常设部门和办公室。")
def import_files(files, departments):
    """从 CSV（可为 .xz）导入区划；一处有错则全部不导入。"""
    with _bars() as say:
        report = import_divisions(files, say)
    _tell(report)
    if departments:
        for county in Unit.select().where(Unit.level == "county", Unit.valid_to.is_null()):
            click.echo(f"{county.name}：新建部门和办公室 {ensure_departments(county)} 个")


def _tell(report: Report) -> None:
    click.echo(f"新增 {len(report.added)}，变更 {len(report.changed)}，未变 {report.unchanged}，"
               f"系统里有而文件里没有的 {len(report.missing)}（保留不动）。")
    for title, lines in (("变更", report.changed), ("文件里没有", report.missing), ("系统里已停用", report.closed)):
        for line in lines[:TOLD]:
            click.echo(f"  {title}：{line}")
        if len(lines) > TOLD:
            click.echo(f"  ……另有 {len(lines) - TOLD} 个")


@contextlib.contextmanager
def _bars():
    """Yield a function (text, done, total); a new text begins a new bar."""
    with contextlib.ExitStack() as stack:
        bars = {}

        def say(text: str, done: int, total: int) -> None:
            if text not in bars:
                stack.close()
                bars[text] = stack.enter_context(click.progressbar(length=max(total, 1), label=text, show_eta=False))
            bars[text].update(max(0, done - bars[text].pos))

        yield say
