"""For which reasons the clock of a case may stand still, and where each stands in the law (DOMAIN 9.1).

行政许可法第四十五条 names what is not counted in its periods: 听证、招标、拍卖、检验、检测、检疫、鉴定、专家评审; the
person who came is told the time in writing. What it does not name (公示、调查、评议、核对) rests on the rules of the
very item: the evidence must name them. A kind of case chooses from the table (`CaseKind.pauses`).
"""

from dataclasses import dataclass

LICENCES = "行政许可法第四十五条"
ITEM = "该事项自己的规定（在依据中写明文件和条款）"


@dataclass(frozen=True)
class PauseReason:
    """`title` is what people read, `law` where the reason stands."""

    name: str
    title: str
    law: str


REASONS = {
    reason.name: reason
    for reason in (
        PauseReason("supplement", "等待申请人补正材料", "行政许可法第三十二条第一款第四项"),
        PauseReason("publicity", "公示", ITEM),
        PauseReason("hearing", "听证", LICENCES),
        PauseReason("tender", "招标、拍卖", LICENCES),
        PauseReason("inspection", "检验、检测、检疫", LICENCES),
        PauseReason("appraisal", "鉴定", LICENCES),
        PauseReason("medical_appraisal", "医疗损害等鉴定", "医疗纠纷预防和处理条例第三十八条"),
        PauseReason("review", "专家评审", LICENCES),
        PauseReason("survey", "入户调查、现场踏勘", ITEM),
        PauseReason("assessment", "民主评议", ITEM),
        PauseReason("checking", "信息核对", ITEM),
        PauseReason("petition_hearing", "信访复核听证", "信访工作条例第三十六条"),
        PauseReason("third_party", "征求第三方和其他机关意见", "政府信息公开条例第三十七条"),
    )
}
