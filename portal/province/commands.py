"""Commands of a province and its counties: what a county offers, and which counties a province asks."""

import sys

import click

from portal import db
from portal.province import attaching, offering
from portal.province.models import ProvinceCounty
from portal.values import Refused


@click.group()
def county():
    """省市看各县的数字：县里开放合计数，省市接上各县的服务器。"""


@county.command("open")
@click.argument("role", metavar="账号")
def open_to(role):
    """（县里）让 PostgreSQL 账号读本县的合计数，别的什么也读不到。"""
    if not db.is_postgres():
        raise click.ClickException("SQLite 的县要先换到 PostgreSQL，省里才能来取数字。")
    with _said():
        offering.offer(role)
    click.echo(f"账号 {role} 现在能读本县按时期和种类的合计数，读不到任何一件案件。")


@county.command("shut")
def shut():
    """（县里）不再开放合计数。"""
    if db.is_postgres():
        offering.withdraw()
    click.echo("不再开放。")


@county.command()
@click.argument("code", metavar="编码")
@click.argument("address", metavar="地址")
def attach(code, address):
    """（省市）接上一个县，例如 510722000000 postgresql://province:口令@主机:5432/库名；换了地址再接一次。

    地址写成 - 时另外输入（或从标准输入读一行）：写在命令里的口令，这台机器上的别人看得到，也会留在命令历史里。
    """
    if address == "-":
        address = (click.prompt("地址", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()).strip()
    with _said():
        found = attaching.attach(code, address)
    click.echo(f"已接上 {found.name}（{found.place}）。")


@county.command()
@click.argument("code", metavar="编码")
def detach(code):
    """（省市）断开一个县，忘掉它的数字。"""
    with _said():
        attaching.detach(code)
    click.echo(f"已断开 {code}。")


@county.command("list")
def listed():
    """（省市）列出接上的县。"""
    for one in ProvinceCounty.select().order_by(ProvinceCounty.code):
        click.echo(f"{one.code}  {one.name}  {one.place}  {one.attached_at:%Y-%m-%d %H:%M}")


class _said:
    """Says a refusal as the error of a command."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Refused):
            raise click.ClickException(error.sentence) from error
