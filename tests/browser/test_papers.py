"""Statutory papers and what else is printed: one A4 page each, in Chinese type, nothing of the screen on it."""

import re

import pytest

from tests.browser.conftest import print_to_pdf

pytestmark = pytest.mark.browser

PAPERS = [
    ("cun", "archived", "receipt", "收件回执"),
    ("cun", "paused", "correction", "一次性告知书"),
    ("cun", "archived", "acceptance", "受理通知书"),
    ("cun", "archived", "decision", "准予决定书"),
    ("cun", "archived", "delivery", "送达回证"),
    ("minzheng", "special", "special", "特别程序告知书"),
]


def families(page, selector: str) -> str:
    """Return the families of the fonts that draw an element."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    return " ".join(font["familyName"] for font in fonts)


@pytest.fixture
def printed(visit, tmp_path):
    """Return a function that prints an address; it returns the number of pages, the words, and the page."""

    def printed(name: str, url: str):
        page = visit(name)
        page.goto(url)
        return *print_to_pdf(page, tmp_path / "page.pdf", "-layout"), page

    return printed


@pytest.mark.parametrize(("name", "case", "paper", "title"), PAPERS)
def test_a_paper_is_one_page_in_chinese_type(printed, site, name, case, paper, title):
    pages, words, page = printed(name, f"/cases/{site.cases[case]}/papers/{paper}")
    assert pages == 1
    assert title in words.replace(" ", "") and re.search(r"FW\d{6}-\d{4}-\d{4}", words)
    assert not re.search(r"\d{17}[\dX]", words), "a whole ID number on paper"
    assert "打印" not in words and "回到案件" not in words
    assert re.search("CJK|Han|Song|Hei|Kai|Fang", families(page, ".paper-title"))


@pytest.mark.parametrize(("name", "url", "kept", "left"), [
    ("zhen", "/cases/", ["全部案件", "打印人：刘德明", "华光村", "超"], ["筛选", "工作台", "收件回执", "上一页"]),
    ("cun", "/cases/desk", ["我的待办", "马*福"], ["受理\n", "工作台"]),
    ("cun", "/station/items/9", ["高龄津贴", "户口簿"], ["工作台", "打印给办事人"]),
])
def test_lists_and_guides_print_without_the_frame(printed, name, url, kept, left):
    _, words, _ = printed(name, url)
    assert all(word in words for word in kept), words
    assert not any(word in words for word in left), words


def test_a_case_prints_with_its_whole_timeline(printed, site):
    pages, words, _ = printed("cun", f"/cases/{site.cases['archived']}")
    assert pages <= 2
    assert all(word in words for word in ("基本情况", "经过", "受理", "转报乡镇", "作出决定", "送达", "归档", "答复"))
    assert "文书" not in words and "写备注" not in words
