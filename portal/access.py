"""Who may do what: every route names a permission, and one gate asks for it before anything else runs.

A person acts in one post at a time. Permissions, area and enabled plugins are those of the active post, so that
each act is done in a known capacity. `current_user` must offer `may(permission, unit)` and `enabled`.
"""

from flask import abort, redirect, request, url_for
from flask_login import current_user

#: Marks instead of a permission: for everybody, and for every signed-in person.
PUBLIC = "public"
SIGNED_IN = "signed_in"


def requires(permission: str):
    """Mark a view: only those whose active post holds `permission` get in."""

    def mark(view):
        view.permission = permission
        return view

    return mark


def public(view):
    """Mark a view that is open to everybody, signed in or not."""
    return requires(PUBLIC)(view)


def signed_in(view):
    """Mark a view that every signed-in person may open; it shows only what is theirs."""
    return requires(SIGNED_IN)(view)


def own_transaction(view):
    """Mark a writing view that opens its own transactions, because it must commit even when it refuses."""
    view.own_transaction = True
    return view


def before_all_else(view):
    """Mark a view that stays open while the person must still choose a password or set up a second factor."""
    view.before_all_else = True
    return view


def may_lag(view):
    """Mark a view of a list or of figures: asked for by GET, it may show what was true some seconds ago, as a read-only
    standby has it (setting `replica`). What the person themselves has written is always there."""
    view.may_lag = True
    return view


def unattended(view):
    """Mark a view that a page asks for by itself: that nobody has clicked must not keep a session alive."""
    view.unattended = True
    return view


def who_asks():
    """Return the signed-in person (a Person, or Anonymous) as they are, for whoever asks them more than one thing: each
    look through flask-login's `current_user` finds the request first, and a page has sixty of them."""
    return current_user._get_current_object()


def may(permission: str, unit=None) -> bool:
    """Tell whether the signed-in person's active post holds `permission` and, where given, reaches `unit`."""
    return current_user.is_authenticated and current_user.may(permission, unit)


def init_app(app, registry, on_denied) -> None:
    """Put the gate in front of all that looks at a request; `on_denied(permission)` keeps who was refused."""

    @app.before_request
    def gate():
        view = app.view_functions.get(request.endpoint)
        permission = getattr(view, "permission", None)
        if permission == PUBLIC:
            request.max_content_length = app.config["MAX_FORM_MEMORY_SIZE"]  # a stranger uploads nothing
            return None
        person = who_asks()
        if not person.is_authenticated:
            return _to_sign_in()
        # Before the error of routing is raised: otherwise a wrong method below a disabled plugin would answer 405
        # and so tell that the plugin exists.
        for slug in (request.path.split("/", 2)[1], request.blueprint):
            if slug and registry.is_optional(slug) and slug not in person.enabled:
                request.url_rule = None  # so that no handler of the plugin's own answers for it, or adds a header
                abort(404)
        if request.routing_exception is not None:
            raise request.routing_exception
        first = person.must_first
        if first and request.endpoint != first and not getattr(view, "before_all_else", False):
            return redirect(url_for(first))
        if permission != SIGNED_IN and not person.may(permission):
            on_denied(permission)
            abort(403)
        return None


def _to_sign_in():
    """Answer alike for every path, known or not, so that an outsider learns nothing about what is installed.

    What was sent after the session had ended is not carried out, and not lost: the page for 401 shows it again.
    """
    if request.accept_mimetypes.best == "application/json" or request.headers.get("HX-Request"):
        abort(401)
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
    abort(401)
