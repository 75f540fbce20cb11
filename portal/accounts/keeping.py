"""What administrators do to accounts, posts and roles; every act is audited, the last administrator stays."""

import datetime
import re
import secrets

from flask import current_app
from peewee import IntegrityError

from portal import audit
from portal.accounts import passwords, second_factor
from portal.accounts.models import Post, Role, User, folded
from portal.accounts.person import ADMIN_ROLES
from portal.accounts.signing import end_sessions
from portal.accounts.work import refuse_left
from portal.db import atomic, today
from portal.org.editing import keep_open
from portal.org.models import Unit
from portal.values import Conflict, Refused

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
TAKEN = "这个账号已经有人用过；账号不重复使用，请换一个。"


def _hold(row) -> None:
    """Let nobody else decide about `row` until this transaction ends: of two administrators the second sees more."""
    model = type(row)
    model.update(version=model.version).where(model.id == row.id).execute()


# -- accounts ------------------------------------------------------------------------------------------------------

def add_user(
    name: str, full_name: str, *, by=None, password: str | None = None, must_change: bool = True, expires_on=None
) -> tuple[User, str]:
    """Create an account; return (user, initial password). Raises Refused for a name that was ever used."""
    name = folded(name)
    if not NAME.fullmatch(name):
        raise Refused("账号用 2 到 40 个字母、数字或 - _ . 组成，以字母或数字开头。", "name")
    if not full_name.strip():
        raise Refused("请填写姓名。", "full_name")
    user = User(name=name, full_name=full_name.strip(), must_change=True, created_by=getattr(by, "id", None),
                expires_on=expires_on)
    secret = passwords.give_initial(user, current_app.config["PORTAL"]["initial_password_hours"])
    if password is not None:
        user.password_hash, secret = passwords.hashed(password), password
    if not must_change:
        user.must_change, user.initial_until = False, None
    try:
        with atomic():  # of its own: after a refused row the rest of the transaction must go on
            user.save(force_insert=True)
    except IntegrityError:
        raise Refused(TAKEN, "name") from None
    audit.record("accounts.create", "user", user.id, detail=_called(user))
    return user, secret


def _called(user: User, **more) -> dict:
    return {"name": user.name, "full_name": user.full_name, **more}


def edit_user(user: User, data: dict, version: int, by) -> None:
    """Change the full name and the day on which the account expires; raises Conflict for an outdated `version`."""
    before = {name: getattr(user, name) for name in ("full_name", "expires_on")}
    after = {name: data[name] for name in before}
    ends = after["expires_on"]
    if ends is not None:
        if by.id == user.id and ends < today():
            raise Refused("不能让自己的账号过期，请由另一位管理员办理。", "expires_on")
        _keep_administrators(user)
    done = User.update(**after, version=User.version + 1).where(User.id == user.id, User.version == version).execute()
    if not done:
        raise Conflict("另一位管理员", f"改动了账号“{user.name}”", f"/accounts/users/{user.id}")
    if ends is not None and ends < today():
        refuse_left(*_with_user(Post.user == user.id))
        end_sessions(user.id, "expired")
    audit.record("accounts.edit", "user", user.id, changes=audit.differences(before, after), detail=_called(user))


def reset_password(user: User, by=None) -> str:
    """Give the account a new initial password, end its sessions, and return the password."""
    if by is not None and by.id == user.id:
        raise Refused("自己的密码请在“我的账号”里修改。")
    _leave_apart({post.role for post in valid_posts().where(Post.user == user.id)}, by)
    secret = passwords.give_initial(user, current_app.config["PORTAL"]["initial_password_hours"])
    user.save(only=passwords.COLUMNS)
    end_sessions(user.id, "password_reset")
    audit.record("accounts.reset_password", "user", user.id, detail=_called(user))
    return secret


def unpair(user: User, by=None) -> None:
    """Take the second factor away; of another kind of administrator only at the server's command line."""
    if by is not None and by.id == user.id:
        raise Refused("自己的动态验证码请在“我的账号”里更换。")
    _leave_apart({post.role for post in valid_posts().where(Post.user == user.id)}, by)
    second_factor.take_away(user, by)


def _leave_apart(roles, by) -> None:
    """Raise Refused where an administrator would get hold of another kind's account or role (三员分立): whoever resets
    the audit administrator's password can sign in as them. At the server's command line (`by` None) it stays possible.
    """
    own = by.post.role if by is not None and by.post else None
    if by is not None and (others := [role.title for role in roles if role.exclusive and role.slug != own]):
        raise Refused(f"三员分立：{'、'.join(others)}的账号和岗位，由同类管理员或在服务器上用命令办理。", "role")


def lock_user(user: User, locked: bool, by=None) -> None:
    """Close an account or open it again. Nobody closes their own, and the last administrator of a kind stays."""
    if user.locked == locked:
        raise Refused("这个账号已经停用了。" if locked else "这个账号没有停用。")
    if locked:
        if by is not None and by.id == user.id:
            raise Refused("不能停用自己的账号，请由另一位管理员办理。")
        _keep_administrators(user)
        refuse_left(*_with_user(Post.user == user.id))
    user.locked = locked
    User.update(locked=locked, version=User.version + 1).where(User.id == user.id).execute()
    ended = end_sessions(user.id, "locked") if locked else 0
    act = "accounts.close" if locked else "accounts.reopen"
    audit.record(act, "user", user.id, detail=_called(user, sessions=ended))


# -- posts ---------------------------------------------------------------------------------------------------------

def add_post(
    user: User, unit: Unit, role: Role, *, title: str = "", by=None, valid_from=None, valid_to=None
) -> Post:
    """Give the person a post. An exclusive role stands alone (三员分立), and nobody gives themselves anything."""
    if by is not None and by.id == user.id:
        raise Refused("不能给自己增加岗位，请由另一位管理员办理。")
    _hold(user)
    held = list(valid_posts().where(Post.user == user.id))
    if any(post.unit_id == unit.id and post.role_id == role.id for post in held):
        raise Refused("这个人在这个单位已有同样的岗位。", "role")
    if held and (role.exclusive or any(post.role.exclusive for post in held)):
        raise Refused("系统、安全、审计管理员必须专人专岗，不能与其他岗位兼任。", "role")
    if unit.valid_to is not None or unit.county_id is None:
        raise Refused("这个单位已停用，或不在县里。", "unit_id")
    if role.exclusive and unit.town_id is not None:
        raise Refused("系统、安全、审计管理员管全县，岗位只能设在县一级。", "unit_id")
    _leave_apart([role], by)
    valid_from = valid_from or today()
    _check_days(valid_from, valid_to)
    post = Post.create(user=user, unit=unit, role=role, title=title or role.title, valid_from=valid_from,
                       valid_to=valid_to, created_by=getattr(by, "id", None))
    keep_open(unit)
    audit.record("accounts.add_post", "user", user.id, detail=_called(
        user, unit=unit.name, role=role.title, valid_from=valid_from, valid_to=valid_to
    ))
    return post


def _check_days(valid_from, valid_to) -> None:
    if valid_to is None:
        return
    if valid_to < valid_from:
        raise Refused("到期日期不能早于开始日期。", "valid_to")
    if valid_to < today():
        raise Refused("到期日期已经过去；要马上结束岗位，请点“结束”。", "valid_to")


def edit_post(post: Post, data: dict, version: int, by) -> None:
    """Change what a post is called and from when until when it counts; raises Conflict for an outdated `version`."""
    before = {name: getattr(post, name) for name in ("title", "valid_from", "valid_to")}
    after = {"title": data["title"] or post.title, "valid_from": data["valid_from"], "valid_to": data["valid_to"]}
    _check_days(after["valid_from"], after["valid_to"])
    if after["valid_to"] is not None or after["valid_from"] > today():
        _keep_one(post)
    if after["valid_from"] > today():
        refuse_left(*_with_user(Post.id == post.id))
    done = Post.update(**after, version=Post.version + 1).where(Post.id == post.id, Post.version == version).execute()
    if not done:
        raise Conflict("另一位管理员", "改动了这个岗位", f"/accounts/users/{post.user_id}")
    if after["valid_from"] > today():
        end_sessions(post.user_id, "post_ended", post=post.id)
    audit.record("accounts.edit_post", "user", post.user_id, changes=audit.differences(before, after),
                 detail={"unit": post.unit.name, "role": post.role.title})


def end_post(post: Post, by=None) -> None:
    """End a post from today on; sessions in it end at once. Raises WorkLeft while open work hangs on it."""
    _keep_one(post)
    refuse_left(*_with_user(Post.id == post.id))
    yesterday = today() - datetime.timedelta(days=1)
    Post.update(valid_to=yesterday, version=Post.version + 1).where(Post.id == post.id).execute()
    end_sessions(post.user_id, "post_ended", post=post.id)
    audit.record("accounts.end_post", "user", post.user_id, detail={"unit": post.unit.name, "role": post.role.title})


def _with_user(condition) -> list[Post]:
    """Return the posts that have not ended, with all that says what hangs on them; held until the transaction ends, so
    that nobody hands a case to somebody who is just leaving."""
    posts = valid_posts().select(Post, Role, Unit, User).switch(Post).join(User).where(condition).order_by(Post.id)
    found = list(posts)
    for post in found:
        _hold(post)
    return found


def valid_posts():
    """Return the query of the posts that have not ended, with their units and roles."""
    return (
        Post.select(Post, Role, Unit).join(Role).switch(Post).join(Unit)
        .where(Post.valid_to.is_null() | (Post.valid_to >= today()))
    )


def _keep_administrators(user: User) -> None:
    for post in valid_posts().where(Post.user == user.id):
        _keep_one(post)


def _keep_one(post: Post) -> None:
    """Raise Refused if nobody else in the county would be left to do what this administrator does."""
    if post.role.slug not in ADMIN_ROLES:
        return
    _hold(post.role)
    others = (
        Post.select().join(User).switch(Post).join(Unit)
        .where(
            Post.role == post.role_id, Post.user != post.user_id, Unit.county_id == post.unit.county_id,
            User.locked == False, User.expires_on.is_null() | (User.expires_on >= today()),  # noqa: E712
            Post.valid_from <= today(), Post.valid_to.is_null() | (Post.valid_to >= today()),
        )
    )
    if not others.exists():
        raise Refused(f"这是最后一位{post.role.title}，请先任命另一位。")


# -- roles ---------------------------------------------------------------------------------------------------------

def assignable(role: Role | None, permissions) -> list:
    """Return which of `permissions` a security administrator may give to `role`.

    What the program gives to an administrator alone stays with that administrator, and administrators get nothing
    else: otherwise one of the three could take over what another one is there to watch.
    """
    if role is not None and role.exclusive:
        return [permission for permission in permissions if role.slug in permission.roles]
    return [one for one in permissions if not one.roles or not set(one.roles) <= set(ADMIN_ROLES)]


def add_role(title: str, permissions: list[str]) -> Role:
    _only_title(title)
    role = Role.create(slug=f"role-{secrets.token_hex(4)}", title=title, permissions=sorted(permissions))
    audit.record("accounts.add_role", "role", role.id, detail={"title": title, "permissions": role.permissions})
    return role


def save_role(role: Role, title: str, permissions: list[str], version: int) -> None:
    """Change what a role permits; raises Conflict if somebody changed it since `version` was on screen."""
    _only_title(title, role)
    if role.exclusive:
        permissions = role.permissions
    before = {"title": role.title, "permissions": role.permissions}
    after = {"title": title, "permissions": sorted(permissions)}
    done = (
        Role.update(**after, version=Role.version + 1).where(Role.id == role.id, Role.version == version).execute()
    )
    if not done:
        raise Conflict("另一位管理员", f"改动了角色“{role.title}”", f"/accounts/roles/{role.id}")
    audit.record("accounts.change_role", "role", role.id, changes=audit.differences(before, after))


def _only_title(title: str, role: Role | None = None) -> None:
    if Role.select().where(Role.title == title, Role.id != (role.id if role else 0)).exists():
        raise Refused("已有同名的角色，请换一个名称。", "title")
