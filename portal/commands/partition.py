"""Parts a PostgreSQL database by county, and gives counties that came later their partitions."""

import click

from portal import create_app, db, partitions
from portal.commands.progress import Progress
from portal.commands.table import print_table
from portal.org.models import Unit
from portal.province import offering
from portal.registry import registry_of


@click.command()
@click.option("--dry-run", is_flag=True, help="只说会做什么，不改动。")
@click.option("--yes", is_flag=True, help="不再询问。")
@click.pass_obj
def partition(instance, dry_run, yes):
    """把随案件增长的表按县分区（只用于 PostgreSQL）；以后新增了县或插件，再运行一次。先停掉服务。"""
    app = create_app(instance)
    if not db.is_postgres():
        raise click.ClickException("只有 PostgreSQL 能按县分区。SQLite 装得下一个县，不需要分区。")
    models = [model for owner in registry_of(app).owners() for model in owner.models]
    with app.app_context():
        db.database.connect(reuse_if_open=True)
        counties = counties_here()
        plan = partitions.Parting.planned(partitions.growing(models), counties)
        lacking = partitions.lacking(counties)
        _tell(plan, lacking, partitions.kept_whole(models))
        check_locks(plan)
        if dry_run or not (plan.tables or lacking):
            return
        if not yes:
            click.confirm("分区时所有这些表都被锁住，请先停掉服务并做好备份。现在开始？", abort=True)
        with Progress() as say:
            with offering.taken_down():
                partitions.part(plan, say)
                moved = partitions.add_counties(counties, say)
    click.echo(f"已分区 {len(plan.tables)} 张表、{sum(plan.tables.values()):,} 行，逐表核对了行数和内容。")
    if lacking:
        click.echo(f"新增了 {sum(map(len, lacking.values()))} 个分区，移入 {moved:,} 行。")


def counties_here() -> dict[int, str]:
    """Return {id: code} of all counties, closed ones too: their cases stay."""
    return dict(Unit.select(Unit.id, Unit.code).where(Unit.level == "county").order_by(Unit.code).tuples())


def _tell(plan: partitions.Parting, lacking: dict, whole: dict[str, str]) -> None:
    if plan.tables:
        print_table(("要分区的表", "行数"), [(name, f"{rows:,}") for name, rows in plan.tables.items()])
        click.echo(f"每张表分成 {len(plan.counties)} 个县的分区，另有一个放其余各县。")
    if lacking:
        click.echo(f"{len(lacking)} 张已分区的表里，有的县还没有自己的分区。")
    if not plan.tables and not lacking:
        click.echo("所有要分区的表都已按县分区，每个县都有自己的分区。")
    for name, why in sorted(whole.items()):
        click.echo(f"  不分区：{name}（{why}）")


#: A table and each of its partitions hold so many locks besides those of their indexes: the rows, and long texts.
LOCKS = 3


def check_locks(plan: partitions.Parting) -> None:
    """Refuse what PostgreSQL could not hold in one transaction, and say what to set."""
    listed = ", ".join(f"'{name}'" for name in plan.tables) or "''"
    [(indexes, most, setting)] = db.database.execute_sql(
        "SELECT (SELECT count(*) FROM pg_indexes WHERE schemaname = 'public' AND tablename IN "  # noqa: S608
        f"({listed})), current_setting('max_locks_per_transaction')::int * (current_setting('max_connections')::int + "
        "current_setting('max_prepared_transactions')::int), current_setting('max_locks_per_transaction')::int"
    ).fetchall()
    needed = (len(plan.counties) + 3) * (len(plan.tables) * LOCKS + indexes)
    if needed > most:
        wanted = setting * (needed // most + 1)
        raise click.ClickException(
            f"这一次要同时锁住约 {needed:,} 个对象，PostgreSQL 现在只容得下 {most:,} 个。"
            f"请把 postgresql.conf 的 max_locks_per_transaction 改为 {wanted}，重启 PostgreSQL 后再试。")
