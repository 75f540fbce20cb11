"""The folder that a demo works in: what in it was made by the demo, whether it was finished, who is using it."""

import contextlib
import fcntl
import json
import os
import shutil
from pathlib import Path

import click

MARKER = "demo.json"

#: All that a demo ever makes. portal.toml, plugins/ and whatever else lies in the folder is somebody else's.
MADE = ("portal.db", "portal.db-wal", "portal.db-shm", "portal.db-writers", "keys", "files", "heads", "migrate.lock")

#: Without a marker these mean: a real instance, not ours to touch.
PRECIOUS = ("portal.db", "keys", "files", "heads")


class Ground:
    """The instance folder of a demo. States: "absent", "building" (begun, never finished), "ready", "foreign"."""

    def __init__(self, folder: Path):
        self.folder = folder

    def state(self) -> str:
        try:
            found = json.loads((self.folder / MARKER).read_text(encoding="utf-8"))["state"]
        except FileNotFoundError:
            return "foreign" if any((self.folder / name).exists() for name in PRECIOUS) else "absent"
        except (ValueError, KeyError, TypeError):
            return "building"
        return "ready" if found == "ready" else "building"

    def mark(self, state: str) -> None:
        """Write the marker so that it is either the old or the new one, whenever the power goes."""
        draft = self.folder / f".{MARKER}"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump({"made_by": "portal demo", "state": state}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self.folder / MARKER)

    def clear(self) -> None:
        """Delete what the demo made. The marker stays: interrupted anywhere from here on, the next start goes on."""
        if self.state() == "absent":
            return
        self.mark("building")
        for name in MADE:
            path = self.folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self):
        """Hold the folder while it is examined and made; refuse while another demo makes it or a server uses it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            for name, who in (("demo.lock", "另一个 portal demo 正在建立它"), ("serving.lock", "有服务正在使用它")):
                file = stack.enter_context(open(self.folder / name, "a"))
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise click.ClickException(f"{self.folder} 正在使用：{who}，请等它结束或停掉它再试。") from None
            yield
