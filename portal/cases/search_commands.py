import click

from portal.cases.search_text import reindex
from portal.org.directory import tops, write_counties_anew


@click.command("reindex")
def reindex_cases():
    """把全部案件和单位名录重新编进搜索索引（升级以后，或怀疑搜不全时）。"""
    click.echo(f"已重新编入 {reindex()} 件。")
    counties = tops()
    write_counties_anew(counties)
    click.echo(f"已重编 {len(counties)} 个县（区）的单位名录。")
