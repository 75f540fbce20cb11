"""Calls what belongs to a plugin, so that whatever it does stays with it: raising, writing, hanging, ending."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from portal.db import contained, database, is_away, is_lost_race
from portal.registry.breaker import Breaker, Breakers, files_of, lies_in, place_of
from portal.values import Conflict, Plugin, Refused

log = logging.getLogger(__name__)

#: What a plugin answers with, although it is raised.
ANSWERS = (Refused, Conflict)


class Unanswered(Exception):
    """A plugin did not answer: it failed, or is left alone for a while because it did."""


class Calls:
    """Carries out the calls of one application; with `strict` (tests) a failure is raised as it is."""

    def __init__(self, breakers: Breakers, strict: bool):
        self.breakers, self.strict = breakers, strict
        #: Where the code of each plugin lies (a folder, or the only file), to say what failed and where.
        self.homes: dict[str, Path] = {}

    def carry_out(self, plugin: Plugin, what: str, act: Callable, writes: bool = False):
        """Return `act()`; raise Unanswered where it fails, Refused and Conflict as they are.

        A room of the core is only called; a plugin's part of the database is taken back, nothing it raises gets
        through (sys.exit neither), and after some failures it is not called for a while.
        """
        if plugin.level == "core":
            return self._of_core(plugin, what, act)
        breaker = self.breakers.of(plugin.slug, what)
        number = breaker.enter()
        if number is None:
            raise Unanswered(f"{what} of {plugin.slug} is left alone")
        try:
            answer = contained(act, writes)
        except ANSWERS:
            breaker.leave(number)
            raise
        except BaseException as error:
            self._failed(plugin, breaker, number, error)
            raise Unanswered(f"{what} of {plugin.slug}") from error
        if breaker.leave(number):
            self._say_opened(breaker)
        return answer

    def _of_core(self, plugin: Plugin, what: str, act: Callable):
        try:
            return act()
        except ANSWERS:
            raise
        except Exception as error:
            if is_lost_race(error) and database.transaction_depth():
                raise
            self.keep_apart(plugin, what, error)
            raise Unanswered(f"{what} of {plugin.slug}") from error

    def _failed(self, plugin: Plugin, breaker: Breaker, number: int, error: BaseException) -> None:
        if is_interrupt(error):
            breaker.forget(number)
            raise error
        if is_lost_race(error) and database.transaction_depth():  # the whole of it is tried again, this part as well
            breaker.forget(number)
            raise error
        if is_away(error):
            breaker.forget(number)
        elif breaker.leave(number, error, self._place(plugin.slug, error)):
            self._say_opened(breaker)
        self.keep_apart(plugin, breaker.hook, error)

    def _place(self, slug: str, error: BaseException) -> str:
        return place_of(error, self.homes[slug]) if slug in self.homes else ""

    def culprit(self, error: BaseException) -> str:
        """Return the plugin whose code raised `error`, or "": the one that the trace enters last."""
        steps = list(files_of(error))
        for file, _ in reversed(steps):
            for slug, home in self.homes.items():
                if lies_in(file, home):
                    return slug
        return ""

    def _say_opened(self, breaker: Breaker) -> None:
        log.error("%s of the plugin %s is left alone for %.0f s: it failed or was slow again and again",
                  breaker.hook, breaker.plugin, breaker.seconds_left)

    def keep_apart(self, plugin: Plugin, what: str, error: BaseException) -> None:
        """Log what went wrong in a plugin, so that the pages of others stand; in tests it is raised."""
        if self.strict:
            raise error
        log.error("plugin %s failed in %s", plugin.slug, what, exc_info=error)

    def note(self, slug: str, what: str, error: BaseException) -> None:
        """Count a failure of what is called by others: a page, a job. It is logged there."""
        self.breakers.of(slug, what).note(error, self._place(slug, error))


def is_interrupt(error: BaseException) -> bool:
    """Tell whether somebody at the keyboard wants the process to end; elsewhere a plugin only says so."""
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()
