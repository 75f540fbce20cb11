"""PostgreSQL as the portal's database: it outlives a restart of the server, and may have a standby to read from."""

import peewee

from portal.db import containing
from portal.db.done import done, is_question
from portal.db.limits import STATEMENT_SECONDS
from portal.db.model import DatabaseUnusable
from portal.db.pool import INERROR, Pool, parameters
from portal.db.replica import Replica, open_replica, reader


class Postgres(Pool):
    """The database itself: refuses what contained code may not send, and outlives a restart of the server."""

    #: Where lists and figures may be read.
    replica: Replica | None = None
    #: On a database that is parted by county: a function that fits a statement to it (portal/partitions).
    fit = None

    def execute_sql(self, sql, params=None):
        if containing.here.to is not None:
            containing.look_at(sql)
        if self.fit is not None:
            sql = self.fit(sql)
        if not self._state.transactions:
            if not is_question(sql):
                done.number += 1
            elif self.replica is not None and reader.on and self._is_free():
                if (cursor := self.replica.answer(self, sql, params)) is not None:
                    return cursor
        return super().execute_sql(sql, params)

    def ask_here(self, sql):
        """Run a question that is about this server, whatever may be read from the standby."""
        return super().execute_sql(sql)

    def begin(self, isolation_level=None):
        if containing.here.to is not None:
            containing.look_at("BEGIN")
        try:
            super().begin(isolation_level)
        except (peewee.OperationalError, peewee.InterfaceError):
            if not self.may_change():
                raise
            self.take_another()  # nothing has begun yet
            super().begin(isolation_level)

    def commit(self):
        if containing.here.to is not None:
            containing.look_at("COMMIT")
        if self._state.conn.pgconn.transaction_status == INERROR:
            # PostgreSQL would answer such a COMMIT with a rollback and no error: somebody would be told "saved".
            raise peewee.InternalError("the transaction had failed before its commit")
        done.number += 1
        try:
            super().commit()
        except peewee.DatabaseError:
            if not self.is_broken_here():  # a connection that broke does not tell whether it was committed
                done.number -= 1
            raise

    def rollback(self):
        if containing.here.to is not None:
            containing.look_at("ROLLBACK")
        if not self.is_broken_here():  # the server has rolled back what a broken connection had begun
            super().rollback()

    def close(self):
        if self.replica is not None:
            self.replica.close()
        return super().close()

    def close_all(self):
        if self.replica is not None:
            self.replica.close_all()
        super().close_all()


def open_address(address: str, seconds: int = STATEMENT_SECONDS, replica: str = "", most_behind: int = 10) -> Postgres:
    """Return the database at `address`, whose statements run for at most `seconds`, with its standby at `replica`, if
    any, which is used while it is not more than `most_behind` seconds behind."""
    try:
        given = parameters(address, seconds)
    except ValueError as error:
        raise DatabaseUnusable(
            "设置 database 里的 PostgreSQL 地址不完整，例如 postgresql://用户@主机:5432/库名。"
        ) from error
    opened = Postgres(given.pop("database"), **given)
    if replica:
        opened.replica = open_replica(replica, seconds, most_behind)
        opened.replica.query_hooks = opened.query_hooks
    return opened
