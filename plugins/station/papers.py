"""The papers of a service case, filled from the record; nobody types them again.

Which facts each holds: 行政许可法第三十二条 (受理、补正、不予受理须书面并加盖专用印章、注明日期), 第三十八条
(不予决定须说明理由并告知救济途径), 第四十四条 (送达), 第四十五条 (特别程序所需时间须书面告知). The villages have no
electronic seal: print, seal, sign.
"""

from plugins.station.forms import DELIVERIES
from plugins.station.workflow import KIND, materials_of, request_of
from portal.kit import Paper, place_name


def _ground(case) -> dict:
    """Return what every paper prints: the request, its item, who came (masked ID), where and when."""
    request = request_of(case)
    return {
        "request": request,
        "item": request.item,
        "materials": materials_of(case),
        "resident": case.resident,
        "place": place_name(case),
        "window": request.window,
        "delivery": dict(DELIVERIES).get(request.delivery, ""),
    }


def _when(test):
    return lambda case: test(request_of(case))


def _paper(name: str, title: str, shown=lambda request: True) -> Paper:
    return Paper(
        name=name, title=title, kind=KIND.name, template=f"station/papers/{name}.html", prepare=_ground,
        permission="station.read", shown=_when(shown),
    )


PAPERS = (
    _paper("receipt", "收件回执"),
    _paper("correction", "一次性告知书", lambda request: request.told_at is not None),
    _paper("acceptance", "受理通知书", lambda request: request.accepted_at is not None),
    _paper("special", "特别程序告知书", lambda request: request.special_at is not None),
    _paper("decision", "决定书", lambda request: request.decided_at is not None and request.granted is not None),
    _paper("delivery", "送达回证", lambda request: request.decided_at is not None),
)
