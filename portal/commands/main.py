"""The group `portal`: our own commands, and behind them those of the rooms and plugins of this instance."""

import logging
import sys

import click

from portal import CORE, config, create_app
from portal.commands.backups import backup, restore
from portal.commands.demo import demo
from portal.commands.instance import check, migrate
from portal.commands.moving import move_to
from portal.commands.partition import partition
from portal.commands.plugins import plugin
from portal.commands.sentences import sentence_for
from portal.commands.serve import serve
from portal.db import patient
from portal.registry import Registry

#: Where click keeps the commands of rooms and plugins while one command runs.
ROOMS = "portal.commands.rooms"


class Portal(click.Group):
    """A group that also knows the commands of rooms and plugins, and says every failure in one sentence."""

    def main(self, *args, standalone_mode=True, **extra):
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **extra)
        # A quarantined plugin is named by check, plugin list and demo; its trace belongs into the log of a server.
        logging.getLogger("portal").addHandler(logging.NullHandler())
        try:
            status = super().main(*args, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as asked:
            click.echo(asked.message)
            status = 0
        except Exception as error:
            if (sentence := sentence_for(error)) is None:
                raise
            click.echo(f"错误：{sentence}", err=True)
            status = 1
        sys.exit(status or 0)

    def invoke(self, ctx):
        super().invoke(ctx)  # what a command returns is not an exit status

    def list_commands(self, ctx):
        return [*super().list_commands(ctx), *sorted(_of_rooms(ctx))]

    def get_command(self, ctx, name):
        return super().get_command(ctx, name) or _of_rooms(ctx).get(name)

    def resolve_command(self, ctx, args):
        """A command of a room works inside the application; asking for its help needs no database."""
        name, command, rest = super().resolve_command(ctx, args)
        if name not in self.commands and not set(rest) & set(ctx.help_option_names):
            ctx.with_resource(create_app(ctx.params["instance"]).app_context())
        return name, command, rest


def _of_rooms(ctx) -> dict[str, click.Command]:
    """Ask the plugins without an application: `portal --help` must neither need nor create an instance. They are asked
    once for each run: the help looks up every command by its name."""
    if ROOMS not in ctx.meta:
        settings = config.load(config.instance_folder(ctx.params.get("instance")))
        ctx.meta[ROOMS] = {command.name: command for command in Registry(CORE, settings).values("portal_commands")}
    return ctx.meta[ROOMS]


@click.group(cls=Portal, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--instance", type=click.Path(file_okay=False), help="实例文件夹，默认 ./instance。")
@click.version_option(None, "--version", package_name="county-portal", message="%(version)s", help="显示版本号。")
@click.pass_context
def main(ctx, instance):
    """县域基层治理“一站三平台”门户。"""
    ctx.obj = instance
    # Whoever waits at a terminal can end it. Requests and jobs, also those of `serve`, run in threads of their own.
    ctx.with_resource(patient())


for command in (demo, serve, migrate, check, backup, restore, move_to, partition, plugin):
    main.add_command(command)
