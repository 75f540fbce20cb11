"""The orchard dispute, from 排查 to 归档, by the people who settle it, and its papers."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, print_to_pdf
from tests.browser.test_pages import AXE, complaints, flaws

pytestmark = pytest.mark.browser

FIVE = (
    ("谢朝富", "男", "主任"), ("唐世容", "女", ""), ("邓国民", "男", ""), ("罗素清", "女", ""), ("蒋开贵", "男", ""),
)
BROTHERS = {
    "a_name": "张建国", "a_id_card": "510722196003071212", "b_name": "张建华", "b_id_card": "510722196405121235",
}
VISITS = (
    ("上门", "张建国家院坝", "先到哥哥家。哥哥说树是父亲留下的，换地时只讲了地。", "待续"),
    ("背靠背", "张建华家", "再到弟弟家。弟弟说换地就是连树一起换，愿意商量补一点钱。", "待续"),
    ("集中", "华光村委会", "两兄弟同意：弟弟补六百元，树归弟弟，今年的果子归哥哥。", "调解成功"),
)
#: name of the paper: (words that it must hold, pages)
PAPERS = {
    "registration": (("人民调解受理登记表", "主动排查", "三棵藤椒树", "510722********1212"), 1),
    "rights": (("权利义务告知书", "选择或者接受人民调解员", "如实陈述纠纷事实", "谢朝富"), 1),
    "rounds": (("人民调解记录", "第 3 次，共 3 次", "先到哥哥家", "张建华家", "调解成功"), 3),
    "agreement": (("人民调解协议书", "三棵藤椒树归张建华", "600.00 元", "一式 3 份", "人民调解委员会印章"), 1),
    "follow-up": (("人民调解回访记录", "已履行", "两家一起摘了藤椒"), 1),
}


def found_committee(page) -> None:
    """Register the village's committee, and its 说理小组 of five."""
    page.goto("/mediation/committees/new")
    page.fill("[name=name]", "华光村人民调解委员会")
    page.fill("[name=elected_on]", "2025-06-01")
    page.get_by_label("村居", exact=True).check()
    for number, (name, sex, duty) in enumerate(FIVE, 1):
        page.fill(f"[name=name_{number}]", name)
        page.select_option(f"[name=sex_{number}]", label=sex)
        if duty:
            page.select_option(f"[name=duty_{number}]", label=duty)
    page.click(".form-bar .btn-primary")
    expect(page.locator(".flash")).to_contain_text("已登记华光村人民调解委员会")
    page.click("a:has-text('登记小组') >> nth=0")
    for name, _, duty in FIVE:
        page.get_by_label(f"{name}（{duty or '委员'}）", exact=True).check()
    page.select_option("[name=leader]", label="谢朝富")
    page.click(".form-bar .btn-primary")
    expect(page.locator("main")).to_contain_text("5 人")


def register(page) -> str:
    """Register what was found on the sweep; returns the address of the case."""
    page.goto("/mediation/register")
    page.get_by_label("主动排查", exact=True).check()
    for field, text in BROTHERS.items():
        page.fill(f"[name={field}]", text)
    page.get_by_label("邻里", exact=True).check()
    page.fill("[name=subject]", "换地与藤椒树")
    page.fill("[name=happened_on]", "2026-01-10")
    page.fill("[name=brief]", "弟弟建房，和哥哥换了一块地，换出去的地里有三棵藤椒树没有说清归谁。")
    page.click(".form-bar .btn-primary")
    page.wait_for_url(re.compile(r"/cases/\d+$"))
    return page.url


def step(page, verb: str, choices=(), said: str = "", **fields) -> None:
    """Press the button of a step at the top of the case page, fill its form in, and send it."""
    page.click(f".next .btn:has-text('{verb}') >> nth=0")
    for label in choices:
        page.get_by_label(label, exact=True).check()
    for name, text in fields.items():
        page.fill(f"[name={name}]", text)
    page.click(".form-bar .btn-primary")
    expect(page.locator(".flash").first).to_contain_text(f"已{said or verb}")


def test_the_orchard_dispute_goes_from_the_sweep_to_the_file(visit, site, tmp_path):
    found_committee(visit("shuji"))
    page = visit("tiaojie")
    case = register(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("张*国与张*华：邻里纠纷（换地与藤椒树）")

    step(page, "受理", ["都愿意，或没有拒绝", "华光村人民调解委员会"])
    step(page, "确定调解员", ["当事人选择", *(
        f"{name}（{duty or '委员'}，兼职，说理小组{'组长' if duty else ''}）" for name, _, duty in FIVE)])
    step(page, "告知权利义务", ["已向双方当事人告知权利和义务，并请他们在告知书上签收"])
    for kind, place, text, result in VISITS:
        step(page, "记一次调解", [kind, result], place=place, people="张建国、张建华、说理小组五人", text=text)
    step(
        page, "签订书面协议", ["双方当事人已签名、盖章或按指印", "人民调解员已签名", "已加盖人民调解委员会印章"],
        facts="换地建房时对三棵藤椒树归谁没有约定。", terms="三棵藤椒树归张建华，张建华补给张建国六百元。",
        amount="600", how="现金，当面付清",
        until=page.evaluate("new Date(Date.now() + 864e5 * 5).toISOString().slice(0, 10)"),
    )
    expect(page.locator(".next")).to_contain_text("督促双方履行协议")
    step(page, "登记履行完毕", text="六百元当面付清，打了收条。")
    step(page, "回访", ["已履行", "满意", "没有新的隐患"], text="两家一起摘了藤椒，弟弟动工时哥哥来帮忙。")
    step(page, "结案", ["上门"], reply="协议履行了，回访也做了，这件事就办结了。")
    step(page, "归档")
    told = [line.inner_text() for line in page.locator(".entry-title").all()]
    assert told == [
        "归档", "结案", "回访", "登记履行完毕", "签订书面协议", *["记一次调解"] * 3, "告知权利义务", "确定调解员",
        "受理", "登记",
    ]
    for name, (wanted, pages) in PAPERS.items():
        page.goto(f"{case}/papers/{name}")
        number, text = print_to_pdf(page, tmp_path / f"{name}.pdf")
        text = re.sub(r"\s+", "", text)
        assert not [words for words in wanted if words.replace(" ", "") not in text], text
        assert number == pages and "（2026）华光村人调字第1号" in text and "张建国" in text, (name, number)
        assert BROTHERS["a_id_card"] not in text and "打印后" not in text

    leader = visit("shuji")
    leader.goto(case)
    expect(leader.locator("main")).to_contain_text("人民调解法第十五条")
    assert "藤椒树没有说清" not in leader.locator("main").inner_text()

    dispute = page.goto(case) and page.get_by_role("link", name="全部信息").get_attribute("href")
    looked_at = {
        "tiaojie": (case, dispute, "/mediation/", "/mediation/register", "/mediation/sweeps/new"),
        "shuji": (case, "/mediation/committees", "/mediation/committees/1", "/mediation/committees/new",
                  "/mediation/committees/1/elect", "/mediation/mediators/1/edit", "/mediation/teams/1/edit",
                  "/mediation/sweeps", "/mediation/figures"),
    }
    wrong = []
    for least, size in ((24, None), (44, PHONE)):
        for name, urls in looked_at.items():
            looking = visit(name, size) if size else visit(name)
            for url in urls:
                looking.goto(url, wait_until="networkidle")
                wrong += flaws(looking, url, least)
                looking.evaluate(AXE)
                wrong += complaints(looking, url)
    assert not wrong, "\n".join(wrong)


def test_on_a_phone_with_much_to_do_the_words_have_room(visit, site):
    """Many steps are open while a dispute is mediated: the first stand there, the rest opens below."""
    page = visit("tiaojie", PHONE)
    page.goto("/mediation/register")
    register(page)
    expect(page.locator(".next .buttons >> nth=0").locator(".btn")).to_have_count(5)
    page.click(".next-more summary")
    expect(page.locator(".next-more .btn >> nth=0")).to_be_visible()
