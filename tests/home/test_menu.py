"""The menu of each post: what it permits, of what the town has enabled, and nothing else."""

import re

import pytest

from portal.accounts.models import Post

CORE = "", ("工作台", "我的待办", "全部案件", "督办", "通知公告")
FIGURED = "", ("工作台", "我的待办", "全部案件", "督办", "统计", "通知公告")
PEOPLE = "基础信息", ("居民", "单位")
TWINS = "基础信息", ("居民", "疑似重复居民", "重复的件", "单位")
KEPT = "基础信息", ("居民", "疑似重复居民", "到期待清理", "重复的件", "单位")
STATION = "便民服务站", ("收件", "代办事项", "办事指南")
GUIDE = "便民服务站", ("代办事项", "办事指南")
EVENTS, CALLS, LOOKED_AT = ("上报", "网格事件"), ("走访", "巡查", "一户一档"), ("网格与人员", "网格地图", "网格数据")
VILLAGE_GRID, WINDOW_GRID = ("网格管理", (*EVENTS, *CALLS, *LOOKED_AT)), ("网格管理", ("网格事件", "网格与人员"))
TOWN_GRID = "网格管理", (*EVENTS, *CALLS, "重点人员", *LOOKED_AT)
COUNTY_GRID, LEADER_GRID = ("网格管理", (*EVENTS, "重点人员", *LOOKED_AT)), ("网格管理", ("网格事件", *LOOKED_AT))
MEDIATION = "矛盾调处", ("登记纠纷", "矛盾纠纷", "纠纷排查", "调解组织", "调解统计")
RULES = "村民自治", ("村规民约", "施行文本", "会议", "红黑榜", "整改", "红白理事", "自治统计")

#: The headings and lines of the menu, as everybody sees them.
MENUS = {
    **dict.fromkeys(("cun", "lincun", "duogang"), [CORE, STATION, WINDOW_GRID, RULES, PEOPLE]),
    "shuji": [FIGURED, STATION, VILLAGE_GRID, MEDIATION, RULES, TWINS],
    "wangge": [CORE, GUIDE, TOWN_GRID, MEDIATION, RULES, PEOPLE],
    "zhen": [FIGURED, STATION, TOWN_GRID, MEDIATION, RULES, TWINS],
    "wuzhen": [FIGURED, TWINS],
    **dict.fromkeys(("minzheng", "xian"), [FIGURED, GUIDE, COUNTY_GRID, MEDIATION, RULES, KEPT]),
    "lingdao": [FIGURED, GUIDE, LEADER_GRID, (MEDIATION[0], MEDIATION[1][1:]), RULES, ("基础信息", ("单位",))],
    "zhenguan": [("", ("工作台", "通知公告")), ("基础信息", ("单位",)),
                 ("系统管理", ("乡镇设置", "平台启用", "督办规则"))],
    "xitong": [("", ("工作台",)), ("基础信息", ("单位",)),
               ("系统管理", ("账号", "平台设置", "乡镇设置", "平台启用", "督办规则", "日历", "自检", "插件运行状况",
                         "后台任务"))],
    "anquan": [("", ("工作台",)), ("系统管理", ("角色与权限",))],
    "shenji": [("", ("工作台",)), ("系统管理", ("审计记录", "每日校验值"))],
    "kongkong": [("", ("工作台",))],
}


def menu(text: str) -> list[tuple[str, tuple[str, ...]]]:
    part = text.split('aria-label="主菜单"')[1].split("</nav>")[0]
    groups, title = [], ""
    line = r'<h2 class="sidebar-title">([^<]+)|<a class="sidebar-item"[^>]*>.*?<span>([^<]+)</span>'
    for heading, label in re.findall(line, part, re.S):
        if heading:
            title = heading
        elif groups and groups[-1][0] == title:
            groups[-1][1].append(label)
        else:
            groups.append((title, [label]))
    return [(heading, tuple(labels)) for heading, labels in groups]


@pytest.mark.parametrize("name", MENUS)
def test_each_post_has_its_menu(stage, browser_of, name):
    assert menu(browser_of(name).open("/help").text) == MENUS[name]


@pytest.mark.parametrize("name", MENUS)
def test_each_line_opens_and_says_that_it_is_open(stage, browser_of, name):
    browser = browser_of(name)
    part = browser.open("/help").text.split('aria-label="主菜单"')[1].split("</nav>")[0]
    for url in re.findall(r'<a class="sidebar-item" href="([^"]+)"', part):
        assert browser.open(url).status == 200, url
        active = re.findall(r'<a class="sidebar-item" href="([^"]+)" aria-current="page"', browser.text)
        assert active == [url] or url == "/org/", (url, active)


def test_phones_have_three_lines_and_the_begin_in_the_middle(stage, browser_of):
    part = browser_of("cun").open("/").text.split('class="tabbar"')[1].split("</nav>")[0]
    assert re.findall(r"<span>([^<]+)</span>", part) == ["工作台", "我的待办", "收件", "全部案件", "菜单"]
    part = browser_of("xitong").open("/").text.split('class="tabbar"')[1].split("</nav>")[0]
    assert "收件" not in part and "工作台" in part


def test_a_post_that_is_taken_away_takes_its_menu_with_it_on_the_next_click(app, sign_in, cast):
    browser = sign_in("zhenguan")
    assert menu(browser.open("/help").text) == MENUS["zhenguan"]
    Post.delete().where(Post.user == cast["zhenguan"]).execute()
    assert menu(browser.open("/help").text) == [("", ("工作台",))]
    assert browser.open("/org/plugins").status == 403
