"""Makes whole tables anew in parts, each row compared: all in one transaction, so it is done wholly or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, field

from portal import db
from portal.partitions import naming
from portal.partitions.catalogue import Shape, own_references, parted_tables, quoted, references_to, shape_of
from portal.partitions.growing import COUNTY

#: What follows the name of a table in that of its partition for counties that have none of their own.
REST = "_rest"


class PartingFailed(Exception):
    """The rows are not the same afterwards, so nothing was changed; the message is a Chinese sentence."""


@dataclass
class Parting:
    """What is to be done, or was: the tables with how many rows they have, and the counties {id: code}."""

    tables: dict[str, int] = field(default_factory=dict)
    counties: dict[int, str] = field(default_factory=dict)

    @classmethod
    def planned(cls, names: list[str], counties: dict[int, str]) -> "Parting":
        """Return what there is to do for the tables `names`: those that are parted already are left out."""
        have = parted_tables(db.database)
        rows = {name: _count(name) for name in names if name not in have}
        return cls(rows, counties)


def part(plan: Parting, say: Callable[[str, int, int], None] = lambda *told: None) -> None:
    """Make the tables of `plan` anew in parts. Nobody else may use the database: the tables are locked at once.

    Raises PartingFailed where rows differ, and OperationalError where somebody works and the lock cannot be had; then
    everything is as it was. It needs as much room again as the largest tables take.
    """
    names = list(plan.tables)
    if not names:
        return
    with db.atomic():
        db.database.execute_sql("SET LOCAL statement_timeout = 0")
        _run(f"LOCK TABLE {quoted(names)} IN ACCESS EXCLUSIVE MODE")
        parted = parted_tables(db.database) | set(names)
        references = references_to(db.database, parted)
        for one in references:
            _run(one.drop)
        for number, name in enumerate(names, 1):
            _part(name, plan.counties)
            say("分区", number, len(names))
        for number, one in enumerate(references, 1):
            _run(one.add(parted))
            say("恢复引用", number, len(references))
    for name in names:
        _run(f'ANALYZE "{name}"')
    naming.begin()


def _part(name: str, counties: dict[int, str]) -> None:
    before, shape = fingerprint(name), shape_of(db.database, name)
    kept, old = own_references(db.database, name), f"{name}_before"
    for sequence, _ in shape.sequences:
        _run(f'ALTER SEQUENCE "{sequence}" OWNED BY NONE')
    _run(f'ALTER TABLE "{name}" RENAME TO "{old}"')
    _run(f'CREATE TABLE "{name}" (LIKE "{old}" INCLUDING DEFAULTS INCLUDING STORAGE) PARTITION BY LIST ("{COUNTY}")')
    _run(f'CREATE TABLE "{name}{REST}" PARTITION OF "{name}" DEFAULT')
    for key, code in counties.items():
        create_partition(name, key, code)
    _run(f'INSERT INTO "{name}" SELECT * FROM "{old}"')  # noqa: S608
    _grant_again(name, old)
    _run(f'DROP TABLE "{old}"')
    _furnish(shape, kept)
    if fingerprint(name) != before:
        raise PartingFailed(f"表 {name} 分区前后的内容不一致，已全部撤回，数据没有变化。")


def _furnish(shape: Shape, references: list[tuple[str, str]]) -> None:
    """Give the new table the key, checks, indexes, triggers and references of the old one."""
    _run(f'ALTER TABLE "{shape.name}" ADD CONSTRAINT "{shape.key_name}" PRIMARY KEY ({quoted(shape.key)})')
    for kind in (shape.checks, references):
        for name, definition in kind:
            _run(f'ALTER TABLE "{shape.name}" ADD CONSTRAINT "{name}" {definition}')
    for statement in (*shape.indexes, *shape.triggers):
        _run(statement)
    for sequence, column in shape.sequences:
        _run(f'ALTER SEQUENCE "{sequence}" OWNED BY "{shape.name}"."{column}"')
    for name in _partitions(shape.name):
        guard(shape.name, name)


def _partitions(table: str) -> list[str]:
    rows = db.database.execute_sql("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
                                   (f'"{table}"',))
    return [name.strip('"') for (name,) in rows.fetchall()]


def create_partition(table: str, key: int, code: str) -> str:
    """Make the partition of one county and return its name."""
    name = partition_name(table, key, code)
    _run(f'CREATE TABLE "{name}" PARTITION OF "{table}" FOR VALUES IN ({int(key)})')
    return name


def partition_name(table: str, key: int, code: str) -> str:
    """Return "cases_case_c510722"; a county whose code is not twelve digits is named after its id."""
    plain = code[:6] if code.isascii() and code.isdigit() and code.endswith("000000") else f"u{key}"
    return f"{table}_c{plain}"


def guard(table: str, partition: str) -> None:
    """Have a partition refuse TRUNCATE where its table does: triggers on statements are not inherited."""
    rows = db.database.execute_sql(
        "SELECT tgname, proname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgrelid = %s::regclass "
        "AND NOT tgisinternal AND tgtype & 32 <> 0", (f'"{table}"',)).fetchall()
    for trigger, function in rows:
        _run(f'CREATE TRIGGER "{trigger}" BEFORE TRUNCATE ON "{partition}" FOR EACH STATEMENT EXECUTE FUNCTION '
             f'"{function}"()')


def _grant_again(name: str, old: str) -> None:
    """Let those who may read or write the old table, such as a reader of figures, do the same with the new one."""
    rows = db.database.execute_sql(
        "SELECT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, privilege_type "
        "FROM pg_class, aclexplode(relacl) WHERE oid = %s::regclass AND grantee <> relowner", (f'"{old}"',)).fetchall()
    for who, what in rows:
        _run(f'GRANT {what} ON "{name}" TO {who}')


def fingerprint(table: str) -> tuple[int, int]:
    """Return how many rows there are, and a sum over the hashes of all of them."""
    return db.database.execute_sql(
        f'SELECT count(*), coalesce(sum(hashtextextended(one::text, 0)), 0) FROM "{table}" AS one').fetchone()  # noqa: S608


def _count(table: str) -> int:
    return db.database.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608


def _run(statement: str) -> None:
    db.database.execute_sql(statement.replace("%", "%%"))  # it takes no parameters
