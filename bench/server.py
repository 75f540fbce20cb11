"""A gunicorn of two workers on a free port of this machine, and what its workers cost."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

#: The kind of a process's clock that counts what it was given by the scheduler.
SCHEDULED = 2


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, process: subprocess.Popen, port: int, started_in: float):
        self.process = process
        self.port = port
        self.started_in = started_in

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def cpu_seconds(self) -> float:
        """Return the CPU time of all workers so far, user and system."""
        return sum(cpu_of(pid) for pid in self.workers())

    def memory_mib(self) -> float:
        """Return the proportional set size of the largest worker in MiB."""
        return max(pss(pid) for pid in self.workers()) / 1024


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process, 0 where it has ended. Its clock counts nanoseconds (see
    clock_getcpuclockid(3)), /proc hundredths of a second: too coarse for a few requests."""
    try:
        return time.clock_gettime((~pid << 3) | SCHEDULED)
    except OSError:
        return 0


def pss(pid: int) -> int:
    """Return the proportional set size of a process in KiB: its own memory, and its share of what it shares."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


@contextlib.contextmanager
def serving(application: str, environment: dict, path: str = "/"):
    """Serve the WSGI `application` ("module:name") with two workers of four threads until the block ends."""
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w", "2", "-k", "gthread", "--threads", "4", "-b", f"127.0.0.1:{port}",
         "--log-level", "warning", "--keep-alive", "600", application],
        env={**os.environ, **environment},
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                if process.poll() is not None or time.perf_counter() - began > 60:
                    raise RuntimeError(f"{application} did not start") from None
                time.sleep(0.02)
        yield Server(process, port, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(20)
