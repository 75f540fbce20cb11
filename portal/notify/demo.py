"""What a demo shows of announcements: one of the county, one of a town that its villages have partly read."""

import datetime
from collections import Counter

from portal.accounts.everybody import everybody
from portal.db import today
from portal.notify.announcing import publish, speaks_as
from portal.notify.models import Addressee, Notice
from portal.notify.reading import mark_read

COUNTY = ("关于做好岁末年初便民服务工作的通知",
          "各乡镇：\n\n岁末年初返乡人员多，请安排好便民服务中心（站）值班，节假日前公布值班表和联系电话。\n\n"
          "高龄、残疾等行动不便的群众需要办事的，由村（社区）上门帮办。")
TOWN = ("今冬明春森林防灭火值班安排",
        "各村（社区）：\n\n即日起至明年清明，实行二十四小时值班，每天 17 时前由网格员巡查一次。\n\n"
        "发现火情立即报镇应急办，同时组织疏散。")


def announce_for_demo() -> None:
    """Publish as those of the demo who may; where there is nobody, nothing is published."""
    people = everybody()
    speakers = [person for person in people if person.may("notify.publish")]
    peopled = Counter(person.post.unit.town_id for person in people)
    until = today() + datetime.timedelta(days=60)
    for voice, audience, (title, text) in (("county", "towns", COUNTY), ("town", "villages", TOWN)):
        own = [person for person in speakers if speaks_as(person) == voice]
        if own:
            # The county's service bureau, and the town in which most people can be looked at.
            speaker = max(own, key=lambda one: ("审批" in one.post.unit.name, peopled[one.post.unit.town_id]))
            data = {"title": title, "text": text, "audience": audience, "chosen": [], "valid_until": until}
            _read_by_some(publish(speaker, data))


def _read_by_some(made) -> None:
    """Two of three units have read it, and their people with them."""
    rows = Addressee.select(Addressee.unit).where(Addressee.announcement == made.id).order_by(Addressee.unit)
    units = [key for number, (key,) in enumerate(rows.tuples()) if number % 3]
    Addressee.update(seen=True).where(Addressee.announcement == made.id, Addressee.unit.in_(units or [0])).execute()
    told = [person.id for person in everybody() if person.post.unit.id in units or person.post.unit.parent_id in units]
    mark_read(Notice.user.in_(told or [0]) & (Notice.topic == "notify.announcement"))
