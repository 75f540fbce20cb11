"""The reminders of this platform. The law sets no limit for any of these steps, so each is a county's own setting; what
guides the villages of a town, the town may set. How long names hang in public, and how soon who appeals is answered, is
the same for everybody in the county.
"""

from portal.kit import Deadline, Setting, setting

OFFICES = "司法所、党政办公室"

SETTINGS = (
    Setting("village_rules.collect", "村规民约：征集意见的提醒期限", 20, "number", "日", "法律没有规定期限，只作提醒",
            1, 180, towns=True),
    Setting("village_rules.draft", "村规民约：起草和修改的提醒期限", 30, "number", "日", "法律没有规定期限，只作提醒",
            1, 180, towns=True),
    Setting("village_rules.review", "村规民约：乡镇审核的提醒期限", 10, "number", "日", "法律没有规定期限，只作提醒",
            1, 180, towns=True),
    Setting("village_rules.vote", "村规民约：召开会议表决的提醒期限", 30, "number", "日", "村民会议要提前 10 日通知",
            11, 180, towns=True),
    Setting("village_rules.file", "村规民约：备案的提醒期限", 10, "number", "日", "法律没有规定备案期限，只作提醒", 1,
            180, towns=True),
    Setting("village_rules.publish", "村规民约：公布的提醒期限", 7, "number", "日", "法律没有规定期限，只作提醒", 1,
            180, towns=True),
    Setting("village_rules.correct", "责令改正：村里回复的提醒期限", 15, "number", "日", "可由乡镇在责令时另定", 1,
            180, towns=True),
    Setting("village_rules.town_office", "村规民约由乡镇哪个办公室审核、备案", OFFICES, "text",
            note="按先后取第一个有的；都没有的，由乡镇办理", towns=True),
    Setting("village_rules.top", "红黑榜：先进户取前几户", 5, "number", "户", "只是建议名单，由评议人员确认", 1, 100,
            towns=True),
    Setting("village_rules.below", "红黑榜：低于多少分建议列为整改户", 80, "number", "分",
            "只是建议名单，由评议人员确认", 1, 100, towns=True),
    Setting("village_rules.posted", "红黑榜：在村公示栏张贴几日", 15, "number", "日",
            "到期后网页和张贴件都不再显示户名", 1, 60),
    Setting("village_rules.mend", "整改户：整改的提醒期限", 15, "number", "日", "由村里定，只作提醒", 1, 90,
            towns=True),
    Setting("village_rules.appeal", "整改户：答复申诉的提醒期限", 7, "number", "日", "申诉答复以前不张榜", 1, 60),
)


def reminder(name: str, place) -> Deadline:
    """Return the reminder `name` ("review") at `place`. Days are counted as they come: nothing lawful hangs on it."""
    return Deadline(setting(f"village_rules.{name}", place), "day", roll=False)


def by(name: str):
    """Return what gives a step its reminder."""
    return lambda case: reminder(name, case)
