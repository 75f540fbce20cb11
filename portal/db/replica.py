"""A read-only standby beside the database: lists and figures are read there while it keeps up.

What is read may be some moments old, so only views that say so (`access.may_lag`) read there, outside any transaction,
and nobody who has written since: `wanted` is how far the standby must have come for this reader.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from urllib.parse import urlsplit

import peewee

from portal.db.done import done
from portal.db.losses import is_broken, is_crowded, states
from portal.db.model import DatabaseUnusable, database
from portal.db.pool import Pool, parameters

log = logging.getLogger(__name__)

#: Seconds between two looks at how far the standby is, and before one that did not answer is asked again.
LOOK, PAUSE = 1, 10
#: Bytes by which the place where the next record will be written may be ahead of the end of the last one: the head of a
#: page. For how late the standby is they do not matter.
HEAD = 40
#: Of more than that, a standby that is behind cannot say how much.
SAMPLES = 4000

STATEMENT_STOPPED = "57014"

PLACE = "SELECT pg_current_wal_insert_lsn() - '0/0', system_identifier FROM pg_control_system()"
STATE = "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() - '0/0', system_identifier FROM pg_control_system()"


NO_STANDBY = "设置 replica 指向的服务器不是 database 的只读备库，没有使用；请检查地址，或重建备库。"


class _Reader(threading.local):
    """Whether this thread reads what may lag; `uses`: whether the standby is good enough for it (None: not known)."""

    on = False
    wanted = 0
    uses = None
    written = 0


reader = _Reader()


@contextlib.contextmanager
def reading(wanted: int = 0):
    """Let the questions inside the block be answered by the standby, if it has come as far as `wanted` (`position`).

    What writes, what is inside a transaction, and all that follows a write goes to the database itself.
    """
    before = reader.on, reader.wanted, reader.uses, reader.written
    reader.on, reader.wanted, reader.uses, reader.written = True, wanted, None, done.number
    try:
        yield
    finally:
        reader.on, reader.wanted, reader.uses, reader.written = before


@contextlib.contextmanager
def firsthand():
    """Ask the database itself inside the block, whatever may lag around it: for what a process keeps."""
    before, reader.on = reader.on, False
    try:
        yield
    finally:
        reader.on = before


class Replica(Pool):
    """The standby's connections, and what this process knows of how far it is."""

    def __init__(self, name: str, most_behind: int, **given):
        super().__init__(name, **given)
        self.most_behind = most_behind
        #: What is wrong with it, as a sentence for whoever looks after the portal; "" where nothing is.
        self.trouble = ""
        #: Seconds that it is behind, None where that is not known.
        self.lag: float | None = None
        #: Seconds from one look to the next.
        self.look_every, self.pause = LOOK, PAUSE
        self.usable, self._replayed, self._next_look = False, 0, 0.0
        self._looking, self._samples = threading.Lock(), deque(maxlen=SAMPLES)

    def answer(self, primary, sql: str, params):
        """Return the cursor of a question, asked while `reading`, or None where the database itself must be asked."""
        if not self._serves(primary):
            return None
        try:
            return self.execute_sql(sql, params)
        except (peewee.DatabaseError, peewee.InterfaceError) as error:
            if STATEMENT_STOPPED in states(error):
                raise
            # Whatever else it does not like (it stood in the way of what is replayed, it would write, a table has not
            # come yet, it is plainly wrong) is asked of the database itself, which says what there is to say.
            if is_broken(error) or is_crowded(error):
                self._fail(error)
            reader.uses = False
            return None

    def _serves(self, primary) -> bool:
        if reader.uses is None:
            reader.uses = self.is_usable(primary) and self._has_come_to(reader.wanted)
        return reader.uses and done.number == reader.written

    def again(self) -> None:
        """Have the next one who asks look at it, whatever was seen last."""
        self._next_look = 0.0

    def is_usable(self, primary) -> bool:
        """Tell whether it answers and is not too far behind, as was seen within the last second; one thread looks."""
        if time.monotonic() >= self._next_look and self._looking.acquire(blocking=False):
            try:
                self._look(primary)
            finally:
                self._looking.release()
        return self.usable

    def _has_come_to(self, wanted: int) -> bool:
        if wanted > self._replayed:
            try:
                self._replayed = int(self.execute_sql(STATE).fetchone()[1])
            except (peewee.DatabaseError, peewee.InterfaceError) as error:
                self._fail(error)
                return False
        return wanted <= self._replayed

    def _look(self, primary) -> None:
        here, system = primary.ask_here(PLACE).fetchone()
        moment = time.monotonic()
        try:
            recovering, replayed, its_system = self.execute_sql(STATE).fetchone()
        except (peewee.DatabaseError, peewee.InterfaceError) as error:
            return self._fail(error)
        if not recovering or system != its_system:
            return self._leave_out(NO_STANDBY)
        self._samples.append((moment, int(here)))
        self._replayed, self._next_look = int(replayed), moment + self.look_every
        self.lag, most = self._behind(moment)
        self.usable = most <= self.most_behind
        late = f"只读备库落后超过 {self.most_behind} 秒，列表和统计暂时从主库读取。"
        self._say(late if self.lag > self.most_behind else "")
        return None

    def _behind(self, moment: float) -> tuple[float, float]:
        """Return for how many seconds at least, and at most, it is behind.

        It is as late as the oldest place seen that it has not replayed, and not as late as the newest that it has.
        After a while in which nobody looked, what is known may be too little to use it; a look later it is enough.
        """
        there = self._replayed + HEAD
        while len(self._samples) > 1 and self._samples[1][1] <= there:
            self._samples.popleft()
        first, place = self._samples[0]
        if place > there:
            return moment - first, float("inf")
        if len(self._samples) == 1:
            return moment - first, moment - first
        return moment - self._samples[1][0], moment - first

    def _fail(self, error: BaseException) -> None:
        log.warning("the replica: %s", error)
        self._leave_out("只读备库连不上，列表和统计暂时从主库读取；请检查它是否在运行。")

    def _leave_out(self, sentence: str) -> None:
        self.usable, self.lag, self._next_look = False, None, time.monotonic() + self.pause
        self._samples.clear()
        self._say(sentence)
        self._give_up_connections()

    def _give_up_connections(self) -> None:
        if not self.is_closed():
            self.manual_close()
        self.close_idle()

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("%s", trouble or "只读备库恢复使用。")
        self.trouble = trouble


def open_replica(address: str, seconds: int, most_behind: int) -> Replica:
    """Return the standby at `address`; nothing is asked of it yet, so that one that is away does not stop the start."""
    try:
        if urlsplit(address).scheme not in ("postgresql", "postgres"):
            raise ValueError
        given = parameters(address, seconds, "-c default_transaction_read_only=on")
    except ValueError as error:
        raise DatabaseUnusable("设置 replica 应为只读备库的地址，例如 postgresql://用户@主机:5432/库名。") from error
    # Whoever looks waits for it on behalf of a page.
    return Replica(given.pop("database"), most_behind, **given | {"connect_timeout": 2, "tcp_user_timeout": 2000})


def position() -> int:
    """Return how far the database itself has written: what was committed before is replayed when the standby is there.
    In bytes; 0 without a standby."""
    if replica_of(database.obj) is None:
        return 0
    return int(database.obj.ask_here(PLACE).fetchone()[0])


def replica_of(opened) -> Replica | None:
    return getattr(opened, "replica", None)


def look_at_replica() -> Replica | None:
    """Return the standby after a look at it, if the last one is a second ago; None where there is none."""
    if (replica := replica_of(database.obj)) is not None:
        replica.is_usable(database.obj)
    return replica
