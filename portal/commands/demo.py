"""`portal demo`: a county to look at, with people who sign in and matters in every state, served at once."""

import click

from portal import config, create_app, migrations
from portal.commands import serve
from portal.commands.demo_build import build
from portal.commands.demo_ground import Ground
from portal.commands.table import print_table
from portal.registry import registry_of


@click.command()
@click.option("--fresh", is_flag=True, help="删去演示自己建立的内容，从头再来。")
@click.option("--port", type=click.IntRange(1, 65535), help="监听端口，默认取设置 port（8000）。")
@click.option("--no-serve", is_flag=True, help="只建立，不启动服务。")
@click.option("--instance", "folder", type=click.Path(file_okay=False), help="实例文件夹，默认 ./instance。")
@click.pass_obj
def demo(instance, fresh, port, no_serve, folder):
    """建立并启动一个演示：三台县，有人、有件、各种状态都有。"""
    ground = Ground(config.instance_folder(folder or instance))
    overrides = {"port": port} if port else {}
    settings = config.load(ground.folder, overrides)
    if settings["database"] != config.DEFAULTS["database"]:
        raise click.ClickException(
            "演示只用自己的 SQLite 文件；请去掉 portal.toml 或环境变量里的 database 设置，或用 --instance 另选文件夹。"
        )
    if not no_serve:
        serve.check_port(settings["host"], settings["port"])
    with ground.alone():
        _prepare(ground, fresh)
    if no_serve:
        click.echo(f"演示已就绪：{ground.folder}")
        return
    click.echo(f"请用浏览器打开 http://{settings['host']}:{settings['port']} ，按 Ctrl+C 结束。")
    serve.run(ground.folder, overrides)


def _prepare(ground: Ground, fresh: bool) -> None:
    state = ground.state()
    if state == "foreign":
        raise click.ClickException(
            f"{ground.folder} 里已有不是演示建立的数据库，演示不会碰它；"
            "请用 portal serve 启动它，或用 --instance 另选文件夹。"
        )
    if state == "building":
        click.echo("上次的演示没有建完，从头再来。")
    if state == "ready" and not fresh:
        return _reuse(ground)
    ground.clear()
    ground.mark("building")
    try:
        people = build(ground.folder)
    except (KeyboardInterrupt, click.Abort) as error:
        raise click.ClickException("演示建到一半被中断；再次运行 portal demo 会从头开始。") from error
    ground.mark("ready")
    _introduce(people)


def _reuse(ground: Ground) -> None:
    """Go on with what stands, brought up to the present program."""
    app = create_app(ground.folder, check=False)
    migrations.migrate(registry_of(app).owners(), ground.folder, say=lambda name: click.echo(f"升级 {name}"))
    serve.close_connections()
    click.echo(
        "接着用已有的演示。密码在第一次建立时显示过；忘了就用 portal user passwd 账号 设一个新的，"
        "或用 portal demo --fresh 从头再来。"
    )


def _introduce(people: list) -> None:
    click.echo("\n演示账号（密码是随机的，只显示这一次；演示账号首次登录不要求改密码）：\n")
    print_table(
        ("账号", "密码", "姓名", "岗位", "可以试试"),
        [(one.login, one.password, one.name, one.post, one.hint) for one in people],
    )
    click.echo()
