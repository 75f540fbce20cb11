"""Commands that look after the ledger: its counters, and the proof that is sent away."""

import contextlib

import click

from portal import notify
from portal.audit import renewing
from portal.cases import heads, recount, self_check
from portal.db import atomic
from portal.values import Refused

#: How many differences are told one by one.
TOLD = 20


@click.group("tallies")
def tally_commands():
    """台账的计数：核对，或从案件重建。"""


@tally_commands.command()
def check():
    """逐件清点，与记下的计数核对；不影响别人办理。"""
    with _bar() as say:
        found = recount.differences(say)
    for sentence in found[:TOLD]:
        click.echo(sentence)
    if found:
        more = f"（上面列出前 {TOLD} 处）" if len(found) > TOLD else ""
        raise click.ClickException(f"有 {len(found)} 处不符{more}。请运行 portal tallies rebuild 重建。")
    click.echo("计数与案件一致。")


@tally_commands.command()
def rebuild():
    """从案件重新清点并写入全部计数；一次完成，中断则保持原样。"""
    with _bar() as say:
        recount.rebuild(say)
    click.echo("已重建计数。")


@contextlib.contextmanager
def _bar():
    with click.progressbar(length=1, label="清点案件", show_eta=False, width=30) as bar:
        def say(text: str, done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield say


@click.group()
def audit():
    """每日校验值：算出、核对；审计链的密钥丢了，换一把。"""


@audit.command()
def head():
    """现在算出一次校验值，存进数据库和 heads 文件夹，并显示出来。"""
    made = heads.take()
    click.echo(made.text, nl=False)


@audit.command()
@click.option("--reason", required=True, help="密钥怎么丢的、找过哪些备份；记进审计记录。")
@click.option("--yes", is_flag=True, help="不再询问。")
def renew(reason, yes):
    """密钥文件 keys/audit 丢了、哪里都没有备份时，换一把新的，审计链接着记。先停掉服务。"""
    if not yes:
        click.confirm("以前的记录从此只能整体核对，不能逐条核对。确定已经没有备份，服务也已停掉？", abort=True)
    try:
        made = renewing.renew(reason)
    except Refused as refused:
        raise click.ClickException(refused.sentence) from refused
    with atomic():
        notify.send_to_holders("audit.read", self_check.TOPIC, "审计链换了新密钥", f"/audit/{made.id}", reason[:200])
    click.echo(f"已换新密钥，此前 {made.detail['before']} 条由新链的第一条整体封存。请马上备份 keys 文件夹。")
    click.echo("下面是现在的校验值，请打印签字，和以前的放在一起：")
    click.echo(heads.take().text, nl=False)


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
