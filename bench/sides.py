"""The servers that are held against each other, each with a filled instance behind it and the CPU time that it used."""

import http.client
import re
import time
import urllib.parse

import psycopg

from bench.server import Server, cpu_of


class Side:
    """A server, asked by one client over one connection. `address` is its PostgreSQL database, "" for SQLite."""

    def __init__(self, server: Server, address: str = "", limit: bool = False):
        self.server, self.address, self.limit = server, address, limit
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

    def ask(self, path: str, signed_in: str, form: dict | None = None) -> float:
        """Ask for a page, or send a form; return the seconds that it took.

        Raises RuntimeError for any other answer than a page, or the redirect that follows a form.
        """
        headers, body = {"Cookie": signed_in}, None
        if form is not None:
            headers["Content-Type"], body = "application/x-www-form-urlencoded", urllib.parse.urlencode(form)
        began = time.perf_counter()
        self._connection.request("POST" if form else "GET", urllib.parse.quote(path, safe="/?&=-%"), body, headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        took = time.perf_counter() - began
        if answer.status != (302 if form else 200):
            words = re.sub(r"<[^>]*>|\s+", " ", text)
            raise RuntimeError(f"{path} answered {answer.status}: {words[:2000]}")
        return took

    def cpu(self) -> float:
        """Return the CPU seconds of the workers, and of the processes of PostgreSQL that work for them."""
        total = self.server.cpu_seconds()
        if self.address:
            sign = "=" if self.limit else "<>"
            with psycopg.connect(self.address, application_name="bench-watch") as connection:
                rows = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = "
                    f"'client backend' AND application_name {sign} 'bench-limit' AND pid <> pg_backend_pid()")
                total += sum(cpu_of(pid) for (pid,) in rows)
        return total


def entered(port: int, login: str) -> str:
    """Sign in to the limit server and return the cookie header of the session."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", f"/enter/{login}")
    answer = connection.getresponse()
    answer.read()
    return answer.getheader("Set-Cookie").split(";", 1)[0]
