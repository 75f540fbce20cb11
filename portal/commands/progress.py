"""Progress bars for work that reports itself as (text, done, total)."""

import signal
import threading

import click


class Progress:
    """Call it with a text, how much is done and how much there is; a new text begins a new bar.

    `counts`: the bar shows these numbers and how long the rest will take, for work of hours.
    """

    def __init__(self, counts: bool = False):
        self._bar, self._counts = None, counts
        self._text = ""
        self._stopped = False
        self._before = None

    def __call__(self, text: str, done: int = 1, total: int = 1) -> None:
        if self._stopped:
            raise KeyboardInterrupt
        if self._bar is None or text != self._text:
            self.finish()
            self._text = text
            self._bar = click.progressbar(length=max(total, 1), label=text, show_eta=self._counts,
                                         show_pos=self._counts, width=30)
            self._bar.__enter__()
        self._bar.update(max(0, min(done, total) - self._bar.pos))
        if done >= total:
            self.finish()

    @property
    def stopped(self) -> bool:
        """Tell whether somebody interrupted: what a library makes of that may be another error."""
        return self._stopped

    def finish(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
        self._bar = None

    def _stop(self, number, frame) -> None:
        """Stop at once; where the interrupt is lost in a callback of the database, at the next report."""
        self._stopped = True
        raise KeyboardInterrupt

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *error):
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        self.finish()
