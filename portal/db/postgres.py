"""PostgreSQL: a pool of connections, none of which waits for ever."""

from urllib.parse import unquote, urlsplit

import peewee
from playhouse.pool import PooledPostgresqlDatabase

from portal.db import containing
from portal.db.model import DatabaseUnusable
from portal.db.sqlite import PATIENCE


class Postgres(PooledPostgresqlDatabase):
    """A pool that refuses what contained code may not send."""

    def execute_sql(self, sql, params=None):
        if containing.here.to is not None:
            containing.look_at(sql)
        return super().execute_sql(sql, params)

    def begin(self, isolation_level=None):
        if containing.here.to is not None:
            containing.look_at("BEGIN")
        super().begin(isolation_level)

    def commit(self):
        if containing.here.to is not None:
            containing.look_at("COMMIT")
        super().commit()

    def rollback(self):
        if containing.here.to is not None:
            containing.look_at("ROLLBACK")
        super().rollback()


def open_address(address: str):
    if peewee.psycopg is None:  # the driver is an extra: counties on SQLite do not need it
        raise DatabaseUnusable("要使用 PostgreSQL，请先安装：pip install 'county-portal[postgres]'。")
    try:
        parts = urlsplit(address)
        port = parts.port or 5432
    except ValueError as error:
        raise DatabaseUnusable(
            "设置 database 里的 PostgreSQL 地址不完整，例如 postgresql://用户@主机:5432/库名。"
        ) from error
    return Postgres(
        parts.path.lstrip("/") or "portal",
        prefer_psycopg3=True,
        user=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        host=parts.hostname,
        port=port,
        max_connections=200,  # one a thread: never the limit, the server's own is
        stale_timeout=300,
        timeout=PATIENCE,
        # Without these libpq hangs for more than 25 s when packets are dropped.
        connect_timeout=3,
        tcp_user_timeout=4000,
        keepalives_idle=5,
        options="-c statement_timeout=15000 -c lock_timeout=5000 -c timezone=Asia/Shanghai",
    )
