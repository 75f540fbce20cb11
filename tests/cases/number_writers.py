"""Opens cases in a process of its own: `python -m tests.cases.number_writers INSTANCE SETTINGS THREADS EACH`."""

import json
import sys

from peewee import OperationalError

from portal import create_app
from tests.cases.making import in_threads, plain
from tests.people_of_the_county import VILLAGE, person, unit


def _open(where, who) -> str:
    """Open a case; on a machine that is busy with other things somebody is told to try again, and does."""
    for _ in range(20):
        try:
            return plain(place=where, who=who).number
        except OperationalError:
            continue
    raise TimeoutError


def main(instance: str, settings: str, threads: str, each: str) -> None:
    app = create_app(instance, json.loads(settings))
    with app.app_context():
        where, who = unit(VILLAGE), person("cun")
        assert who.acts_for  # read before the threads begin

    def write():
        with app.test_request_context():  # as the workers of a server, who queue for SQLite's one lock
            return [_open(where, who) for _ in range(int(each))]

    print(json.dumps([one if isinstance(one, list) else repr(one) for one in in_threads(app, *[write] * int(threads))]))


if __name__ == "__main__":
    main(*sys.argv[1:])
