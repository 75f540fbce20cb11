"""Real PostgreSQL servers of a test's own: started on a free port, stopped and started again, gone afterwards."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.conftest import _missing

#: They are thrown away, so nothing waits for the disk; as small as many servers on one machine must be. What was
#: committed is written all the same before the commit returns: they are stopped at once, and must not forget it.
SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB", "max_connections": "60",
    "max_worker_processes": "4", "unix_socket_directories": "''", "listen_addresses": "127.0.0.1",
}


def programs() -> Path:
    """Return the folder of initdb and pg_ctl: Debian keeps them out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    program = found[-1] if found else shutil.which("initdb")
    if not program:
        _missing("no initdb: install Debian's postgresql")
    return Path(program).resolve().parent


class PgServer:
    """One server in a folder of its own; `address(name)` is what the setting `database` takes."""

    def __init__(self, folder: Path, **settings):
        self.folder = folder
        self.bin = programs()
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.settings = {**SETTINGS, **settings}

    def init(self) -> "PgServer":
        self.run("initdb", "-D", self.folder, "-U", "portal", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        return self

    def follow(self, other: "PgServer") -> "PgServer":
        """Make this one a read-only standby of `other`, which must run."""
        self.run("pg_basebackup", "-D", self.folder, "-h", "127.0.0.1", "-p", str(other.port), "-U", "portal", "-R",
                 "-X", "stream", "-c", "fast", "--no-sync")
        return self

    def start(self) -> "PgServer":
        options = " ".join(f"-c {name}={value}" for name, value in {**self.settings, "port": self.port}.items())
        self.run("pg_ctl", "-D", self.folder, "-l", self.folder.parent / "log", "-w", "-o", options, "start")
        return self

    def stop(self) -> None:
        """Stop it at once, as a power cut would."""
        self.run("pg_ctl", "-D", self.folder, "-m", "immediate", "stop")

    def run(self, program: str, *given) -> None:
        """Run one of PostgreSQL's programs; as root it is run as the user `postgres`, because they refuse root."""
        done = subprocess.run(
            [self.bin / program, *given], **_unprivileged(), cwd=self.folder.parent, capture_output=program != "pg_ctl",
            stdout=subprocess.DEVNULL if program == "pg_ctl" else None, text=True, timeout=120,
        )
        assert done.returncode == 0, f"{program}: {done.stderr or (self.folder.parent / 'log').read_text()}"

    def address(self, name: str = "postgres") -> str:
        return f"postgresql://portal@127.0.0.1:{self.port}/{name}"

    def ask(self, sql: str, name: str = "postgres") -> list[tuple]:
        """Run one statement outside any transaction, and return its rows."""
        with psycopg.connect(self.address(name), autocommit=True, connect_timeout=3) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []


def _unprivileged() -> dict:
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def pg_servers():
    """Yield a function that makes a server, not yet initialised; all are stopped and removed at the end."""
    made = []
    # Not below pytest's own folder: only its owner may enter that.
    top = Path(tempfile.mkdtemp(prefix="portal-pg-"))
    top.chmod(0o755)

    def make(**settings) -> PgServer:
        folder = top / str(len(made))
        folder.mkdir()
        if given := _unprivileged():
            os.chown(folder, given["user"], given["group"])
        made.append(PgServer(folder / "data", **settings))
        return made[-1]

    try:
        yield make
    finally:
        for one in made:
            if (one.folder / "postmaster.pid").exists():
                one.stop()
        shutil.rmtree(top, ignore_errors=True)
