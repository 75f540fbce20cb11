"""Says how far a move is: a bar on a terminal; in a log, where nobody sees a bar, a line every half a minute."""

import sys
import time

import click

from portal.commands.progress import Progress

#: Seconds between two lines in a log.
EVERY = 30


class Telling(Progress):
    """Call it with a text, how much is done and how much there is, as Progress."""

    def __init__(self):
        super().__init__(counts=True)
        self._told, self._begun, self._what, self._from = 0.0, 0.0, "", 0
        self._ended = ""

    def __call__(self, text: str, done: int = 1, total: int = 1) -> None:
        if sys.stdout.isatty():
            return super().__call__(text, done, total)
        if self._stopped:
            raise KeyboardInterrupt
        if text == self._ended:  # the tables behind the last row are empty
            return None
        now = time.monotonic()
        if text != self._what:
            self._what, self._begun, self._told, self._from = text, now, 0.0, done
        if now - self._told >= EVERY or done >= total:
            self._told = now
            click.echo(f"{text} {done}/{total}{self._rest(now, done, total)}")
        self._ended = text if done >= total else ""
        return None

    def _rest(self, now: float, done: int, total: int) -> str:
        """Return how long it will still take, where that can be said."""
        passed = now - self._begun
        if passed < EVERY or done <= self._from or done >= total:
            return ""
        minutes = (total - done) * passed / (done - self._from) / 60
        return f"，还剩 {total - done}，约 {max(1, round(minutes))} 分钟"
