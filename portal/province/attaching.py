"""Attaches the servers of counties: what each offers becomes a foreign partition of the province's tables.

A question about one county goes to its server alone, one about all of them to all servers at once. The tables lie in a
schema of their own, so that a backup of the province does not count what lies elsewhere.
"""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

import peewee

from portal import audit, db
from portal.cases.counting import FLOWS
from portal.province.models import ProvinceAnswer, ProvinceCounty
from portal.values import Refused

SCHEMA = "counties"
#: Seconds until a server that does not answer counts as away.
PATIENCE = 2
COLUMNS = {
    "county": "code text, name text",
    "flow": "code text, period text, kind text, "
            + ", ".join(f"{name} bigint" for name in (*FLOWS, "proxied")),
    "open_due": "code text, kind text, due timestamp, number bigint",
}
SERVER = {
    "connect_timeout": str(PATIENCE), "keepalives": "1", "keepalives_idle": "2", "keepalives_interval": "1",
    "keepalives_count": "2", "tcp_user_timeout": str(PATIENCE * 1000), "options": f"-c statement_timeout={PATIENCE}000",
    # All servers are asked at once; no connection outlives the question, so none is found dead by the next one.
    "async_capable": "true", "keep_connections": "off", "fetch_size": "10000",
}


def attach(code: str, address: str) -> ProvinceCounty:
    """Attach the county `code` at `address` (postgresql://role:password@host:port/database); again: at a new address.

    Raises Refused with a sentence that says what to do; then nothing has changed.
    """
    if not db.is_postgres():
        raise Refused("省里的实例要用 PostgreSQL：SQLite 连不到别的服务器。")
    if not re.fullmatch(r"\d{12}", code):
        raise Refused("区县要用 12 位编码，例如 510722000000。")
    where, user = _read(address)
    try:
        with db.atomic():
            _prepare()
            _drop(code)
            _create(code, where, user)
            name = _name_of(code)
            county, _ = ProvinceCounty.get_or_create(code=code, defaults={"name": name, "place": ""})
            county.name, county.place = name, f"{where['host']}:{where['port']}/{where['dbname']}"
            county.save()
            audit.record("province.attach", "county", code, detail={"name": name, "place": county.place})
    except peewee.DatabaseError as error:
        raise Refused(f"没有接上 {code}：{_first_line(error)}") from error
    return county


def detach(code: str) -> None:
    """Ask the county no more and forget its answers. Raises Refused where it is not attached."""
    county = ProvinceCounty.get_or_none(ProvinceCounty.code == code)
    if county is None:
        raise Refused(f"没有接入编码为 {code} 的区县。")
    with db.atomic():
        _drop(code)
        ProvinceAnswer.delete().where(ProvinceAnswer.code == code).execute()
        county.delete_instance()
        audit.record("province.detach", "county", code, detail={"name": county.name})


def server_of(code: str) -> str:
    return f"county_{code}"


def _read(address: str) -> tuple[dict, dict]:
    """Return the options of the server and of the user that an address holds."""
    try:
        parts = urlsplit(address)
        given = dict(parse_qsl(parts.query))
        where = {"host": parts.hostname, "port": str(parts.port or 5432), "dbname": unquote(parts.path.lstrip("/")),
                 **{name: given[name] for name in ("sslmode", "sslrootcert") if name in given}}
    except ValueError:
        where = {}
    if not address.startswith(("postgresql://", "postgres://")) or not all(where.values()) or not parts.username:
        raise Refused("地址不完整，例如 postgresql://province:口令@主机:5432/库名。")
    user = {"user": unquote(parts.username)}
    return where, {**user, "password": unquote(parts.password)} if parts.password else user


def _prepare() -> None:
    _run("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
    _run(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    for name, columns in COLUMNS.items():
        _run(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{name} ({columns}) PARTITION BY LIST (code)")


def _create(code: str, where: dict, user: dict) -> None:
    server = server_of(code)
    _run(f"CREATE SERVER {server} FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({_options({**where, **SERVER})})")
    _run(f"CREATE USER MAPPING FOR CURRENT_USER SERVER {server} OPTIONS ({_options(user)})")
    for name in COLUMNS:
        _run(f"CREATE FOREIGN TABLE {SCHEMA}.{name}_{code} PARTITION OF {SCHEMA}.{name} FOR VALUES IN ('{code}') "
             f"SERVER {server} OPTIONS (schema_name 'province', table_name '{name}')")


def _drop(code: str) -> None:
    if db.database.execute_sql("SELECT 1 FROM pg_foreign_server WHERE srvname = %s", (server_of(code),)).fetchone():
        _run(f"DROP SERVER {server_of(code)} CASCADE")


def _name_of(code: str) -> str:
    _run(f"SET LOCAL statement_timeout = {PATIENCE + 1}000")
    found = db.database.execute_sql(f"SELECT name FROM {SCHEMA}.county WHERE code = %s", (code,)).fetchone()  # noqa: S608
    if found is None:
        raise Refused(f"那里没有编码为 {code} 的县，请核对编码和地址。")
    return found[0]


def _options(values: dict[str, str]) -> str:
    """Return the options as SQL: this statement takes no parameters."""
    return ", ".join(f"{name} {_literal(value)}" for name, value in values.items())


def _literal(value: str) -> str:
    text = value.replace("'", "''").replace("\\", "\\\\")
    return f" E'{text}'" if "\\" in value else f"'{text}'"


def _run(statement: str) -> None:
    db.database.execute_sql(statement.replace("%", "%%"))


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0][:200]
