"""A pool of connections to PostgreSQL, none of which waits for ever, and none of which is used after its end."""

import contextlib
import logging
import select
import threading
from urllib.parse import unquote, urlsplit

import peewee
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase

from portal.db.done import is_question
from portal.db.limits import limit
from portal.db.model import DatabaseUnusable
from portal.db.sqlite import PATIENCE

log = logging.getLogger(__name__)

#: What libpq says of a connection's transaction.
IDLE, INTRANS, INERROR = 0, 2, 3


class _Bound(threading.local):
    """Whether this thread must stay with its connection, because something is tied to it."""

    here = False


_bound = _Bound()


@contextlib.contextmanager
def bound():
    """Inside the block a broken connection is an error even between transactions: a lock is tied to it."""
    before, _bound.here = _bound.here, True
    try:
        yield
    finally:
        _bound.here = before


class Pool(PooledPostgresqlDatabase):
    """Connections that are looked at before they are used, without asking the server anything.

    Whatever lies unread on a connection that nobody uses is its end: the server's last words, a FIN, a reset, or what
    TCP's own keepalives have found out. Looking costs 2 microseconds; peewee's own way (SELECT 1 at each checkout) is a
    round trip for each page.
    """

    def _is_closed(self, conn):
        over = conn.closed or conn.pgconn.transaction_status != IDLE or _has_something_to_say(conn)
        if over:
            self._close_raw(conn)
        return over

    def connect(self, reuse_if_open=False):
        try:
            return super().connect(reuse_if_open)
        except MaxConnectionsExceeded as error:
            raise peewee.OperationalError("too many connections in this process") from error

    def _initialize_connection(self, conn):
        self._limit(conn)

    def apply_limit(self) -> None:
        """Give this thread's connection the limit that `patient` asks for."""
        self._limit(self._state.conn)

    def _limit(self, conn) -> None:
        wanted, known = limit.seconds, getattr(conn, "portal_limit", None)
        status = conn.pgconn.transaction_status
        value = "DEFAULT" if wanted is None else str(wanted * 1000)
        with peewee.__exception_wrapper__:
            if status == INTRANS:  # the connection itself is told when it is taken the next time
                conn.execute(f"SET LOCAL statement_timeout = {value}")
            elif status == IDLE and wanted != known:
                conn.execute(f"SET statement_timeout = {value}")
                conn.portal_limit = wanted

    def may_change(self) -> bool:
        """Tell whether this thread's connection is at its end and may be replaced by another one."""
        return self.is_broken_here() and not _bound.here

    def is_broken_here(self) -> bool:
        """Tell whether this thread's connection is at its end."""
        return not self._state.closed and self._state.conn is not None and self._state.conn.closed

    def take_another(self) -> None:
        """Give this thread a connection that works in place of its broken one."""
        broken = self._state.conn
        log.warning("a connection to PostgreSQL had ended; another one is taken")
        with self._pool_lock:
            self._in_use.pop(self.conn_key(broken), None)
        self._close_raw(broken)
        with peewee.__exception_wrapper__:
            self._state.conn = self._connect()
            self._initialize_connection(self._state.conn)


    def execute_sql(self, sql, params=None):
        """Run a statement outside a transaction; a question that met the end of the connection is asked once more."""
        if not self._is_free() or not is_question(sql):
            return super().execute_sql(sql, params)
        try:
            return super().execute_sql(sql, params)
        except (peewee.OperationalError, peewee.InterfaceError):
            if not self.may_change():
                raise
        self.take_another()
        return super().execute_sql(sql, params)

    def _is_free(self) -> bool:
        """Tell whether no transaction is under way, whoever began it."""
        conn = self._state.conn
        return not self._state.transactions and (
            conn is None or conn.closed or conn.pgconn.transaction_status == IDLE)


def _has_something_to_say(conn) -> bool:
    looked = select.poll()
    looked.register(conn.fileno(), select.POLLIN)
    return bool(looked.poll(0))


def parameters(address: str, seconds: int, options: str = "") -> dict:
    """Return what the driver is given for `address`; raises DatabaseUnusable where it cannot be read."""
    if peewee.psycopg is None:  # the driver is an extra: counties on SQLite do not need it
        raise DatabaseUnusable("要使用 PostgreSQL，请先安装：pip install 'county-portal[postgres]'。")
    parts = urlsplit(address)
    port = parts.port or 5432
    return {
        "database": parts.path.lstrip("/") or "portal",
        "prefer_psycopg3": True,
        "user": unquote(parts.username or "") or None,
        "password": unquote(parts.password or "") or None,
        "host": parts.hostname,
        "port": port,
        "max_connections": 200,  # one a thread: never the limit, the server's own is
        "stale_timeout": 300,
        "timeout": PATIENCE,
        # Without these libpq hangs for more than 25 s when packets are dropped, and a connection that a firewall has
        # forgotten would be found out by whoever uses it.
        "connect_timeout": 3,
        "tcp_user_timeout": 4000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "options": f"-c statement_timeout={seconds * 1000} -c lock_timeout=5000 -c timezone=Asia/Shanghai {options}",
    }
