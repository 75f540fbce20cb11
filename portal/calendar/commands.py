import click
from flask import current_app

from portal.calendar import keeping
from portal.calendar.models import CalendarChange
from portal.calendar.official import OFF
from portal.calendar.reading import read_file, year_of
from portal.registry import registry_of
from portal.values import Refused

TOLD = 20


@click.group()
def calendar():
    """日历：载入一年的放假和调休安排。"""


@calendar.command("import")
@click.argument("file", metavar="文件", type=click.File("rb"))
@click.option("--year", type=click.IntRange(2015, 2100), help="年份；不写则取文件里日期最多的一年。")
@click.option("--source", default="", help="依据，例如通知的文号。")
@click.option("--provisional", is_flag=True, help="暂按推算：通知还没有发布，表里没有调休。")
@click.option("--dry-run", is_flag=True, help="只看会移动多少件的期限，不保存。")
def import_year(file, year, source, provisional, dry_run):
    """从 CSV、xlsx、JSON 或 ICS 文件载入一年；一处有错则什么也不载入。"""
    raw = file.read()
    year = year or year_of(raw)
    if year is None:
        raise Refused("文件里没有日期，看不出是哪一年。")
    days, flaws = read_file(raw, year, provisional=provisional)
    if flaws:
        more = f"\n……另有 {len(flaws) - TOLD} 处。" if len(flaws) > TOLD else ""
        raise Refused("没有载入，请改正后再试：\n" + "\n".join(map(str, flaws[:TOLD])) + more)
    off = sum(meaning.kind == OFF for meaning in days.values())
    click.echo(f"{year} 年：放假 {off} 天，调休上班 {len(days) - off} 天。")
    for sentence in keeping.preview(keeping.with_year(year, days, provisional)):
        click.echo(sentence)
    if not dry_run:
        keeping.load_year(year, days, source or f"文件 {file.name}"[:100], None, provisional=provisional)
        click.echo("已载入。")
        _recompute()


@calendar.command("recompute")
def recompute():
    """把日历改动后还没有核对的期限算完。"""
    _recompute()


def _recompute() -> None:
    """Go on until every open case was looked at; the portal's job would do the same, more slowly."""
    waiting = CalendarChange.select().where(CalendarChange.done_at.is_null())
    before = None
    while (state := [(one.id, one.cursor) for one in waiting]) and state != before:
        before = state
        registry_of(current_app).collect("portal_calendar_changed")
    last = CalendarChange.select().order_by(CalendarChange.id.desc()).first()
    if last is not None:
        click.echo(f"{last.what}：核对 {last.looked} 件，移动 {last.moved} 件的期限。")
