"""What the log of a server looks like: one line an event, each with the request or job that it belongs to.

`log_format = "json"` makes every line one JSON object for a central log (GB/T 22239-2019 8.1.5.4); times are RFC 3339
with their offset. A statement that takes long and an error of the database are named without their values: those may be
somebody's name.
"""

import datetime
import logging
import re
import sys
from collections.abc import Callable

import structlog
from flask import g, has_app_context, has_request_context, request

from portal.db import CHINA, database

log = logging.getLogger(__name__)

#: A statement is shown so long; what is longer differs only in how many values it names.
SHOWN = 2000

#: Control characters and marks of direction: a forged line end must not look like a second event.
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

#: What PostgreSQL adds to an error quotes the row ("Failing row contains (3, 王秀兰)") or its key. It may have line
#: ends of its own, so it goes up to where Python goes on, or to the end.
_QUOTED = re.compile(
    r"\n(?:DETAIL|HINT|QUERY|CONTEXT):.*?(?=\n\n(?:The above exception was|During handling of)|\Z)", re.S)
_UNREADABLE = re.compile(r'(invalid input syntax for [^:\n]{1,60}|value out of range): "[^"\n]*"')
#: In a statement that takes no parameters: how a province signs in at a county.
_PASSWORD = re.compile(r"(\bpassword\s+E?)'(?:[^'\\]|''|\\.)*'", re.I | re.S)


def init_app(app, settings: dict) -> None:
    """Name the slow statements of this application's database: those of `slow_query_ms` and more; 0 names none."""
    if settings["slow_query_ms"]:
        database.obj.query_hooks.append(_slow(settings["slow_query_ms"] / 1000))


def configure(settings: dict) -> None:
    """Let everything that this process logs from now on be written in the form of the settings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(settings["log_format"]))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, structlog.stdlib.ProcessorFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(logging.getLevelNamesMapping()[settings["log_level"]], logging.WARNING))


def formatter(form: str) -> logging.Formatter:
    """Return the formatter for `form`, "text" or "json", which takes records of any library."""
    last = structlog.processors.JSONRenderer(ensure_ascii=False) if form == "json" else _line
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.format_exc_info,
            _without_values, last,
        ],
        foreign_pre_chain=[
            structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, _moment, structlog.stdlib.ExtraAdder(),
            _belonging,
        ],
    )


def _moment(_, __, event: dict) -> dict:
    event["time"] = datetime.datetime.now(CHINA).isoformat(timespec="milliseconds")
    return event


def _belonging(_, __, event: dict) -> dict:
    """Add which request or job the event belongs to, whoever logs it."""
    if has_request_context():
        event.setdefault("request", g.get("request_id", ""))
        event.setdefault("endpoint", request.endpoint or "")
    elif has_app_context() and "job" in g:
        event.setdefault("job", g.job)
    return event


def _without_values(_, __, event: dict) -> dict:
    """Take out what an error of the database quotes from the rows; which table and which rule it was stays."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _UNREADABLE.sub(r'\1: "…"', _QUOTED.sub("", value))
    return event


def _line(_, __, event: dict) -> str:
    """Return the event as a line for people: time, level, logger, what happened, and the rest as name=value."""
    trace = event.pop("exception", "")
    head = " ".join(str(event.pop(name, "")) for name in ("time", "level", "logger", "event"))
    rest = "".join(f" {name}={value}" for name, value in event.items())
    return _HIDDEN.sub(lambda sign: sign[0].encode("unicode_escape").decode(), head + rest) + (trace and f"\n{trace}")


def _shown(sql: str) -> str:
    return _PASSWORD.sub(r"\1'…'", sql)[:SHOWN]


def _slow(limit: float) -> Callable:
    def look(event) -> None:
        if event.duration >= limit:
            log.warning("slow query", extra={"ms": round(event.duration * 1000), "sql": _shown(event.sql)})

    return look
