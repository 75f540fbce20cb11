import click

from plugins.station.catalogue import load_items
from portal.kit import Refused, Unit


@click.group()
def station():
    """便民服务站：服务事项。"""


@station.command("load-items")
@click.option("--county", help="县的 6 位或 12 位编码；只有一个县时可以不写。")
def load(county):
    """为一个县载入随程序提供的服务事项；县里已有的和改过的不动。"""
    query = Unit.select().where(Unit.level == "county")
    found = list(query.where(Unit.code == county.ljust(12, "0")) if county else query)
    if len(found) != 1:
        missing = "还没有这个县，请先用 portal org import 导入区划。"
        raise Refused("请用 --county 写明是哪个县的编码。" if found else missing)
    with click.progressbar(length=1000, label="导入服务事项") as bar:
        def say(text, done, total):
            bar.label = text
            bar.update(max(0, int(done * 1000 / max(total, 1)) - bar.pos))

        written, listed = load_items(found[0], say)
    click.echo(f"新增服务事项 {written} 个，省平台目录 {listed} 个。")
