import click

from portal.accounts import keeping, second_factor, signing, work
from portal.accounts.models import Role, User, folded
from portal.accounts.person import SYSTEM
from portal.db import atomic
from portal.org.models import Unit
from portal.values import Refused


@click.group()
def user():
    """账号。"""


@user.command()
@click.argument("name", metavar="账号")
@click.option("--full-name", required=True, help="姓名。")
@click.option("--unit", required=True, help="单位编码，例如 510722104204。")
@click.option("--role", required=True, help="角色，例如 window、town_staff、system_admin。")
@click.option("--title", default="", help="岗位名称。")
def add(name, full_name, unit, role, title):
    """建一个账号，给它一个岗位，显示一次初始密码。"""
    found, held = Unit.get_or_none(Unit.code == unit), Role.get_or_none(Role.slug == role)
    if found is None:
        raise Refused(f"没有编码为 {unit} 的单位。")
    if held is None:
        raise Refused(f"没有角色 {role}；现有：{'、'.join(slug for (slug,) in Role.select(Role.slug).tuples())}。")
    with atomic():
        made, secret = keeping.add_user(name, full_name)
        keeping.add_post(made, found, held, title=title)
    click.echo(f"账号 {made.name}，初始密码（只显示这一次，首次登录须修改）：{secret}")


def _user(name: str) -> User:
    found = User.get_or_none(User.name == folded(name))
    if found is None:
        raise Refused(f"没有账号 {name}。")
    return found


@user.command()
@click.argument("name", metavar="账号")
def passwd(name):
    """重设密码，显示一次。"""
    with atomic():
        secret = keeping.reset_password(_user(name))
    click.echo(f"账号 {name} 的新密码（只显示这一次，首次登录须修改）：{secret}")


@user.command()
@click.argument("name", metavar="账号")
@click.option("--hand-back", is_flag=True, help="先把名下没有办完的工作交回单位。")
def lock(name, hand_back):
    """停用账号，立即退出它的所有登录。名下还有没有办完的工作时不停用，除非交回单位。"""
    with atomic():
        found = _user(name)
        for post in work.posts_of(found) if hand_back else ():
            if keys := [key for key, _ in work.open_work(post)]:
                work.hand(post, keys, None, SYSTEM)
        keeping.lock_user(found, True)
    click.echo(f"账号 {name} 已停用。")


@user.command()
@click.argument("name", metavar="账号")
def unpair(name):
    """取消账号的动态验证码（手机和恢复码都丢了时），本人再登录后重新设置。"""
    with atomic():
        second_factor.take_away(_user(name))
    click.echo(f"账号 {name} 的动态验证码已取消。")


@user.command()
@click.argument("name", metavar="账号")
def unlock(name):
    """恢复停用的账号，并解除因输错密码而加的锁。"""
    with atomic():
        found = _user(name)
        if found.locked:
            keeping.lock_user(found, False)
        signing.unlock(f"user:{found.name}")
    click.echo(f"账号 {name} 已恢复。")
