"""Builds the instance that the browser tests visit: python -m tests.browser.ground FOLDER

The county of tests/people_of_the_county.py, and matters in every state, each made by those who make it, on the days on
which they would have. Prints the id of each matter by its name.
"""

import datetime
import json
import sys
from itertools import count
from pathlib import Path

import time_machine

from portal import calendar, create_app
from portal.cases.models import Case
from portal.db import database
from portal.testing import Browser
from tests.people_of_the_county import PASSWORD, PLUGINS, build
from tests.station.door import item, receive, step

#: Invented; the last digit is made to fit.
NAMES = ("许德全", "冯光大", "王天泽", "周明淑", "何清祥", "姜正光", "孙世建", "马有福", "汪彩云", "余国永")


def id_card(serial: int) -> str:
    body = f"5107221940{serial % 12 + 1:02d}{serial % 28 + 1:02d}{serial % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def on(days_ago: int):
    """Travel to half past ten in the morning of a day of the past."""
    moment = datetime.datetime.now(datetime.UTC).replace(hour=2, minute=30) - datetime.timedelta(days=days_ago)
    return time_machine.travel(moment, tick=True)


class Office:
    """The cast at work; they sign in for each thing they do, as a session does not outlive the day."""

    def __init__(self, app):
        self.app = app
        self.serial = count()

    def as_(self, name: str) -> Browser:
        browser = Browser(self.app.test_client())
        browser.send("/accounts/sign-in", name=name, password=PASSWORD)
        return browser

    def receive(self, name: str, what: str, **fields) -> Case:
        serial = next(self.serial)
        who = {"name": NAMES[serial % len(NAMES)], "id_card": id_card(serial), "phone": f"138901122{serial:02d}"}
        with self.app.app_context():
            wanted = item(what)
        return receive(self.as_(name), wanted, **who, **fields)

    def step(self, name: str, case: Case, step_name: str, **fields) -> None:
        browser = step(self.as_(name), case, step_name, **fields)
        assert browser.status == 200, (step_name, browser.status, browser.text)


def matters(office: Office) -> dict[str, int]:
    """Make one matter in each state that a page shows differently; returns their ids by name."""
    made = {}
    with on(41):
        made["overdue"] = office.receive("cun", "高龄津贴")
        made["archived"] = office.receive("cun", "困难残疾人生活补贴")
        made["special"] = office.receive("cun", "重度残疾人护理补贴")
    with on(39):
        for name in ("overdue", "archived", "special"):
            office.step("cun", made[name], "accept")
            office.step("cun", made[name], "forward_town", text="材料齐全，信息比对无异常。")
    with on(37):
        for name in ("archived", "special"):
            office.step("zhen", made[name], "forward_county", text="情况属实。")
    with on(30):
        office.step("minzheng", made["special"], "suspend_county", procedure="公示", text="依规定在村公示七天。")
        office.step("minzheng", made["archived"], "decide", granted="yes", text="符合条件，准予。")
    with on(28):
        answer = {"reply": "已经批准，从下月起按月发到卡上。", "reply_channel": "phone"}
        office.step("cun", made["archived"], "deliver", delivery="account", recipient="冯光大", **answer)
        office.as_("cun").send(f"/cases/{made['archived'].id}/rating", level="4", channel="phone", text="")
        office.step("cun", made["archived"], "archive")
    with on(6):
        made["paused"] = office.receive("cun", "农村集体聚餐备案", everything=False)
        made["declined"] = office.receive("cun", "学生资助和助学贷款", everything=False)
        made["decided"] = office.receive("cun", "临时救助")
        made["to_town"] = office.receive("cun", "受灾人员救助")
    with on(5):
        with office.app.app_context():
            missing = [str(one.id) for one in made["paused"].servicerequest_set.get().materials]
        office.step("cun", made["paused"], "correct", missing=missing, text="请把菜单和厨师健康证明补齐。")
        office.step(
            "cun", made["declined"], "decline", text="请到县政务服务中心相应窗口办理", reply_channel="face",
            reply="这件事归上级部门管，已告诉您地址。",
        )
        for name in ("decided", "to_town"):
            office.step("cun", made[name], "accept")
            office.step("cun", made[name], "forward_town", text="材料齐全，请审核。")
    with on(4):
        office.step("zhen", made["decided"], "decide_town", granted="yes", text="情况属实，同意救助一千二百元。")
    with on(1):
        made["new"] = office.receive("cun", "居住证办理")
        made["next_village"] = office.receive("lincun", "生育登记")
        # A grid without a worker: the workbench says so.
        office.as_("shuji").send("/grid/new", name="山后网格", range="七组", supervision_phone="0816-5221234")
        made["at_hall"] = office.receive("zhener", "老年人优待证", unit_id=str(made["new"].village_id))
    return {name: case.id for name, case in made.items()}


def main(folder: Path) -> None:
    settings = {"argon2_time_cost": 1, "argon2_memory_kib": 64, "trusted_hosts": ["localhost"], "plugins": PLUGINS}
    with on(60):
        build(create_app(folder, settings | {"testing": True}, check=False))
    app = create_app(folder, settings | {"testing": True})
    with app.app_context():
        calendar.portal_demo(lambda *said: None)
    made = matters(Office(app))
    if not database.is_closed():
        database.close()
    print(json.dumps(made))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
