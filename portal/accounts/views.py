"""Doors for everybody: signing in and out, the own password, the own posts and sessions."""

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, session, url_for
from flask_login import current_user

from portal import audit
from portal.access import before_all_else, own_transaction, public, signed_in
from portal.accounts import passwords, signing
from portal.accounts.forms import PasswordForm, SignInForm
from portal.accounts.models import Session, User
from portal.accounts.next_page import safe_next
from portal.accounts.person import Person
from portal.db import atomic
from portal.values import Refused

blueprint = Blueprint("accounts", __name__, template_folder="templates")


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
@own_transaction
def sign_in():
    form = SignInForm()
    if request.method == "GET":
        form.next.data = safe_next(request.args.get("next"))
        if current_user.is_authenticated:
            return redirect(form.next.data)
    if form.validate_on_submit():
        try:
            person = signing.sign_in(form.name.data, form.password.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            if person is None:
                return redirect(url_for("accounts.second_factor", next=safe_next(form.next.data)))
            if person.must_change_password:
                return redirect(url_for("accounts.change_password"))
            return redirect(safe_next(form.next.data))
    form.password.data = None
    ended = request.method == "GET" and request.args.get("next") and "_user_id" in session
    return render_template("accounts/sign_in.html", form=form, ended=ended), 422 if form.is_submitted() else 200


@blueprint.post("/sign-out")
@public
def sign_out():
    """End the session; whoever presses twice, or whose session is over, is led to the door all the same."""
    if current_user.is_authenticated:
        signing.sign_out(current_user)
    response = redirect(url_for("accounts.sign_in"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.route("/password", methods=["GET", "POST"])
@signed_in
@before_all_else
@own_transaction
def change_password():
    """Choose a new password; every other session of this account ends with it."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            _change(current_user, form)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("密码已修改，其他地方的登录已退出。", "success")
            return redirect("/")
    profile = current_app.config["PORTAL"]["password_profile"]
    page = render_template(
        "accounts/password.html", form=form, forced=current_user.must_change_password, profile=profile,
        shortest=passwords.SHORTEST, days=passwords.DAYS,
    )
    return page, 422 if form.is_submitted() else 200


def _change(person, form) -> None:
    profile = current_app.config["PORTAL"]["password_profile"]
    user = User.get_by_id(person.id)
    if not passwords.verify(user.password_hash, form.old.data):
        with atomic():
            audit.record("accounts.change_password", "user", user.id, result="fail")
        raise Refused("现在的密码不正确。", "old")
    units = [post.unit.short for post in person.posts]
    passwords.set_password(user, form.password.data, profile, *units)
    with atomic():
        user.save(only=passwords.COLUMNS)
        signing.end_sessions(user.id, "password_changed")
        signing.restart(Person(user, person.posts, person.post.id if person.post else None))
        audit.record("accounts.change_password", "user", user.id)


@blueprint.post("/switch-post")
@signed_in
def switch_post():
    """Act in another of the own posts from now on."""
    wanted = request.form.get("post_id", type=int)
    post = next((post for post in current_user.posts if post.id == wanted), None)
    if post is None:
        abort(404)
    Session.update(post_id=post.id).where(Session.id == current_user.session.id).execute()
    audit.record("accounts.switch_post", "post", post.id)
    flash(f"现在以“{post.unit.short} {post.title}”的岗位工作。", "success")
    return redirect("/")


@blueprint.post("/large-type")
@signed_in
@before_all_else
def large_type():
    """Switch large type on or off for this account, and stay on the page."""
    User.update(large_type=not current_user.large_type).where(User.id == current_user.id).execute()
    came_from = request.referrer or ""
    own = came_from.startswith(request.host_url)
    return redirect(safe_next("/" + came_from[len(request.host_url):]) if own else "/")


@blueprint.get("/me")
@signed_in
def me():
    """The own posts, and where this account is signed in."""
    return render_template("accounts/me.html", sessions=signing.live_sessions(current_user))


@blueprint.post("/sessions/<int:session_id>/end")
@signed_in
def end_session(session_id):
    """End one of the own sessions, on a computer that was left signed in."""
    if not signing.end_sessions(current_user.id, "by_owner", only=session_id):
        abort(404)
    audit.record("accounts.end_session", "session", session_id)
    flash("已退出那一处的登录。", "success")
    return redirect(url_for("accounts.me"))


@blueprint.post("/sessions/end-others")
@signed_in
def end_other_sessions():
    """End every own session but this one: for whoever does not know any more where they signed in."""
    ended = signing.end_others(current_user)
    audit.record("accounts.end_session", "session", "others", detail={"sessions": ended})
    flash(f"已退出别处的 {ended} 处登录。" if ended else "别处没有登录。", "success")
    return redirect(url_for("accounts.me"))
