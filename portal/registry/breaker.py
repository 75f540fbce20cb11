"""What keeps a failing hook from costing everybody: after some failures it is left alone for a while, then tried once.

Each process keeps its breakers in memory, so that asking them costs no query. What others have to know (an
administrator's page, the other processes) is handed over by the room `health`, at most every REPORT seconds.

A hook cannot be cut off while it runs: it works in a thread of the server, and Python offers no safe way to stop a
thread. So a hook that hangs costs the requests that were in it already; whoever comes while it hangs passes by.
"""

import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path

from portal.db import now

#: Failures further apart than this many seconds do not belong together.
WINDOW = 600
#: No pause is longer; each trial that fails doubles it.
LONGEST_PAUSE = 3600
#: Seconds between two reports of the same hook; and until the database is asked whether somebody wants it tried again.
REPORT, LOOK = 30, 5
#: Hooks that are asked in the background or by a command, and may take their time.
PATIENT = frozenset(("portal_check", "portal_numbers"))


@dataclass(frozen=True)
class Limits:
    """`failures` open a breaker for `pause` seconds; every `slow` seconds that a call takes count as a failure."""

    failures: int = 3
    pause: float = 300
    slow: float = 3

    @classmethod
    def none(cls) -> "Limits":
        """In tests nothing is left alone: what fails is raised."""
        return cls(10**9, 0, math.inf)

    @classmethod
    def of(cls, settings: dict) -> "Limits":
        return cls(settings["plugin_failures"], settings["plugin_pause_minutes"] * 60, settings["plugin_slow_seconds"])


@dataclass
class Counts:
    """What happened since the last report. `freed`: it was closed again."""

    failures: int = 0
    slow: int = 0
    skipped: int = 0
    opened: int = 0
    freed: bool = False
    #: The last failure in words without values (they may be somebody's name), and when it was.
    error: str = ""
    at: object = None


@dataclass(eq=False)
class Breaker:
    """One hook of one plugin, in one process."""

    plugin: str
    hook: str
    limits: Limits
    clock: object = time.monotonic
    counts: Counts = field(default_factory=Counts)
    #: Until when it is left alone; None: it works.
    open_until: float | None = None
    #: When this is to be reported (by `clock`), and all of which anything is.
    due: float = math.inf
    waiting: set = field(default_factory=set)

    def __post_init__(self):
        self._lock = threading.Lock()
        self._pause = self.limits.pause
        self._since = 0.0
        self._failed: deque[tuple[float, int]] = deque()
        self._good = 0
        self._number = 0
        self._running: dict[int, float] = {}
        self._reported = -math.inf

    def enter(self) -> int | None:
        """Return the number of a call that may begin, None where the hook is to be left alone."""
        with self._lock:
            moment = self.clock()
            if self.open_until is None:
                stuck = moment - next(iter(self._running.values()), moment) > self.limits.slow
            else:
                stuck = moment < self.open_until or bool(self._running)  # one trial at a time
            if stuck:
                self.counts.skipped += 1
                self._report_in(LOOK)
                return None
            self._number += 1
            self._running[self._number] = moment
            return self._number

    def leave(self, number: int, error: BaseException | None = None, place: str = "") -> bool:
        """Note how a call ended; tell whether it is left alone from now on and was not before."""
        with self._lock:
            moment = self.clock()
            began = self._running.pop(number)
            took = moment - began
            weight = max(int(took / self.limits.slow), 1 if error is not None else 0)
            if not weight:
                return self._went_well()
            self.counts.slow += took >= self.limits.slow
            self._note(said(error, place) if error is not None else f"用了 {took:.0f} 秒")
            return self._failed_now(moment, began, weight)

    def forget(self, number: int) -> None:
        """End a call that says nothing of the plugin: the database was away."""
        with self._lock:
            self._running.pop(number)

    def _went_well(self) -> bool:
        if self.open_until is not None:
            self.open_until = None
            self._failed.clear()
            self._pause = self.limits.pause
            self.counts.freed = True
            self._report_in(0)
        elif self._failed:
            self._good += 1
        return False

    def _failed_now(self, moment: float, began: float, weight: int) -> bool:
        if self.open_until is not None:
            if began >= self._since:  # the trial; others had begun before it was opened
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
                self._open(moment)
            return False
        while self._failed and self._failed[0][0] < moment - WINDOW:
            self._failed.popleft()
        if not self._failed:
            self._good = 0
        self._failed.append((moment, weight))
        failures = sum(weight for _, weight in self._failed)
        if failures < self.limits.failures or failures <= self._good:
            return False
        self.counts.opened += 1
        self._open(moment)
        return True

    def _open(self, moment: float) -> None:
        self.open_until, self._since = moment + self._pause, moment
        self._report_in(0)

    def note(self, error: BaseException, place: str = "") -> None:
        """Count a failure of something that is never left alone: a page that somebody opens, a job at its time."""
        with self._lock:
            self._note(said(error, place))

    def _note(self, sentence: str) -> None:
        self.counts.failures += 1
        self.counts.error, self.counts.at = sentence, now()
        self._report_in(REPORT)

    def try_again(self) -> None:
        """Let the next call be the trial: somebody asked for it, or it works in another process."""
        with self._lock:
            if self.open_until is not None:
                self.open_until, self._pause = self.clock(), self.limits.pause

    def follow(self, seconds: float) -> None:
        """Leave the hook alone as another process does, which had the same trouble."""
        with self._lock:
            if self.open_until is None:
                moment = self.clock()
                self.open_until, self._since = moment + seconds, moment

    # -- reporting -------------------------------------------------------------------------------------------

    def _report_in(self, seconds: float) -> None:
        self.due = min(self.due, max(self.clock(), self._reported + seconds) if seconds else self.clock())
        self.waiting.add(self)

    def take(self) -> Counts:
        """Return what is to be reported; it counts as reported unless `give_back` follows."""
        with self._lock:
            taken, self.counts = self.counts, Counts()
            self.due, self._reported = math.inf, self.clock()
            self.waiting.discard(self)
            return taken

    def give_back(self, taken: Counts) -> None:
        """Keep for later what could not be reported now."""
        with self._lock:
            mine = self.counts
            self.counts = replace(
                taken, failures=taken.failures + mine.failures, slow=taken.slow + mine.slow,
                skipped=taken.skipped + mine.skipped, opened=taken.opened + mine.opened,
                freed=taken.freed or mine.freed, error=mine.error or taken.error, at=mine.at or taken.at,
            )
            self._report_in(REPORT)

    @property
    def seconds_left(self) -> float:
        """For how long it is left alone; 0 where it works or may be tried."""
        return 0 if self.open_until is None else max(self.open_until - self.clock(), 0)


class Breakers:
    """All breakers of a process."""

    def __init__(self, limits: Limits):
        self.limits, self.clock = limits, time.monotonic
        self._known: dict[tuple[str, str], Breaker] = {}
        self._waiting: set[Breaker] = set()

    def of(self, plugin: str, hook: str) -> Breaker:
        if (known := self._known.get((plugin, hook))) is not None:
            return known
        limits = replace(self.limits, slow=math.inf) if hook in PATIENT else self.limits
        made = Breaker(plugin, hook[:80], limits, lambda: self.clock(), waiting=self._waiting)
        return self._known.setdefault((plugin, hook), made)

    def due(self, everything: bool = False) -> list[Breaker]:
        """Return those of which something is to be reported now; `everything`: of which anything is."""
        if not self._waiting:  # a sound portal: this is what every request asks
            return []
        limit = math.inf if everything else self.clock()
        return [one for one in list(self._waiting) if one.due <= limit]


def said(error: BaseException, place: str) -> str:
    """Return a failure in words that are safe to keep: its kind and where it happened, not what it says."""
    return f"{type(error).__name__[:60]}{f'，{place}' if place else ''}"


def place_of(error: BaseException, home: Path) -> str:
    """Return the last line of a trace that lies in `home`, the plugin's own; "" where none does."""
    found = ""
    for file, line in files_of(error):
        if lies_in(file, home):
            found = f"{file.name} 第 {line} 行"
    return found


def files_of(error: BaseException):
    """Yield (file, line) of the trace of `error`, after that of what caused it."""
    if error.__cause__ is not None:
        yield from files_of(error.__cause__)
    step = error.__traceback__
    while step is not None:
        yield Path(step.tb_frame.f_code.co_filename), step.tb_lineno
        step = step.tb_next


def lies_in(file: Path, home: Path) -> bool:
    """Tell whether `file` is a plugin's: below its folder, or its only file and the templates beside that."""
    return file.is_relative_to(home) or (
        home.suffix == ".py" and file.is_relative_to(home.with_name(f"{home.stem}_templates")))
