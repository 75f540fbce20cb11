"""What several rooms' tests need: people who act at the same moment, and a database that refuses to write."""

import contextvars
import threading
from contextlib import contextmanager

from portal import create_app
from portal.db import database, is_postgres
from portal.testing import Browser

#: Invented, with a right check digit.
NUMBERS = ["510722194003072224", "510722195512250011", "510722196001010010", "510722198006151233", "510722197204303213"]
WANG = {"name": "王秀兰", "id_card": NUMBERS[0], "phone": "13890112233"}


def side_by_side(*acts):
    """Run `acts` at the same time, each in a thread of its own; whatever one raises is raised here."""
    start, failed = threading.Barrier(len(acts)), []

    def run(act):
        try:
            start.wait(10)
            act()
        except BaseException as error:
            failed.append(error)
        finally:
            if not database.is_closed():
                database.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if failed:
        raise failed[0]


def twin(app, browser) -> Browser:
    """Return a second browser with the same cookies: another request of the same person at the same time."""
    other = Browser(app.test_client())
    for cookie in browser.client._cookies.values():
        other.client.set_cookie(cookie.key, cookie.value)
    return other


def refuse_inserts(table: str) -> None:
    """Let the database refuse every insert into `table`, as a full disk would."""
    if is_postgres():
        database.execute_sql(
            "CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$"
        )
        act = "FOR EACH ROW EXECUTE FUNCTION refuse_all()"
    else:
        act = "BEGIN SELECT RAISE(ABORT, 'refused'); END"
    database.execute_sql(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} {act}")


def form_at(browser, url: str, *names: str):
    """Return the form with `names` on the page `url`, which can be sent from anywhere afterwards."""
    form = browser.open(url).form(names)
    form.action = form.action or url
    return form


def ask(browser, method: str, url: str, **more):
    """Send any request with the browser's cookies, from a context of its own, and return the answer."""
    return contextvars.Context().run(browser.client.open, url, method=method, **more)


def multipart(fields: dict, content: bytes = b"", field: str = "file", name: str = "a.bin") -> dict:
    """Return what sends `fields` and a file as a browser would; werkzeug's own way leaves large files open."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    parts.append(f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n')
    body = "".join(parts).encode() + content + b"\r\n--x--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=x"}


@contextmanager
def another_app(ground, **settings):
    """Yield a second application on the same instance, with other settings; the first one goes on afterwards."""
    before = database.obj
    _release()
    try:
        yield create_app(ground.folder, {**ground.overrides, **settings})
    finally:
        _release()
        database.initialize(before)
        database.connect(reuse_if_open=True)


def _release() -> None:
    if not database.is_closed():
        database.close()
    if is_postgres():
        database.obj.close_all()
