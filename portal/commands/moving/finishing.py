"""What makes rows go in slowly is taken off the target before and made again afterwards, one transaction each.

What is still to be made is kept on the target, so a run that is cut off in between goes on with the rest.
"""

from peewee import psycopg

from portal.commands.backups.manifest import Unusable
from portal.commands.moving.source import Source
from portal.commands.moving.target import OWN, Target

#: (rank, SQL that makes it, SQL that takes it off); an index that a constraint stands on stays.
_INDEXES = """
    SELECT 1, pg_get_indexdef(x.indexrelid), format('DROP INDEX IF EXISTS %I', i.relname) FROM pg_index x
    JOIN pg_class i ON i.oid = x.indexrelid WHERE i.relnamespace = 'public'::regnamespace AND NOT x.indisprimary
    AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid) AND i.relname <> 'portal_move_order'
"""
_LINKS = """
    SELECT 2, format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
    format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', conrelid::regclass, conname) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""
_TRIGGERS = """
    SELECT DISTINCT 3, format('ALTER TABLE %s ENABLE TRIGGER USER', tgrelid::regclass),
    format('ALTER TABLE %s DISABLE TRIGGER USER', tgrelid::regclass)
    FROM pg_trigger WHERE NOT tgisinternal
"""
_SEQUENCES = """
    SELECT c.relname, a.attname, pg_get_serial_sequence(format('%I', c.relname), a.attname) FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND a.attnum > 0 AND NOT a.attisdropped
    AND pg_get_serial_sequence(format('%I', c.relname), a.attname) IS NOT NULL
"""


def clear_the_way(target: Target, tables: list[str], *, empty: bool) -> None:
    """Take off indexes, foreign keys and triggers (the timeline's refuse every change) and note how to make them again;
    `empty`: throw away the rows that the migrations have put in. All of it or nothing."""
    with target.connection.transaction():
        for query in (_LINKS, _INDEXES, _TRIGGERS):
            for rank, make, take_off in target.ask(query):
                target.ask("INSERT INTO portal_move_later VALUES (%s, %s) ON CONFLICT DO NOTHING", (rank, make))
                target.ask(take_off)
        if empty:
            target.ask(f"TRUNCATE {', '.join(map(_quoted, tables))}")
        target.enter("copy")


def make_again(target: Target, say) -> None:
    """Make the indexes, then the foreign keys, then the triggers. Raises Unusable where the rows do not allow it."""
    waiting = target.ask("SELECT rank, sql FROM portal_move_later ORDER BY rank, sql")
    for number, (_, sql) in enumerate(waiting, 1):
        try:
            with target.connection.transaction():
                target.ask(sql)
                target.ask("DELETE FROM portal_move_later WHERE sql = %s", (sql,))
        except psycopg.errors.IntegrityError as error:
            raise Unusable(f"原来的数据不合 PostgreSQL 上的约束（{_one_line(error)}），没有搬完；"
                           "请在原来的实例上运行 portal check，改好以后再运行同一条命令。") from None
        say("建立索引和约束", number, len(waiting))


def set_sequences(target: Target, source: Source) -> None:
    """Let new rows get the next id."""
    for table, column, sequence in target.ask(_SEQUENCES):
        if table not in OWN:
            target.ask(
                f'SELECT setval(%s, greatest(coalesce(max("{column}"), 0), %s, 1), '  # noqa: S608 - from the catalogue
                f'coalesce(max("{column}"), 0) + %s > 0) FROM "{table}"',
                (sequence, highest := source.highest(table), highest))


def gather_statistics(target: Target, tables: list[str], say) -> None:
    """Let PostgreSQL know what it holds, so that the first pages in the morning are fast."""
    for number, table in enumerate(tables, 1):
        target.ask(f"VACUUM (ANALYZE) {_quoted(table)}")
        say("整理统计信息", number, len(tables))


def _quoted(name: str) -> str:
    return f'"{name}"'


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
