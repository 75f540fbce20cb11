"""Keeps the pages of one plugin from taking every thread of a process: half of them at most may hang in it."""

import functools
import itertools
import threading
from collections.abc import Callable

from flask import abort

#: A page that takes longer than this many seconds hangs, or might as well.
HANGS = 10


class Lanes:
    """The requests that are inside the pages of each plugin, in this process."""

    def __init__(self, threads: int, clock: Callable[[], float]):
        self.most, self.clock = max(threads // 2, 1), clock
        self._inside: dict[str, dict[int, float]] = {}
        self._number = itertools.count()
        self._lock = threading.Lock()

    def kept(self, slug: str, view: Callable) -> Callable:
        """Return `view` with a place in the plugin's lanes for each call; 503 at once where it hangs in too many."""
        inside = self._inside.setdefault(slug, {})

        @functools.wraps(view)
        def wrapped(*arguments, **named):
            number, moment = next(self._number), self.clock()
            with self._lock:
                hanging = sum(moment - began > HANGS for began in inside.values())
                if hanging < self.most:
                    inside[number] = moment
            if hanging >= self.most:
                abort(503)
            try:
                return view(*arguments, **named)
            finally:
                with self._lock:
                    del inside[number]

        return wrapped
