"""Commands about the proof of the ledger: taking the head of a day, and holding one that was sent away."""

import click

from portal.cases import heads


@click.group()
def audit():
    """每日校验值：算出、核对。"""


@audit.command()
def head():
    """现在算出一次校验值，存进数据库和 heads 文件夹，并显示出来。"""
    made = heads.take()
    click.echo(made.text, nl=False)


@audit.command()
@click.argument("file", metavar="文件", type=click.File(encoding="utf-8", errors="replace"))
def verify(file):
    """拿外送的校验值文件与数据库核对。"""
    found = heads.verify(file.read())
    for sentence in found:
        click.echo(sentence)
    if found:
        raise click.ClickException(f"有 {len(found)} 处对不上。")
    click.echo("核对无误：那一天为止的经过和审计记录都是原样。")
