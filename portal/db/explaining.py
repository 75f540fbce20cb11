"""What a failing database means to whoever reads it."""

from pathlib import Path

import peewee

from portal.db.losses import chain, is_broken, is_crowded, is_lost_race
from portal.db.model import database

CROWDED = "同时使用的人太多，数据库的连接用完了；请稍后再试，一直如此时请系统管理员调大连接数。"


def is_away(error: BaseException) -> bool:
    """Tell whether the database is the cause of `error`, and not what was asked of it: nobody answers, or another one
    writes. SQLite says of a missing table what it says of a missing disk, so it is asked once more."""
    if not isinstance(error, peewee.OperationalError | peewee.InterfaceError):
        return False
    if "is locked" in str(error) or is_broken(error) or is_crowded(error) or is_lost_race(error):
        return True
    try:
        database.execute_sql("SELECT 1")
    except (peewee.DatabaseError, peewee.InterfaceError):
        return True
    return False


def explain(error: Exception, path: Path | None = None) -> str:
    """Return the one Chinese sentence for a failing database that says what to do.

    What is raised may have come up while an earlier error was dealt with (a savepoint that is gone with its
    transaction), so the earlier ones are looked at too.
    """
    if is_lost_race(error):
        return "同时有别人在改同一处，这次没有保存任何内容；请再试一次。"
    if is_crowded(error):
        return CROWDED
    if is_broken(error):
        return "与数据库的连接中断了，请检查 PostgreSQL 是否在运行，然后再试。"
    text = "\n".join(str(one) for one in chain(error)).lower()
    name = f" {path.name} " if path else ""
    for sign, sentence in (
        ("locked", f"数据库{name}正被另一个程序占用，请稍后再试；一直如此时请检查是否有备份或导入在运行。"),
        ("busy", f"数据库{name}正被另一个程序占用，请稍后再试；一直如此时请检查是否有备份或导入在运行。"),
        ("lock timeout", f"数据库{name}正被另一个程序占用，请稍后再试；一直如此时请检查是否有备份或导入在运行。"),
        ("statement timeout", "这次查询用时太长，已经停下；请缩小范围后再试。"),
        ("interrupted", "这次查询用时太长，已经停下；请缩小范围后再试。"),
        ("readonly", f"数据库{name}是只读的，请检查文件和文件夹的写权限。"),
        ("full", "磁盘已满，没有写入任何内容；请清出空间后再试。"),
        ("not a database", f"文件{name}不是可用的数据库，可能已损坏，请从备份恢复。"),
        ("malformed", f"数据库{name}已损坏，请从备份恢复。"),
        ("disk i/o", "读写磁盘出错，请检查磁盘是否已满或损坏。"),
        ("unable to open", f"打不开数据库{name}，请检查它所在的文件夹是否存在、是否可写。"),
    ):
        if sign in text:
            return sentence
    return "数据库暂时用不了，请稍后再试；一直如此时请联系系统管理员。"
