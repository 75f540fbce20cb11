from portal.forms import Choice, Day, Form, Hidden, Many, Secret, Text, VersionedForm
from portal.org.fields import OFFICES, UnitField


class SignInForm(Form):
    name = Text("账号", longest=40)
    password = Secret("密码", longest=512)
    next = Hidden(longest=2000)


class CodeForm(Form):
    code = Text("验证码或恢复码", longest=20)
    next = Hidden(longest=2000)


class SetUpForm(Form):
    password = Secret("现在的密码", longest=512)
    code = Text("手机上的六位验证码", longest=10)


class PasswordForm(Form):
    old = Secret("现在的密码", longest=512)
    password = Secret("新密码")
    again = Secret("再输一遍新密码")

    def validate_again(self, field):
        if field.data != self.password.data:
            field.errors = [*field.errors, "两次输入的新密码不一样。"]


class UserForm(Form):
    name = Text("账号", longest=40)
    full_name = Text("姓名", longest=60)
    expires_on = Day("账号到期日期", required=False)
    unit_id = UnitField("单位", levels=OFFICES)
    role = Choice("角色")
    title = Text("岗位名称", required=False, longest=60)


class EditUserForm(VersionedForm):
    full_name = Text("姓名", longest=60)
    expires_on = Day("账号到期日期", required=False)


class PostForm(Form):
    unit_id = UnitField("单位", levels=OFFICES)
    role = Choice("角色")
    title = Text("岗位名称", required=False, longest=60)
    valid_from = Day("开始日期", required=False)
    valid_to = Day("到期日期", required=False)


class EditPostForm(VersionedForm):
    title = Text("岗位名称", required=False, longest=60)
    valid_from = Day("开始日期")
    valid_to = Day("到期日期", required=False)


class HandWorkForm(Form):
    to = Choice("移交给谁")
    scope = Choice("移交哪些", choices=[("all", "全部"), ("some", "只移交勾选的")], default="all")
    keys = Many("没有办完的工作", required=False)


class AbsenceForm(Form):
    post = Choice("谁请假")
    stand_in = Choice("由谁代理")
    since = Day("从哪天")
    until = Day("到哪天")
    note = Text("事由", required=False, longest=200)


class RoleForm(VersionedForm):
    title = Text("名称", longest=40)
    permissions = Many("权限")


class CloseForm(Form):
    """Says what is to become of the account, so that a second click does not undo the first."""

    to = Choice("账号", choices=[("closed", "停用"), ("open", "恢复")])


class ConfirmForm(Form):
    """A button and nothing else."""
