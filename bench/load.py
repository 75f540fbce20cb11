"""A small load generator: a bounded number of requests over keep-alive connections to this machine only."""

import http.client
import re
import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Answered:
    """What a run of requests took: seconds each, sorted; `wall` seconds in all; bytes of the last body."""

    seconds: list[float]
    wall: float
    size: int

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.wall

    def percentile(self, percent: float) -> float:
        return self.seconds[min(len(self.seconds) - 1, int(len(self.seconds) * percent / 100))]


def run(port: int, requests, clients: int, expect: int = 200) -> Answered:
    """Send `requests`, a list of (method, path, headers, body), over `clients` connections to 127.0.0.1:`port`.

    Raises RuntimeError for an answer with another status than `expect`: a fast error page is no speed.
    """
    waiting, lock = iter(requests), threading.Lock()
    seconds, sizes, failures = [], [0], []

    def client():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not failures:
            with lock:
                following = next(waiting, None)
            if following is None:
                break
            method, path, headers, body = following
            began = time.perf_counter()
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            content = response.read()
            took = time.perf_counter() - began
            if response.status != expect:
                failures.append(f"{method} {path} answered {response.status}, expected {expect}")
            with lock:
                seconds.append(took)
                sizes[0] = len(content)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(failures[0])
    return Answered(sorted(seconds), time.perf_counter() - began, sizes[0])


def enter(port: int) -> str:
    """Open a session of the constant page and return its cookie header."""
    return answer(port, "/enter", {})[1]


def with_token(port: int, cookie: str) -> tuple[str, str]:
    """Return the cookie header and a form token of a signed-in session."""
    page, fresh = answer(port, "/accounts/me", {"Cookie": cookie})
    return fresh or cookie, re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


def answer(port: int, path: str, headers: dict) -> tuple[str, str]:
    """Return the page at `path`, and the cookie that came with it, "" for none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=headers)
    given = connection.getresponse()
    page = given.read().decode()
    connection.close()
    return page, (given.getheader("Set-Cookie") or "").split(";", 1)[0]
