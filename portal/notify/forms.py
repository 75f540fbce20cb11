from portal.forms import Flag, Form, Many


class SettingsForm(Form):
    topics = Many("收哪些消息")
    digest = Flag("在工作台显示未读消息")
