"""The process that runs the jobs: huey's consumer over the table of runs. No other service is needed.

huey brings the scheduler, the threads and an orderly stop. Its queue is the table `jobs_run` itself, so that between
"due" and "done" there is no moment at which a run exists only in memory, and nothing pickled lies in the database.
"""

import logging
import os
import signal
import threading
import time

from huey import Huey
from huey.consumer import Consumer
from huey.registry import Message
from huey.storage import MemoryStorage
from peewee import DatabaseError, InterfaceError

from portal.jobs import running
from portal.jobs.models import JobRun
from portal.jobs.plan import LEASE, declared, is_due, jobs
from portal.jobs.running import connected

log = logging.getLogger(__name__)

#: Seconds that running jobs are waited for at the end; what is not over then begins again at the next start.
GRACEFUL = 25
#: Seconds between two renewals of the lease.
RENEW = 15


class RunQueue(MemoryStorage):
    """huey's queue as the table of runs; schedule and results, which jobs do not use, would be in memory."""

    def __init__(self, name, app, holder, **kwargs):
        super().__init__(name, **kwargs)
        self.app, self.holder, self.in_flight = app, holder, set()
        #: Until when (time.monotonic) this process may begin runs.
        self.mine_until = 0.0
        self._claiming = threading.Lock()

    @property
    def is_mine(self) -> bool:
        return time.monotonic() < self.mine_until

    def enqueue(self, data, priority=None):
        with connected(self.app):
            running.ask_scheduled(data.decode().partition(" ")[2])

    def dequeue(self):
        if not self.is_mine:
            return None
        with connected(self.app), self._claiming:
            run = running.claim(self.holder)
            if run is None:
                return None
            self.in_flight.add(run.id)
            return f"{run.id} {run.name}".encode()

    def renew(self) -> None:
        """Take or keep the lease; on taking it, and from then on each time, see to runs whose process is gone."""
        began = time.monotonic()
        with connected(self.app), self._claiming:
            if running.take_lease(self.holder):
                self.mine_until = began + LEASE.total_seconds() - 5
                running.recover(self.holder, self.in_flight)
            else:
                self.mine_until = 0.0


class Notes:
    """What huey hands to its queue, as plain text: the number of the run and the name of the job."""

    def serialize(self, message: Message) -> bytes:
        return f"{message.id} {message.name.removeprefix(PREFIX)}".encode()

    def deserialize(self, data: bytes) -> Message:
        number, _, name = data.decode().partition(" ")
        return Message(id=number, name=PREFIX + name)


PREFIX = f"{__name__}."


class Jobs(Huey):
    """huey with one periodic task for each declared job."""

    def __init__(self, app, holder: str):
        super().__init__("portal", results=False, utc=False, serializer=Notes(), storage_class=RunQueue, app=app,
                         holder=holder)
        self.app = app
        with connected(app):
            names = list(declared())
        for name in names:
            self.periodic_task(lambda moment, name=name: self._is_due(name), name=name, context=True)(self._carry_out())

    def _carry_out(self):
        def carry_out(task):
            number = int(task.id)
            try:
                with connected(self.app):
                    running.perform(JobRun.get_by_id(number))
            finally:
                self.storage.in_flight.discard(number)

        carry_out.__module__ = __name__
        return carry_out

    def _is_due(self, name: str) -> bool:
        if not self.storage.is_mine:
            return False
        try:
            with connected(self.app):
                job = jobs().get(name)
                return job is not None and is_due(job)
        except (DatabaseError, InterfaceError):
            log.warning("whether %s is due cannot be told now", name, exc_info=True)
            return False


class _Watch(threading.Thread):
    """Keeps the lease, and ends this process with the one that started it."""

    def __init__(self, queue: RunQueue, parent: int | None, stop: threading.Event):
        super().__init__(name="watch", daemon=True)
        self.queue, self.parent, self.stop = queue, parent, stop

    def run(self):
        renewed = time.monotonic()
        while not self.stop.wait(1):
            if self.parent is not None and os.getppid() != self.parent:
                os.kill(os.getpid(), signal.SIGTERM)
                return
            if time.monotonic() - renewed >= RENEW:
                renewed = time.monotonic()
                renew(self.queue)


def renew(queue: RunQueue) -> None:
    """Renew the lease; while the database cannot be written nothing new begins."""
    try:
        queue.renew()
    except (DatabaseError, InterfaceError):
        log.warning("the lease of the jobs could not be renewed", exc_info=True)


def work(app, parent: int | None = None) -> None:
    """Run jobs until told to stop (SIGTERM: what runs may end; SIGINT: at once). In the main thread.

    `parent` is the process after whose end this one ends too. Two of these on one database do no harm: the second
    waits until the first is gone.
    """
    huey = Jobs(app, running.new_holder())
    renew(huey.storage)
    consumer = Consumer(
        huey, workers=running.WORKERS, initial_delay=0.5, max_delay=3, backoff=1.3, scheduler_interval=5,
        graceful_signal="TERM", shutdown_timeout=GRACEFUL,
    )
    consumer._signal_actions.pop(signal.SIGHUP, None)  # a reload is the server's; huey would start its own program
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = threading.Event()
    watch = _Watch(huey.storage, parent, stop)
    watch.start()
    try:
        consumer.run()
    finally:
        stop.set()
        watch.join(5)
        _give_back(app, huey.storage)


def _give_back(app, queue: RunQueue) -> None:
    """Let the next one begin at once; what still runs here is begun again by it, as after a crash."""
    try:
        with connected(app):
            running.give_lease_back(queue.holder)
    except (DatabaseError, InterfaceError):
        log.warning("the lease of the jobs could not be given back", exc_info=True)
