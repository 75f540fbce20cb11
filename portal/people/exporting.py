"""A copy of all that is known of a resident, for the resident (个人信息保护法第四十五条).

It says who made it, when and why.
"""

import csv
import io
import json
import zipfile

from flask import current_app

from portal import audit
from portal.db import now
from portal.people import residents
from portal.people.models import Resident, ResidentMerge, ResidentRequest
from portal.registry import registry_of
from portal.values import ResidentSection

#: Signs with which a spreadsheet begins a formula (also full-width).
FORMULA = tuple("=+-@\t\r＝＋－＠")
MEDIA = {"page": "打印的一份", "file": "电子的一份（JSON 和 CSV）"}


def make(resident: Resident, reason: str, medium: str, person) -> dict:
    """Return all sections with who made the copy, when and why, in the caller's transaction; it is on the record, and
    counts among the looks at full numbers, of which there are so many an hour."""
    residents.count_look(person)
    parts = registry_of(current_app).collect("portal_resident_data", or_refuse=True, resident=resident, person=person)
    detail = {"reason": residents.strike(reason, resident), "form": MEDIA[medium]}
    audit.record("people.export", "resident", resident.id, detail=detail, actor=person)
    ResidentRequest.create(
        resident=resident.id, kind="export", by_id=person.id, by_name=person.full_name, reason=reason, granted=True,
        **{f"{level}_id": getattr(resident, f"{level}_id") for level in ("county", "town", "village", "grid")},
    )
    return {
        "at": now(), "by": person.full_name, "unit": person.post.unit.name, "reason": reason,
        "sections": [(plugin.title, section) for plugin, section in parts],
    }


def own_sections(resident: Resident) -> list[ResidentSection]:
    """Return what this room itself keeps."""
    said = [
        ("姓名", resident.name), ("性别", resident.sex_title), ("出生日期", resident.birth_date),
        ("身份证号", resident.read("id_card")), ("电话", resident.read("phone")), ("住址", resident.address),
        ("关怀类别", "、".join(resident.tag_titles)), ("监护人及同意情况", resident.guardian),
        ("登记时间", resident.created), ("最近修改", resident.updated),
    ]
    merges = ResidentMerge.select().where(ResidentMerge.kept == resident.id).order_by(ResidentMerge.id)
    asked = ResidentRequest.select().where(ResidentRequest.resident == resident.id).order_by(ResidentRequest.id)
    return [
        ResidentSection("基本情况", ("内容", "登记"), [(name, text(value)) for name, value in said]),
        ResidentSection("合并", ("时间", "说明"), [
            (text(one.at), "与另一份登记合并" + ("，后来撤销" if one.undone_at else "")) for one in merges]),
        ResidentSection("提出的请求", ("时间", "请求", "结果"), [
            (text(one.at), "复制" if one.kind == "export" else "删除",
             "同意" if one.granted else "、".join(one.because))
            for one in asked]),
    ]


def text(value) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "hour") else str(value)


def archive(made: dict) -> io.BytesIO:
    """Return a ZIP of one JSON file, one CSV file for each section, and a sheet that says where it comes from."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("说明.txt", "\ufeff" + "\r\n".join(stamp(made)))
        files.writestr("全部资料.json", json.dumps(_as_json(made), ensure_ascii=False, indent=1))
        for number, (owner, section) in enumerate(made["sections"], 1):
            if section.rows:
                files.writestr(f"{number:02d} {owner} {section.title}.csv", "\ufeff" + _as_csv(section))
    out.seek(0)
    return out


def stamp(made: dict) -> list[str]:
    return [
        "个人信息复制件（个人信息保护法第四十五条）", f"导出人：{made['unit']} {made['by']}",
        f"导出时间：{made['at']:%Y-%m-%d %H:%M:%S}", f"用途：{made['reason']}",
        "只交给本人或其监护人、受托人；其他人的姓名已隐去。",
    ]


def _as_json(made: dict) -> dict:
    return {
        "made_at": made["at"].isoformat(), "made_by": made["by"], "unit": made["unit"], "reason": made["reason"],
        "sections": [
            {"owner": owner, "title": section.title, "columns": list(section.columns),
             "rows": [[str(cell) for cell in row] for row in section.rows], "note": section.note}
            for owner, section in made["sections"]
        ],
    }


def _as_csv(section: ResidentSection) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(section.columns)
    writer.writerows([plain(str(cell)) for cell in row] for row in section.rows)
    return out.getvalue()


def plain(cell: str) -> str:
    """Return the cell as a spreadsheet shows it: what begins like a formula is text."""
    return "'" + cell if cell.startswith(FORMULA) else cell
