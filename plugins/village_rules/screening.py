"""What a clause must not say, found in its words: an aid for those who draft and review, not a judgment.

妇女权益保障法第五十六条: rules of a village must not infringe women's rights because they are unmarried, married,
divorced or widowed, or because a household has no man. Villages have no right to fine (行政处罚 belongs to agencies
that the law empowers), and 村民委员会组织法第三十一条 forbids what conflicts with law or infringes rights.
"""

import functools
import re
from dataclasses import dataclass

WOMEN = "妇女权益保障法第五十六条"
VILLAGE = "村民委员会组织法第三十一条"


@dataclass(frozen=True)
class Hint:
    """Words of a clause that may not stand: from `start` to `end`, why, and by which article."""

    start: int
    end: int
    words: str
    kind: str
    why: str


@dataclass(frozen=True)
class Rule:
    kind: str
    pattern: re.Pattern
    why: str


def _rule(kind: str, pattern: str, why: str) -> Rule:
    return Rule(kind, re.compile(pattern), why)


_RIGHTS = r"(?:承包|土地|宅基地|分红|收益|补偿|征地|股权|股份|福利|待遇|分配|成员资格|成员身份|户口|安置|村民资格)"
_STATUS = (r"(?:未婚|已婚|出嫁|外嫁女?|结婚|嫁[入出]|离婚|离异|丧偶|寡妇|改嫁|再婚|入赘|上门女婿|户无男性|无男性|"
           r"没有男丁|无男丁)")

RULES = (
    _rule("women", rf"{_STATUS}[^。；\n]{{0,40}}?{_RIGHTS}|{_RIGHTS}[^。；\n]{{0,40}}?{_STATUS}",
          f"权益不能因未婚、结婚、离婚、丧偶或户无男性而不同（{WOMEN}）"),
    _rule("women", r"外嫁女|出嫁女|嫁出去的(?:女儿|姑娘)|户无男性|(?:没有|无)男丁|招婿",
          f"以婚姻状况或户中有无男性区分村民（{WOMEN}）"),
    _rule("women",
          r"(?:男|儿子)[^。；\n]{0,12}?(?:优先|多分|双份)|(?:女|妇女|女儿)[^。；\n]{0,12}?(?:不得参加|不能参加|减半|少分|不分)",
          f"男女权益不相等（{WOMEN}）"),
    _rule("fine",
          r"(?:罚款|罚金|处以?|罚)\s*[0-9０-９一二三四五六七八九十百千万两]+\s*元(?:以[上下])?|罚款|罚金|罚没|违约金",
          f"村规民约不能设罚款，村民委员会没有处罚权（{VILLAGE}）"),
    _rule("fine", r"没收|扣押|押金|保证金|收缴", f"村规民约不能没收、扣押或收取押金（{VILLAGE}）"),
    _rule("benefit",
          r"(?:取消|停发|扣发|扣除|不予?发放|不得享受|暂停|停止|不给)[^。；\n]{0,16}?(?:低保|补贴|补助|救助|养老金|分红|福利|待遇|惠农|医保|贫困户|津贴)"
          r"|(?:低保|补贴|补助|救助|养老金|惠农|医保|津贴)[^。；\n]{0,12}?(?:取消|停发|扣发|扣除|不予?发放|暂停|停止)",
          f"法定补贴、救助和村民应得的收益不能因违反村规民约而停发、扣发（{VILLAGE}）"),
    _rule("benefit", r"(?:不予?|拒绝|停止|暂停|不给)(?:盖章|开具?证明|出具证明|办理(?:证明|手续|户口))",
          f"不能以拒办证明、手续作为惩戒（{VILLAGE}）"),
    _rule("liberty",
          r"游街|示众|拘禁|关押|禁闭|搜身|搜查|强制拆除|强拆|断水|断电|停水|停电|驱逐|逐出|赶出村|开除村籍|强行(?:拆|搬|牵|拉)",
          f"限制人身、财产权利的措施只能由法律规定的机关采取（{VILLAGE}）"),
    _rule("liberty", r"连坐|株连|全家(?:受罚|不得)|子女不得(?:入学|参军|上学)",
          f"不能因一人的行为使家人受损（{VILLAGE}）"),
    _rule("liberty", r"(?:不得|禁止)(?:上访|信访|举报|起诉|控告|报警|打官司)",
          f"不能限制控告、信访、诉讼等权利（{VILLAGE}）"),
    _rule("liberty", r"公布[^。；\n]{0,10}?(?:身份证|电话|手机|病情|病历)",
          f"公布个人信息不得超出必要范围（{VILLAGE}）"),
)

KINDS = {"women": "妇女权益", "fine": "罚款没收", "benefit": "扣发待遇", "liberty": "人身财产权利"}


@functools.lru_cache(maxsize=2000)  # clauses are read far more often than written
def screen(text: str) -> tuple[Hint, ...]:
    """Return the hints of a clause, in the order of its words; where two overlap, the longer one.

    Screening finds words, not meanings: each hint is mended, or answered with a reason, by the person who drafts.
    """
    found = [
        Hint(match.start(), match.end(), match[0], rule.kind, rule.why)
        for rule in RULES for match in rule.pattern.finditer(text)
    ]
    kept: list[Hint] = []
    for hint in sorted(found, key=lambda one: (one.start - one.end, one.start)):
        if all(hint.end <= other.start or hint.start >= other.end for other in kept):
            kept.append(hint)
    return tuple(sorted(kept, key=lambda one: one.start))


def marked(text: str) -> list[tuple[str, Hint | None]]:
    """Return the text in pieces, each with the hint that it falls under, for a page that marks the words."""
    pieces, place = [], 0
    for hint in screen(text):
        pieces += [(text[place:hint.start], None), (hint.words, hint)]
        place = hint.end
    return [piece for piece in [*pieces, (text[place:], None)] if piece[0]]
