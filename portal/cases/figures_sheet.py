"""The table of figures as a workbook: what is divided and by what stands in columns of its own, sums are formulas."""

import datetime
import io

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from portal.cases.figures import RATES, Table

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: The counts in their columns; a rate takes three: what is divided, by what, and the rate.
COUNTS = (("opened", "登记"), ("closed", "办结"), ("due", "应办结"), ("overdue", "现在超期"))
TITLES = {
    "kept": "期限内办结", "due": "应办结", "late": "超期办结", "closed": "办结", "settled": "已办结", "valid": "有效件",
    "redone": "重办", "opened": "登记", "content": "满意", "rated": "评价过", "at_once": "当天办结",
    "first_time": "一次办成", "proxied": "代办登记", "own": "网格、村内办结",
}
CENTRED = {"bold": True, "align": "center", "valign": "vcenter"}
HEAD = 3  # rows of the title, of who reports, and of the upper heads


def workbook(table: Table, columns, value_of, unit: str, moment: datetime.datetime) -> bytes:
    """Return the bytes of an .xlsx with one sheet on A4 landscape."""
    kept = io.BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("统计表")
        style = {
            "title": book.add_format({**CENTRED, "font_size": 16}),
            "head": book.add_format({**CENTRED, "text_wrap": True, "border": 1}),
            "name": book.add_format({"border": 1}), "count": book.add_format({"border": 1, "num_format": "#,##0"}),
            "rate": book.add_format({"border": 1, "num_format": "0.0%", "align": "right"}),
            "mean": book.add_format({"border": 1, "num_format": "0.0", "align": "right"}),
        }
        _heads(sheet, style, table, unit, moment)
        for number, line in enumerate(table.lines):
            _line(sheet, style, HEAD + 1 + number, line.name, line.counts)
        _sums(sheet, style, HEAD + 1 + len(table.lines), table)
        _signed(sheet, HEAD + 3 + len(table.lines))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEAD - 1, HEAD)
        sheet.freeze_panes(HEAD + 1, 1)
        sheet.set_column(0, 0, 18)
    return kept.getvalue()


def _width() -> int:
    return 1 + len(COUNTS) + 3 * len(RATES) + 1


def _heads(sheet, style, table: Table, unit: str, moment) -> None:
    last = _width() - 1
    sheet.merge_range(0, 0, 0, last, f"办理情况统计表（{table.period.title}）", style["title"])
    sheet.set_row(0, 28)
    sheet.write_string(1, 0, f"填报单位：{unit}")
    sheet.write_string(1, last - 6, f"数据截至：{moment:%Y-%m-%d %H:%M}")
    sheet.merge_range(HEAD - 1, 0, HEAD, 0, table.heading, style["head"])
    at = 1
    for _, title in COUNTS:
        sheet.merge_range(HEAD - 1, at, HEAD, at, title, style["head"])
        at += 1
    for rate in RATES:
        sheet.merge_range(HEAD - 1, at, HEAD - 1, at + 2, rate.title, style["head"])
        for more, title in enumerate((TITLES[rate.part], TITLES[rate.whole], "比率")):
            sheet.write_string(HEAD, at + more, title, style["head"])
        at += 3
    sheet.merge_range(HEAD - 1, at, HEAD, at, "平均用时（天）", style["head"])


def _line(sheet, style, row: int, name: str, counts) -> None:
    sheet.write_string(row, 0, name, style["name"])
    at = 1
    for key, _ in COUNTS:
        sheet.write_number(row, at, counts[key], style["count"])
        at += 1
    for rate in RATES:
        sheet.write_number(row, at, counts[rate.part], style["count"])
        sheet.write_number(row, at + 1, counts[rate.whole], style["count"])
        _quotient(sheet, style, row, at + 2, counts[rate.part], counts[rate.whole])
        at += 3
    _mean(sheet, style, row, at, counts)


def _sums(sheet, style, row: int, table: Table) -> None:
    """Write the sums as formulas over the rows above, so that who goes on working in the sheet sees them follow."""
    sheet.write_string(row, 0, "合计", style["name"])
    counts, at = table.total.counts, 1
    wholes = [(key, 1) for key, _ in COUNTS] + [(name, step) for rate in RATES for name, step in
                                               ((rate.part, 1), (rate.whole, 2))]
    for name, step in wholes:
        span = f"{xl_rowcol_to_cell(HEAD + 1, at)}:{xl_rowcol_to_cell(max(row - 1, HEAD + 1), at)}"
        if table.lines:
            sheet.write_formula(row, at, f"=SUM({span})", style["count"], counts[name])
        else:
            sheet.write_number(row, at, counts[name], style["count"])
        at += 1
        if step == 2:
            part = next(rate.part for rate in RATES if _column(rate) == at)
            _quotient(sheet, style, row, at, counts[part], counts[name])
            at += 1
    _mean(sheet, style, row, at, counts)


def _column(rate) -> int:
    return 1 + len(COUNTS) + 3 * RATES.index(rate) + 2


def _quotient(sheet, style, row: int, at: int, part: int, whole: int) -> None:
    """Write part ÷ whole of the two cells on the left; "—" where there is nothing to divide by."""
    above, below = xl_rowcol_to_cell(row, at - 2), xl_rowcol_to_cell(row, at - 1)
    sheet.write_formula(row, at, f'=IF({below}=0,"—",{above}/{below})', style["rate"], part / whole if whole else "—")


def _mean(sheet, style, row: int, at: int, counts) -> None:
    if counts["closed"]:
        sheet.write_number(row, at, counts["minutes"] / 1440 / counts["closed"], style["mean"])
    else:
        sheet.write_string(row, at, "—", style["mean"])


def _signed(sheet, row: int) -> None:
    for at, text in ((0, "填表人："), (6, "审核人："), (12, "单位负责人："), (18, "（盖章）")):
        sheet.write_string(row, at, text)
