"""What the case page says and offers about responsibility: the signature owed, handing over, sending back, deciding."""

from flask import url_for

from portal.cases.forms import PlainStep
from portal.cases.handing import is_party, may_return
from portal.cases.kinds import kind_of
from portal.cases.lens import holds
from portal.cases.responsibility import DECIDING


def completed(head: dict, case, person) -> dict:
    """Return the head of the case page with what `person` may do about responsibility, the most urgent first."""
    if not case.is_open:
        return head
    said = [head["told"], *_said(case)]
    buttons = _buttons(case, person) if holds(person, case) else []
    urgent = [button for button in buttons if button["primary"]]
    if urgent:
        head["buttons"] = [{**button, "primary": False} for button in head["buttons"]]
    what = "指定由谁承办" if case.to_decide else head["what"]
    return {
        **head, "what": what, "told": " ".join(filter(None, said)),
        "buttons": urgent + head["buttons"] + [button for button in buttons if not button["primary"]],
    }


def _said(case) -> list[str]:
    found = []
    if case.is_unsigned:
        found.append(f"还没有签收，请在 {case.sign_due:%m-%d %H:%M} 前签收。")
    if case.to_decide:
        found.append(f"这件事已经退回 {case.returns} 次，由{case.unit.short}指定承办单位，指定以后不能再退回。")
    elif case.decided_by_superior:
        found.append(f"上级已指定由{case.unit.short}承办，不能再退回。")
    elif case.returns:
        found.append(f"已退回 {case.returns} 次。")
    return found


def _buttons(case, person) -> list[dict]:
    found = []

    def offer(label, endpoint, icon, **more):
        url = url_for(endpoint, case_id=case.id)
        found.append({"label": label, "url": url, "icon": icon, "primary": False, "danger": False, **more})

    if case.is_unsigned and person.may("cases.note"):
        offer("签收", "cases.sign", "check", primary=True, form=PlainStep(data={"version": case.version}))
    if case.to_decide:
        if person.may(DECIDING) and not is_party(case, person):
            offer("指定承办", "cases.decide", "gavel", primary=True)
        return found
    if may_return(case, person):
        offer("退回", "cases.send_back", "arrow-back-up")
    if person.may(DECIDING) and kind_of(case).hands_over:
        offer("转交别的单位", "cases.hand_over", "arrow-right")
    if person.may("cases.assist") and not case.restricted:
        offer("请求协办", "cases.assist", "users")
    return found
