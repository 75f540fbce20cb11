"""Whatever stops a command is said in one Chinese sentence that tells what to do; a fault of ours keeps its trace."""

import errno
import re

import click
import peewee

from portal import config, db, migrations
from portal.registry import PluginError
from portal.values import Refused

#: Each of these carries its sentence.
SAID = (
    config.SettingsError, db.DatabaseUnusable, migrations.MigrationPending, PluginError, Refused, TimeoutError,
)
FULL = (errno.ENOSPC, errno.EDQUOT)
DISK_FULL = "磁盘已满，没有写入任何内容；请清出空间后再试。"

_CHINESE = re.compile("[\u4e00-\u9fff]")
_QUOTED = re.compile(r"'(.*?)'")  # click quotes what was typed, and that may be Chinese


def sentence_for(error: BaseException) -> str | None:
    """Return the sentence for `error`, or None for a fault of the program that deserves a trace."""
    if isinstance(error, click.ClickException):
        return error.message if _CHINESE.search(_QUOTED.sub("", error.message)) else _of_click(error)
    if isinstance(error, click.Abort | KeyboardInterrupt | EOFError):
        return "已中断。"
    if isinstance(error, SAID):
        return str(error)
    if isinstance(error, peewee.DatabaseError | peewee.InterfaceError):
        return db.explain(error)
    if isinstance(error, OSError) and error.errno in FULL:
        return DISK_FULL
    if isinstance(error, OSError) and error.filename:
        return f"读写 {error.filename} 时出错（{error.strerror}），请检查它是否存在、是否有权限。"
    return None


def _of_click(error: click.ClickException) -> str:
    """click speaks English and brings no catalogue: say what matters by the kind of its exception."""
    if isinstance(error, click.NoSuchOption):
        return f"没有“{error.option_name}”这个选项，可以加 --help 查看用法。"
    if isinstance(error, click.NoSuchCommand):
        return f"没有“{error.command_name}”这个命令，可以运行 portal --help 查看有哪些命令。"
    if isinstance(error, click.MissingParameter):
        return f"还缺少“{_named(error)}”，可以加 --help 查看用法。"
    if isinstance(error, click.BadParameter):
        return f"“{_named(error)}”不能用：{_reason(error)}。"
    return f"命令写得不对（{error.format_message()}），可以加 --help 查看用法。"


def _named(error: click.BadParameter) -> str:
    if error.param is None:
        return "参数"
    return error.param.opts[0] if isinstance(error.param, click.Option) else error.param.human_readable_name


def _reason(error: click.BadParameter) -> str:
    kind = error.param.type if error.param is not None else None
    quoted = _QUOTED.search(error.message)
    value = f" {quoted[1]} " if quoted else ""
    if isinstance(kind, click.Path | click.File):
        return f"{value.strip()} 不存在、打不开，或者不是所要的那种文件"
    if isinstance(kind, click.IntRange):
        return f"应为 {kind.min} 到 {kind.max} 之间的整数"
    if isinstance(kind, click.Choice):
        return f"应为 {'、'.join(map(str, kind.choices))} 之一"
    if isinstance(kind, click.types.IntParamType):
        return f"{value}应为整数".strip()
    return error.message.rstrip(".")
