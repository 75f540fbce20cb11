"""Pages of the system administrator (accounts and posts) and of the security administrator (roles, locks)."""

import datetime

from flask import abort, current_app, flash, redirect, render_template, request, session, url_for
from flask_login import current_user
from peewee import fn
from playhouse.flask_utils import get_object_or_404

from portal.access import requires
from portal.accounts import keeping, signing
from portal.accounts.forms import CloseForm, ConfirmForm, EditPostForm, EditUserForm, PostForm, RoleForm, UserForm
from portal.accounts.models import Post, Role, User
from portal.accounts.person import acting_as
from portal.accounts.views import blueprint
from portal.accounts.work import WorkLeft
from portal.db import now, today
from portal.forms import row_id
from portal.org.models import Unit
from portal.registry import registry_of
from portal.values import Refused

PAGE = 50
#: Who did not come for so long is listed, so that somebody asks whether the account is still needed.
DORMANT = datetime.timedelta(days=90)
STATES = {
    "open": "正常", "closed": "已停用", "expired": "已过期", "dormant": "90 天未登录", "idle": "没有岗位",
}


def _county() -> int:
    return current_user.post.unit.county_id


def _of_this_county():
    """Return the users that have, or had, a post in the administrator's county, and those without any post yet."""
    here = Post.select(Post.user).join(Unit).where(Unit.county_id == _county())
    anywhere = Post.select(Post.user)
    return User.select().where(User.id.in_(here) | User.id.not_in(anywhere))


def _user(user_id: int) -> User:
    return get_object_or_404(_of_this_county(), User.id == user_id)


# -- accounts ------------------------------------------------------------------------------------------------------

@blueprint.get("/users")
@requires("accounts.manage")
def users():
    """All accounts of the county, newest first: search, state, paging by key."""
    words, state = request.args.get("q", "").strip()[:40], request.args.get("state", "")
    query = _in_state(_of_this_county(), state)
    if words:
        query = query.where(User.name.contains(words.casefold()) | User.full_name.contains(words))
    after = request.args.get("after", type=row_id)
    if after is not None:
        query = query.where(User.id < after)
    found = list(query.order_by(User.id.desc()).limit(PAGE + 1))
    posts = {}
    for post in keeping.valid_posts().where(Post.user.in_([user.id for user in found])).order_by(Post.id):
        posts.setdefault(post.user_id, []).append(post)
    kept = {name: value for name, value in (("q", words), ("state", state)) if value}
    return render_template(
        "accounts/users.html", found=found[:PAGE], posts=posts, words=words, state=state, chips=_chips(words, state),
        more=url_for("accounts.users", after=found[PAGE - 1].id, **kept) if len(found) > PAGE else None,
        first=url_for("accounts.users", **kept) if after is not None else None,
    )


def _chips(words: str, state: str) -> list[dict]:
    every = {"": "全部", **STATES}
    return [
        {"label": label, "url": url_for("accounts.users", q=words or None, state=key or None), "active": state == key}
        for key, label in every.items()
    ]


def _in_state(query, state: str):
    gone, lasting = User.expires_on < today(), User.expires_on.is_null() | (User.expires_on >= today())
    if state == "open":
        return query.where(User.locked == False, lasting)  # noqa: E712
    if state == "closed":
        return query.where(User.locked == True)  # noqa: E712
    if state == "expired":
        return query.where(User.locked == False, gone)  # noqa: E712
    if state == "dormant":
        return query.where(User.locked == False, fn.COALESCE(User.last_seen, User.created) < now() - DORMANT)  # noqa: E712
    if state == "idle":
        return query.where(User.id.not_in(keeping.valid_posts().select(Post.user)))
    return query


@blueprint.route("/users/add", methods=["GET", "POST"])
@requires("accounts.manage")
def add_user():
    form = UserForm()
    _offer(form)
    if form.validate_on_submit():
        try:
            user, secret = keeping.add_user(
                form.name.data, form.full_name.data, by=current_user, expires_on=form.expires_on.data
            )
            role = Role.get(Role.slug == form.role.data)
            keeping.add_post(user, form.unit_id.unit, role, title=form.title.data, by=current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            return _show_once(user, secret, "账号已建立")
    return render_template("accounts/add_user.html", form=form), 422 if form.is_submitted() else 200


def _offer(form) -> None:
    form.unit_id.offer()
    form.role.choices = [("", "请选择"), *Role.select(Role.slug, Role.title).order_by(Role.id).tuples()]


def _show_once(user: User, secret: str, what: str):
    """Keep the initial password for exactly one page."""
    session["shown_once"] = [user.id, secret]
    flash(f"{what}，初始密码只显示这一次。", "success")
    return redirect(url_for("accounts.user", user_id=user.id))


@blueprint.get("/users/<int:user_id>")
@requires("accounts.manage")
def user(user_id):
    """One account: what it is, which posts it has, where it is signed in."""
    user = _user(user_id)
    shown_for, secret = session.pop("shown_once", (None, ""))
    posts = (
        Post.select(Post, Role, Unit).join(Role).switch(Post).join(Unit)
        .where(Post.user == user.id).order_by(Post.id.desc())
    )
    return render_template(
        "accounts/user.html", user=user, posts=list(posts), secret=secret if shown_for == user.id else "",
        live=len(signing.live_sessions(acting_as(user))), own=user.id == current_user.id,
    )


@blueprint.route("/users/<int:user_id>/edit", methods=["GET", "POST"])
@requires("accounts.manage")
def edit_user(user_id):
    user = _user(user_id)
    form = EditUserForm(obj=user)
    if form.validate_on_submit():
        try:
            keeping.edit_user(user, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存。", "success")
            return redirect(url_for("accounts.user", user_id=user.id))
    return render_template("accounts/edit_user.html", form=form, user=user), 422 if form.is_submitted() else 200


@blueprint.post("/users/<int:user_id>/reset")
@requires("accounts.manage")
def reset_user(user_id):
    user = _user(user_id)
    _confirmed(ConfirmForm())
    return _show_once(user, keeping.reset_password(user, by=current_user), "密码已重置")


@blueprint.post("/users/<int:user_id>/unpair")
@requires("accounts.manage")
def unpair_user(user_id):
    """Take the second factor away from somebody whose phone and recovery codes are gone."""
    user = _user(user_id)
    _confirmed(ConfirmForm())
    keeping.unpair(user, by=current_user)
    flash("动态验证码已取消，请本人登录后重新设置。", "success")
    return redirect(url_for("accounts.user", user_id=user.id))


@blueprint.post("/users/<int:user_id>/close")
@requires("accounts.manage")
def close_user(user_id):
    """Close the account, or open a closed one again."""
    user, form = _user(user_id), CloseForm()
    _confirmed(form)
    try:
        keeping.lock_user(user, form.to.data == "closed", by=current_user)
    except WorkLeft as left:
        return _to_work(left, "close")
    flash("账号已停用，所有登录已退出。" if user.locked else "账号已恢复。", "success")
    return redirect(url_for("accounts.user", user_id=user.id))


def _confirmed(form) -> None:
    if not form.validate_on_submit():
        abort(400)


# -- posts ---------------------------------------------------------------------------------------------------------

@blueprint.route("/users/<int:user_id>/posts/add", methods=["GET", "POST"])
@requires("accounts.manage")
def add_post(user_id):
    user = _user(user_id)
    form = PostForm()
    _offer(form)
    if form.validate_on_submit():
        try:
            role = Role.get(Role.slug == form.role.data)
            keeping.add_post(user, form.unit_id.unit, role, title=form.title.data, by=current_user,
                             valid_from=form.valid_from.data, valid_to=form.valid_to.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("岗位已增加，本人不用重新登录。", "success")
            return redirect(url_for("accounts.user", user_id=user.id))
    return render_template("accounts/add_post.html", form=form, user=user), 422 if form.is_submitted() else 200


def _post(user: User, post_id: int) -> Post:
    return get_object_or_404(keeping.valid_posts(), Post.id == post_id, Post.user == user.id)


@blueprint.route("/users/<int:user_id>/posts/<int:post_id>/edit", methods=["GET", "POST"])
@requires("accounts.manage")
def edit_post(user_id, post_id):
    """Change what a post is called and from when until when it counts."""
    user = _user(user_id)
    post = _post(user, post_id)
    form = EditPostForm(obj=post)
    if form.validate_on_submit():
        try:
            keeping.edit_post(post, form.values(), form.version.data, current_user)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("已保存。", "success")
            return redirect(url_for("accounts.user", user_id=user.id))
    view = {"form": form, "user": user, "post": post}
    return render_template("accounts/edit_post.html", **view), 422 if form.is_submitted() else 200


@blueprint.post("/users/<int:user_id>/posts/<int:post_id>/end")
@requires("accounts.manage")
def end_post(user_id, post_id):
    user = _user(user_id)
    _confirmed(ConfirmForm())
    try:
        keeping.end_post(_post(user, post_id), by=current_user)
    except WorkLeft as left:
        return _to_work(left, "end")
    flash("岗位已结束。", "success")
    return redirect(url_for("accounts.user", user_id=user.id))


def _to_work(left: WorkLeft, then: str):
    """Lead to the page on which the work is handed over, after which `then` is done."""
    flash(left.sentence, "warn")
    return redirect(url_for("accounts.hand_work", post_id=left.post.id, then=then))


# -- roles and locks -----------------------------------------------------------------------------------------------

@blueprint.get("/roles")
@requires("accounts.policy")
def roles():
    """What each role permits, and which accounts are locked after failed sign-ins."""
    found = list(Role.select().order_by(Role.id))
    return render_template("accounts/roles.html", roles=found, locks=signing.locks())


@blueprint.route("/roles/add", methods=["GET", "POST"])
@requires("accounts.policy")
def add_role():
    form = _role_form(None)
    return _save_role(form, None, lambda: keeping.add_role(form.title.data, form.permissions.data))


@blueprint.route("/roles/<int:role_id>", methods=["GET", "POST"])
@requires("accounts.policy")
def role(role_id):
    role = get_object_or_404(Role, Role.id == role_id)
    form = _role_form(role)
    return _save_role(
        form, role, lambda: keeping.save_role(role, form.title.data, form.permissions.data, form.version.data)
    )


def _role_form(role: Role | None) -> RoleForm:
    form = RoleForm(obj=role)
    offered = keeping.assignable(role, registry_of(current_app).permissions())
    form.permissions.choices = [(permission.name, permission.title) for permission in offered]
    return form


def _save_role(form: RoleForm, role: Role | None, save):
    if form.validate_on_submit():
        try:
            save()
        except Refused as refused:
            form.refuse(refused)
        else:
            flash("角色已保存，立即生效。", "success")
            return redirect(url_for("accounts.roles"))
    return render_template("accounts/role.html", role=role, form=form), 422 if form.is_submitted() else 200


@blueprint.post("/unlock")
@requires("accounts.policy")
def unlock():
    """Let an account or an address try again before its lock ends by itself."""
    _confirmed(ConfirmForm())
    done = signing.unlock(request.form.get("key", "").replace("\0", "")[:80])
    flash("已解锁。" if done else "这个锁已经解开了。", "success")
    return redirect(url_for("accounts.roles"))
