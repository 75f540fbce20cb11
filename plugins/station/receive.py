"""收件: any window takes any item, and what is asked for is what the item's list says."""

from plugins.station.models import ItemMaterial, RequestMaterial, ServiceItem, ServiceRequest
from plugins.station.workflow import CHECK, KIND
from portal.kit import Opening, Refused, Unit, attach, find_or_create_resident, now, open_case


def window_of(actor, place: Unit) -> Unit:
    """Return the unit whose window receives: the village, or the hall of the town or county that the actor works in."""
    own = actor.post.unit
    return place if own.level in ("village", "grid") else Unit.get_by_id(own.id)


def receive(item: ServiceItem, place: Unit, actor, data: dict, at=None, source=None):
    """Open a case for `item` at the actor's window, for somebody of the village `place`; returns the case.

    `source` is the case in which the need came up.

    Runs in the caller's transaction. Raises Refused when the item is closed or somebody acts for the applicant without
    a letter of authority.
    """
    if not item.active:
        raise Refused("这个事项现在不受理，请看办事指南上的说明。")
    proxy, at = data.get("proxy_name", ""), at or now()
    if proxy and not data.get("proxy_letter"):
        raise Refused("代办必须有申请人签名的委托书；只是帮忙填表（帮办）时，请不要填代办人。", "proxy_letter")
    if data["channel"] == "proxy" and not proxy:
        raise Refused("来办方式是代办时，请填写代办人姓名。", "proxy_name")
    resident = find_or_create_resident(
        actor, name=data["name"], id_card=data["id_card"], phone=data.get("phone", ""), unit=place
    )
    window = window_of(actor, place)
    case = open_case(
        Opening(
            kind=KIND.name, title=f"{resident.masked_name}：{item.name}", place=place, unit=window, limit=CHECK,
            channel=data["channel"], resident=resident, applicant=resident.masked_name, line=item.department,
            text=data.get("note", ""), step_title="收件", source_case=source,
        ),
        actor, at=at,
    )
    keep_request(case, item, window, actor, data, at)
    for upload in data.get("attachments") or []:
        attach(upload, case, actor)
    return case


def keep_request(case, item, window, actor, data, at):
    """Write what the ledger does not know of `case`: the item as it stands now, and its materials."""
    request = ServiceRequest.create(
        case=case, county_id=case.county_id, item=item, item_name=item.name, item_version=item.version,
        decides=item.decides, promise_amount=item.promise_amount, promise_unit=item.promise_unit, window=window,
        received_by=actor.id, proxy_name=data.get("proxy_name", ""), proxy_letter=bool(data.get("proxy_letter")),
        provincial_number=data.get("provincial_number", ""),
    )
    received = set(data.get("received") or [])
    for material in asked_of(item):
        here = material.id in received
        waived = material.need == "conditional" and not here
        RequestMaterial.create(
            county_id=case.county_id, request=request, sort=material.sort, name=material.name, form=material.form,
            need=material.need, state="received" if here else "waived" if waived else "missing",
            received_at=at if here else None, at_receipt=here,
        )
    return request


def asked_of(item: ServiceItem) -> list[ItemMaterial]:
    """Return what the applicant is asked for; what offices share is not (社会救助法第六十二条)."""
    return [material for material in item.materials.order_by(ItemMaterial.sort) if material.asked]
