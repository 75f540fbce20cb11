"""What is asked for, and no more."""

from portal.kit import (
    Choice,
    Flag,
    Form,
    IdCardField,
    LongText,
    PhoneField,
    Text,
    UnitField,
    VersionedForm,
)

CALENDARS = [("lunar", "农历"), ("solar", "公历")]
REPLY_CHANNELS = [("face", "当面"), ("phone", "电话"), ("paper", "书面"), ("door", "上门")]


class MarketForm(Form):
    name = Text("集市名称", longest=40)
    unit = UnitField("设在哪里", levels=("town", "village"))
    site = Text("具体地点", required=False, longest=100)
    calendar = Choice("按什么历", choices=CALENDARS, default="lunar")
    rule = Text("逢几赶集", longest=40)
    thirty_first = Flag("公历 31 日也赶集")


class MarketEditForm(VersionedForm):
    name = Text("集市名称", longest=40)
    site = Text("具体地点", required=False, longest=100)
    calendar = Choice("按什么历", choices=CALENDARS, default="lunar")
    rule = Text("逢几赶集", longest=40)
    thirty_first = Flag("公历 31 日也赶集")
    paused = Text("停集的原因", required=False, longest=100)


class StallForm(Form):
    number = Text("摊位编号", longest=20)
    trade = Text("经营什么", longest=40)


class HolderForm(VersionedForm):
    name = Text("摊主姓名", longest=50)
    id_card = IdCardField("身份证号", required=False)
    phone = PhoneField("电话", required=False)


class FreeForm(VersionedForm):
    """Only a button, but over the stall that was on the screen: not over whoever got it since."""


class AskForm(Form):
    market = Choice("问哪个集市", choices=[])
    stall = Text("摊位编号", required=False, longest=20)
    name = Text("来人姓名", longest=50)
    title = Text("问什么", longest=60)
    text = LongText("具体情况", required=False, longest=1000)


class LookForm(VersionedForm):
    text = LongText("去核实什么", longest=500)


class AnswerForm(VersionedForm):
    """What the person is told, and how: without it no question is closed."""

    reply = LongText("给来人的答复", longest=1000)
    reply_channel = Choice("告知方式", choices=REPLY_CHANNELS, default="face")
