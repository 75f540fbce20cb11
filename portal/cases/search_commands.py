import click

from portal.cases.search_text import reindex


@click.command("reindex")
def reindex_cases():
    """把全部案件重新编进搜索索引（升级以后，或怀疑搜不全时）。"""
    click.echo(f"已重新编入 {reindex()} 件。")
