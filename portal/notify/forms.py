from portal.forms import Choice, Day, Flag, Form, LongText, Many, Text, Upload, VersionedForm


class SettingsForm(Form):
    topics = Many("收哪些消息")
    digest = Flag("在工作台显示未读消息")


class PublishForm(Form):
    title = Text("标题", longest=100)
    text = LongText("正文", longest=5000)
    audience = Choice("发给")
    chosen = Many("指定单位")
    valid_until = Day("有效至", required=False)
    attachments = Upload("附件")


class WithdrawForm(VersionedForm):
    reason = Text("撤回理由", longest=200)
