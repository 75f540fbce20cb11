"""Commands that look after one instance: its tables and its soundness."""

import click

from portal import accounts, create_app, migrations
from portal.cases.self_check import found_everywhere, run_and_keep
from portal.commands.progress import Progress
from portal.province import offering
from portal.registry import registry_of


@click.command()
@click.option("--generate", nargs=2, metavar="OWNER NAME", help="（开发用）按模型与数据库的差别写一个升级脚本。")
@click.pass_obj
def migrate(instance, generate):
    """建立或升级数据库。"""
    app = create_app(instance, check=False)
    registry = registry_of(app)
    if generate:
        slug, name = generate
        owner = next((owner for owner in registry.owners() if owner.slug == slug), None)
        if owner is None:
            raise click.ClickException(f"没有名为 {slug} 的插件，或它没有自己的表。")
        path = migrations.generate(owner, name)
        click.echo(path or "模型与数据库一致，不需要升级脚本。")
        return
    try:
        with offering.taken_down():  # views would keep the tables below them from being changed
            done = migrations.migrate(registry.owners(), app.config["PORTAL"]["instance"], say=click.echo)
    except migrations.MigrationFailed:
        with app.app_context():
            accounts.sync_roles(registry)  # whatever failed of one plugin, the permissions of all others are due
        raise
    with app.app_context():
        accounts.sync_roles(registry)
    click.echo(f"已执行 {len(done)} 个升级脚本。" if done else "数据库已是最新。")


@click.command()
@click.option("--strict", is_flag=True, help="有插件被隔离或有任何提醒时也算失败。")
@click.option("--keep", is_flag=True, help="把结果留下，系统管理员在“自检”页上能看到。")
@click.pass_obj
def check(instance, strict, keep):
    """检查设置、数据库、插件与台账是否完好：经过、审计、编号、计数和三条承诺。"""
    app = create_app(instance)
    registry = registry_of(app)
    with app.app_context():
        with Progress() as say:
            found = run_and_keep(say) if keep else found_everywhere(say)
    for sentence in found.breaches + found.warnings:
        click.echo(sentence)
    if found.breaches or (strict and found.warnings):
        raise click.ClickException(f"发现 {found.count} 处问题、{len(found.warnings)} 处提醒。")
    click.echo(f"检查完毕：{len(registry.plugins)} 个组成部分，没有发现问题。")
