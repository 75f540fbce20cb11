"""Every address that is read, by everybody: no error, and nothing of another village, town or county."""

import pytest

from tests.doors.world import NEIGHBOURS, address, has_chinese, permission_of, plain_of, read, routes
from tests.people_of_the_county import CAST, OTHER_TOWN, PLUGINS, TOWN, person, unit

EVERYBODY = (*CAST, *NEIGHBOURS)
FAR = {"linjia", "linzhen", *NEIGHBOURS}

MEDIATION = ("committee_id", "mediator_id", "team_id", "dispute_id", "sweep_id")
#: Those to whom a village's self-government is closed, and those above it, who see no household.
OTHERS, ABOVE = FAR | {"lincun", "lingan", "linwang", "canlian", "minzheng", "sifaju"}, {
    "zhen", "zhener", "zongzhi", "sifasuo", "xian", "lingdao"}

#: Argument: who must not reach the row of 华光村, though their post permits the page; and who must.
OUTSIDE = {
    "case_id": FAR | {"lincun", "canlian"}, "attachment_id": FAR | {"lincun", "canlian"},
    "resident_id": FAR | {"lincun", "canlian"}, "unit_id": FAR | {"lincun"}, "user_id": set(NEIGHBOURS),
    "post_id": set(NEIGHBOURS), "entry_id": set(NEIGHBOURS), "item_id": set(NEIGHBOURS),
    **dict.fromkeys(MEDIATION, FAR | {"lincun", "linwang", "lingan", "canlian", "minzheng"}),
    **dict.fromkeys(("meeting_id", "charter_id", "clause_id", "opinion_id", "round_id"), OTHERS),
    **dict.fromkeys(("home_id", "banquet_id"), OTHERS | ABOVE),
    "announcement_id": FAR | {"lincun", "canlian", "minzheng", "sifaju"},
    "notice_id": {*CAST, *NEIGHBOURS} - {"cun"},
    "order_id": FAR | {"lincun", "lingan", "linwang", "canlian", "minzheng", "sifaju"},
}
INSIDE = {
    "case_id": {"cun", "shuji", "wangge", "duogang", "zhen", "zhener", "minzheng", "xian", "lingdao"},
    "resident_id": {"cun", "shuji", "wangge", "duogang", "zhen", "zhener", "xian"},
    "unit_id": {"cun", "shuji", "wangge", "duogang", "zhen", "zhener", "minzheng", "canlian", "xian", "lingdao"},
    "order_id": {"cun", "shuji", "zhen", "zhener", "xian", "lingdao"},
    "user_id": {"xitong"}, "post_id": {"xitong"}, "entry_id": {"shenji"}, "item_id": set(CAST) - {"kongkong", "wuzhen"},
    **dict.fromkeys(MEDIATION[:3], {"shuji", "zhen", "zongzhi", "sifasuo", "xian", "sifaju"}),
    "announcement_id": {"cun", "shuji", "wangge", "tiaojie", "zhen", "zhener", "zongzhi", "xian", "lingdao"},
    "notice_id": {"cun"}, "dispute_id": {"tiaojie"},
    "sweep_id": {"shuji", "tiaojie", "wangge", "zongzhi", "xian", "sifaju", "lingdao"},
}
#: Addresses that show a page only to the person whom the step waits for; others are led to the case.
LED_ON = {302, 303}


@pytest.mark.parametrize("name", EVERYBODY)
def test_every_address_answers_each_person_as_their_post_permits(world, stage, browser_of, name):
    browser, who = browser_of(name), person(name)
    for rule in routes(stage, "GET"):
        url, permission = address(rule, world.ids), permission_of(stage, rule)
        browser.open(url, follow=False)
        status = browser.status
        assert status < 500, (name, url)
        if permission == "public":
            continue
        arguments = set(rule.arguments) & set(OUTSIDE)
        if rule.endpoint == "org.switch_plugin":
            arguments = set()  # a village has no switch of its own: see below
        owner = rule.rule.split("/")[1]
        hidden = owner in PLUGINS and owner not in who.enabled
        if hidden:
            assert status == 404, (name, url)
        elif permission != "signed_in" and not who.may(permission):
            assert status == 403, (name, url, status)
        elif any(name in OUTSIDE[one] for one in arguments):
            assert status == 404, (name, url, status)
        elif arguments and all(name in INSIDE.get(one, ()) for one in arguments if one in INSIDE):
            assert status in ({200} | LED_ON), (name, url, status)
        if status >= 400:
            assert has_chinese(read(browser.text).title) and "Traceback" not in browser.text, (name, url)
        browser.response.close()


def test_nobody_signed_in_is_led_to_the_door_from_everywhere(world, stage, visitor_of):
    for rule in routes(stage, "GET"):
        url = address(rule, world.ids)
        visitor = visitor_of().open(url, follow=False)
        if permission_of(stage, rule) == "public" and rule.endpoint != "accounts.second_factor":
            assert visitor.status == 200, url
            continue
        assert visitor.status == 302, (url, visitor.status)
        assert visitor.response.location.startswith("/accounts/sign-in?next="), url
    for url in ("/nothing/such", "/station/nothing", "/cases/1/nothing", "/static-not/x", "/.env", "/admin"):
        assert visitor_of().open(url, follow=False).response.location.startswith("/accounts/sign-in?next="), url


def test_an_id_of_another_county_and_one_that_never_was_look_the_same(world, stage, browser_of):
    rows = ("case_id", "resident_id", "unit_id", "user_id", "entry_id", "item_id", "order_id")
    never = {**world.ids, **dict.fromkeys(rows, 987654)}
    for name in NEIGHBOURS:
        browser, who = browser_of(name), person(name)
        for rule in routes(stage, "GET"):
            permission = permission_of(stage, rule)
            if not set(rule.arguments) & set(OUTSIDE) or not (permission == "signed_in" or who.may(permission)):
                continue
            there = browser.open(address(rule, world.ids), follow=False).text
            status = browser.status
            assert browser.open(address(rule, never), follow=False).status == status == 404, (name, rule.rule)
            assert plain_of(browser.text) == plain_of(there), (name, rule.rule)


@pytest.mark.parametrize("value", [
    "0", "-1", "9" * 23, "9223372036854775808", "2147483648", "1.5", "abc", "٣", "1%00", "%F0%9F%98%80",
    "..%2F..%2Fetc%2Fpasswd", "'", "x" * 3000,
])
def test_an_id_that_is_none_is_a_404(world, stage, browser_of, value):
    for name in ("zhen", "xitong", "anquan", "shenji", "xian"):
        who, browser = person(name), browser_of(name)
        for rule in routes(stage, "GET"):
            permission = permission_of(stage, rule)
            if rule.arguments and (permission == "signed_in" or who.may(permission)):
                for argument in rule.arguments:
                    url = address(rule, {**world.ids, argument: value})
                    assert browser.open(url, follow=False).status in (400, 404), (name, url, browser.status)


def test_a_town_switches_only_its_own_plugins(world, browser_of):
    admin = browser_of("zhenguan")
    assert admin.open(f"/org/plugins/{unit(TOWN).id}/station").status == 200
    for code in (OTHER_TOWN, "510722000000", "510723000000", "510723100000"):
        assert admin.open(f"/org/plugins/{unit(code).id}/station").status == 404, code
    assert browser_of("waixitong").open(f"/org/plugins/{unit(TOWN).id}/station").status == 404
    assert admin.open(f"/org/plugins/{unit(TOWN).id}/nothing").status == 404
    assert admin.open(f"/org/plugins/{unit(TOWN).id}/cases").status == 404, "the core cannot be switched off"


def test_lists_of_one_county_hold_nothing_of_the_other(world, browser_of):
    for name, path in (
        ("waixian", "/cases/"), ("waixian", "/station/"), ("wailing", "/cases/"), ("waixitong", "/accounts/users"),
        ("waishenji", "/audit/"), ("waicun", "/people/"), ("waixian", "/people/"), ("waicun", "/cases/"),
        ("waixian", "/search?q=王秀"), ("waixian", "/search?q=高龄"), ("waixitong", "/org/plugins"),
    ):
        text = browser_of(name).open(path).text
        for word in ("华光", "塔山", "李秀英", "王*兰", "FW104204", "王秀兰"):
            assert word not in text.split("<main")[1], (name, path, word)
