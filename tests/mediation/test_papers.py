"""Each paper is filled from the record: full names, masked numbers, the number of the register."""

import pytest

from tests.mediation.door import TO_MEDIATING, TO_SETTLED, committee, go, register


@pytest.fixture
def office(sign_in):
    committee(sign_in("shuji"))
    return sign_in("tiaojie")


SETTLED = {
    "registration": ("人民调解受理登记表", "主动排查", "邻里", "三棵藤椒树没有算进去", "登记人"),
    "rights": ("权利义务告知书", "第二十三条", "如实陈述纠纷事实", "不收取任何费用", "签收"),
    "rounds": ("人民调解记录", "第 1 次，共 1 次", "张家院坝", "上门", "先听两兄弟各说各的", "待续"),
    "agreement": ("人民调解协议书", "三棵藤椒树归张建华", "一式 3 份", "600.00 元", "人民调解委员会印章"),
    "follow-up": ("人民调解回访记录", "已履行", "满意", "两兄弟又一起吃饭了"),
    "cover": ("人民调解卷宗", "保管期限", "长期", "卷内目录", "调解记录（1 次）", "书面协议", "回访记录（1 次）"),
}


def test_a_settled_dispute_has_its_papers(office):
    case = register(office)
    go(office, case, *TO_SETTLED, "file")
    page = office.open(f"/cases/{case.id}").text
    for name, words in SETTLED.items():
        assert f"/cases/{case.id}/papers/{name}" in page
        text = office.open(f"/cases/{case.id}/papers/{name}").text
        assert office.status == 200 and "张建国" in text and "张建华" in text, name
        assert not [word for word in words if word not in text], (name, text)
        assert "（2026）华光村人调字第 1 号" in text and "510722196003071212" not in text
    for name in ("oral", "refusal", "termination"):
        assert office.open(f"/cases/{case.id}/papers/{name}").status == 404


def test_the_agreement_can_be_printed_for_signing_before_it_is_recorded(office):
    case = register(office)
    go(office, case, *TO_MEDIATING, "round")
    text = office.open(f"/cases/{case.id}/papers/agreement").text
    assert "人民调解协议书" in text and "扫描上传到附件" in text


def test_an_oral_agreement_has_its_form(office):
    case = register(office)
    go(office, case, *TO_MEDIATING, "round", "agree_orally")
    assert "口头调解协议自双方当事人达成协议之日起生效" in office.open(f"/cases/{case.id}/papers/oral").text
    assert office.open(f"/cases/{case.id}/papers/agreement").status == 404


@pytest.mark.parametrize("steps, paper, words", [
    (("decline",), "refusal", ("不予受理告知书", "法院已经立案", "仲裁、行政途径、向人民法院起诉")),
    (("redirect",), "refusal", ("不予受理告知书", "行政处理或行政裁决")),
    ((*TO_MEDIATING, "round", "fail"), "termination", ("终止调解通知书", "双方差距太大", "向人民法院起诉")),
    (("accept", "stop"), "termination", ("终止调解通知书", "被申请人明确拒绝调解")),
])
def test_who_is_turned_away_gets_it_in_writing(office, steps, paper, words):
    case = register(office)
    go(office, case, *steps)
    text = office.open(f"/cases/{case.id}/papers/{paper}").text
    assert not [word for word in words if word not in text], text
