"""One transaction for each writing request, and each rendered form is carried out at most once.

A redirect means success and commits; every other answer (the form shown again, a refusal, an error) rolls back, so
nothing is ever half-saved.
"""

import contextlib
import copy
import datetime
import logging
import re
import secrets
import threading
import types

import flask
from flask import abort, g, redirect, request, session
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from portal.db import again, atomic, database, end_left_open, now, reading, seen_so_far, take_back
from portal.forms.models import LONGEST_LOCATION, RequestKey
from portal.prepared import PreparedChange

log = logging.getLogger(__name__)

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
#: How a browser sends a form; "" is a form without fields.
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "")
KEY_LENGTH = 32
KEY = re.compile(f"[0-9a-f]{{{KEY_LENGTH}}}")
#: Nobody sends a form again after a week; until then its key leads to what came of it.
KEPT_DAYS = 7


@contextlib.contextmanager
def _no_way_out():
    try:
        yield
    except (Exception, GeneratorExit):
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        raise RuntimeError(f"a page raised {type(error).__name__}") from error


def _piece_by_piece(pieces):
    with _no_way_out():
        yield from pieces


class Flask(flask.Flask):
    """A Flask whose writing views run inside a transaction of their own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        #: What a room does with a writing request before the write lock is taken (examining uploads, for example).
        self.before_writing = []
        #: What a room takes back before a request is carried out once more, because its transaction lost a race.
        self.undoing = []

    def full_dispatch_request(self):
        """A page that wants to end the process (sys.exit) ends as the error page: the worker serves others too."""
        with _no_way_out():
            response = super().full_dispatch_request()
        if isinstance(response.response, types.GeneratorType):
            response.response = _piece_by_piece(response.response)
        return response

    def dispatch_request(self):
        view = self.view_functions.get(request.endpoint)
        if request.method in ("GET", "HEAD") and getattr(view, "may_lag", False) and not request.routing_exception:
            with reading(seen_so_far()):
                return super().dispatch_request()
        if request.method in SAFE or request.routing_exception or getattr(view, "own_transaction", False):
            return super().dispatch_request()
        request.form  # noqa: B018 - read the body before the write lock is taken: a slow line must not hold it
        as_it_was = _keeping(session, g)
        self._prepare()

        def begin_again():
            for undo in self.undoing:
                undo()
            as_it_was()
            self._prepare()

        try:
            return again(self._carry_out, begin_again)
        except BaseException:
            session.pop("_flashes", None)  # "已保存" must not greet somebody whose act was rolled back
            raise

    def _prepare(self):
        for _, upload in request.files.items(multi=True):
            upload.stream.seek(0)
        for prepare in self.before_writing:
            prepare()

    def _carry_out(self):
        with atomic() as transaction:
            if earlier := _earlier():
                return redirect(earlier, 303)
            response = self.make_response(super().dispatch_request())
            if 300 <= response.status_code < 400:
                _remember(response.location)
            else:
                take_back(transaction)
            return response


def _keeping(cookie, kept):
    """Return a function that makes the session and what the request has gathered what they are now."""
    before, gathered = copy.deepcopy(dict(cookie)), dict(kept.__dict__)

    def as_it_was():
        cookie.clear()
        cookie.update(copy.deepcopy(before))
        kept.__dict__.clear()
        kept.__dict__.update(gathered)

    return as_it_was


def _key() -> str:
    key = request.form.get("_key", "")
    return key if KEY.fullmatch(key) and current_user.is_authenticated else ""


def _earlier() -> str:
    """Return where the result of this very form is shown, "" if it was not carried out yet.

    The row is written first: on PostgreSQL the second of two simultaneous requests waits here for the first.
    """
    if not (key := _key()):
        return ""
    if _first(user=current_user.id, key=key, at=now()):
        return ""
    row = RequestKey.get((RequestKey.user_id == current_user.id) & (RequestKey.key == key))
    return row.location


_first = PreparedChange(lambda slots: (
    RequestKey.insert(user_id=slots.user, key=slots.key, at=slots.at).on_conflict_ignore()
))
_led_to = PreparedChange(lambda slots: (
    RequestKey.update(location=slots.location)
    .where(RequestKey.user_id == slots.user, RequestKey.key == slots.key)
))


def _remember(location: str) -> None:
    if key := _key():
        shown = location if len(location) <= LONGEST_LOCATION else "/"
        _led_to(user=current_user.id, key=key, location=shown)


def new_key() -> str:
    return secrets.token_hex(KEY_LENGTH // 2)


def form_tokens() -> Markup:
    """Return the hidden fields of a form that is only a button: the token, and the key that makes two clicks one."""
    return Markup(
        '<input type="hidden" name="csrf_token" value="{}">'
        '<input type="hidden" name="_key" value="{}" autocomplete="off">'
    ).format(generate_csrf(), new_key())


def forget_old_keys() -> None:
    """Delete the keys of forms that nobody will send again. Called at every sign-in: often enough."""
    RequestKey.delete().where(RequestKey.at < now() - datetime.timedelta(days=KEPT_DAYS)).execute()


def init_app(app) -> None:
    app.jinja_env.globals["form_tokens"] = form_tokens

    @app.before_request
    def take_forms_of_our_own():
        if request.method in SAFE:
            return
        # The token already stops other sites; a browser that says where the request comes from is believed as well.
        if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
            abort(400)
        if request.mimetype not in FORMS:
            abort(415)

    @app.teardown_request
    def leave_no_transaction_open(error):
        if database.obj is not None and end_left_open():
            log.error("request %s left a transaction open; it was rolled back", request.path)
