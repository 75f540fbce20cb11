import contextlib
import datetime
from zoneinfo import ZoneInfo

import time_machine

from tests.registry.conftest import start
from tests.registry.sources import hook, plugin

__all__ = ["start"]

#: A plugin with a job of each sort. `bad` fails while a file lies in its way.
WORKS = plugin(
    "works",
    head='''
import pathlib

BROKEN = pathlib.Path(__file__).parent / "broken"


def good():
    return "看了三件事。"


def bad():
    if BROKEN.exists():
        raise ValueError("王" + "秀兰")
    return "又好了。"


def refused():
    raise Refused("还没有载入明年的日历，请先载入。")
''',
    extra=hook("portal_jobs", '''return [
        Job("works.good", "看一看", good, at="02:00"), Job("works.bad", "时好时坏", bad, every=10),
        Job("works.refused", "不肯做", refused, at="05:00"),
    ]'''),
)
FILES = {"works.py": WORKS}


@contextlib.contextmanager
def at(text: str):
    """Stand at a moment of China's wall clock."""
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    with time_machine.travel(moment, tick=False):
        yield
