"""Shares the work of a check between processes that all look at the same moment of the database.

A small ledger is walked by the process that asks. For a large one two others are started afresh (never forked: a
database connection must not be shared), each with a connection and a snapshot of its own; on PostgreSQL it is one
snapshot for all, on SQLite nobody writes for the blink in which they begin theirs.
"""

import contextlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait

from flask import current_app

from portal import db
from portal.db import atomic, database, is_postgres, snapshot

WORKERS = 2
#: Below so many rows of the timeline the start of the workers would take longer than the walk.
WORTH_WORKERS = 100_000

#: A function of a module and what it is called with; both travel to another process.
Task = tuple[Callable, tuple]


@contextlib.contextmanager
def one_moment(size: int) -> Iterator[Callable[[Iterable[Task]], Iterator]]:
    """Yield a function that does tasks and yields (task, what it returned), in any order; all of them read the same
    moment. `size` says how many rows there are to look at."""
    if size < WORTH_WORKERS or database.transaction_depth():
        with snapshot():
            yield lambda tasks: ((task, task[0](*task[1])) for task in tasks)
        return
    with _workers() as connections:
        for connection in connections:
            connection.recv()  # it is there
        with contextlib.ExitStack() as moment:
            # On SQLite the write lock: nothing is committed between the first snapshot and the last.
            with contextlib.nullcontext() if is_postgres() else atomic():
                name = moment.enter_context(snapshot()) if is_postgres() else ""
                for connection in connections:
                    connection.send(name)
                for connection in connections:
                    connection.recv()  # its moment has begun
            yield lambda tasks: _shared(tasks, connections)


@contextlib.contextmanager
def _workers():
    """Start the processes; they end when their pipes are closed."""
    settings = current_app.config["PORTAL"]
    spawn = multiprocessing.get_context("spawn")
    processes, connections = [], []
    try:
        for _ in range(WORKERS):
            here, there = spawn.Pipe()
            process = spawn.Process(target=_work, args=(there, settings["database"], settings["instance"]), daemon=True)
            process.start()
            there.close()
            processes.append(process)
            connections.append(here)
        yield connections
    finally:
        for connection in connections:
            connection.close()
        for process in processes:
            process.join(10)
            if process.is_alive():
                process.kill()


def _work(connection: Connection, setting: str, instance) -> None:
    """What each process does: begin the moment, then one task after the other until nobody asks any more."""
    with contextlib.suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        db.open_database(setting, instance)
        database.connect(reuse_if_open=True)
        connection.send(True)
        with snapshot(connection.recv()):
            connection.send(True)
            while True:
                function, arguments = connection.recv()
                try:
                    connection.send((function(*arguments), ""))
                except Exception as error:  # told where it is raised again
                    connection.send((None, f"{type(error).__name__}: {error}"))


def _shared(tasks: Iterable[Task], connections: list[Connection]):
    """Hand out the tasks, the next to whoever is done, and yield what comes back."""
    waiting, busy = iter(tasks), {}
    for connection in connections:
        if (task := next(waiting, None)) is not None:
            connection.send(task)
            busy[connection] = task
    while busy:
        for connection in wait(list(busy)):
            result, failed = connection.recv()
            done = busy.pop(connection)
            if failed:
                raise RuntimeError(f"{done[0].__name__}{done[1]} failed: {failed}")
            if (task := next(waiting, None)) is not None:
                connection.send(task)
                busy[connection] = task
            yield done, result
