"""移交工作: the page on which all that hangs on a post goes to colleagues, or back to the unit."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from portal.access import signed_in
from portal.accounts import keeping, work
from portal.accounts.forms import HandWorkForm
from portal.accounts.models import Post
from portal.accounts.views import blueprint
from portal.accounts.work import WorkLeft
from portal.db import atomic
from portal.values import Refused

#: More boxes to tick help nobody; "all" hands over what is not shown as well.
SHOWN = 200
#: What an administrator came for, and does once nothing is left.
THEN = {"end": "结束岗位", "close": "停用账号"}


@blueprint.route("/posts/<int:post_id>/work", methods=["GET", "POST"])
@signed_in
def hand_work(post_id):
    """Hand the open work of a post to one or several colleagues, or back to the unit; what is left is shown again."""
    post = work.full(post_id)
    if post is None or not work.may_hand(current_user, post):
        abort(404)
    found, then = work.open_work(post), _then(post)
    form = HandWorkForm()
    form.keys.choices = [(key, one.title) for key, one in found]
    form.to.choices = _successors(post)
    if form.validate_on_submit():
        try:
            said, left = _hand(post, form, found, then)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(said, "success")
            return redirect(url_for("accounts.hand_work", post_id=post.id, then=then or None) if left else _done(post))
    view = {"post": post, "form": form, "found": found[:SHOWN], "total": len(found), "then": THEN.get(then, ""),
            "back": _done(post), "here": url_for("accounts.hand_work", post_id=post.id, then=then or None)}
    return render_template("accounts/hand_work.html", **view), 422 if form.is_submitted() else 200


def _then(post: Post) -> str:
    wanted = request.args.get("then", "")
    return wanted if wanted in THEN and current_user.may("accounts.manage") and post.user_id != current_user.id else ""


def _successors(post: Post) -> list[tuple[str, str]]:
    people = [(str(one.id), f"{one.user.full_name}（{one.unit.short}，{one.title}）") for one in work.colleagues(post)]
    return [("", "请选择"), *people, ("unit", f"交回{post.unit.short}，由单位另行安排")]


def _hand(post: Post, form, found: list, then: str) -> tuple[str, bool]:
    """Hand over what was chosen and, where nothing is left, do what the administrator came for; return what to say,
    and whether something is left."""
    keys = [key for key, _ in found] if form.scope.data == "all" else form.keys.data
    successor = None if form.to.data == "unit" else work.full(int(form.to.data))
    with atomic():
        count = work.hand(post, keys, successor, current_user)
        left = bool(work.open_work(post))
        said = f"已移交 {count} 项" + ("，还有没移交的。" if left else "。")
        if then and not left:
            said = _finish(post, then, said)
    return said, left


def _finish(post: Post, then: str, said: str) -> str:
    try:
        if then == "end":
            keeping.end_post(post, by=current_user)
            return f"{said}岗位已结束。"
        keeping.lock_user(post.user, True, by=current_user)
        return f"{said}账号已停用，所有登录已退出。"
    except WorkLeft as other:  # closing the account: another of its posts carries something too
        return f"{said}{other.sentence}"


def _done(post: Post) -> str:
    if current_user.may("accounts.manage") and post.user_id != current_user.id:
        return url_for("accounts.user", user_id=post.user_id)
    return url_for("accounts.absences")
