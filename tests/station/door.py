"""What the people at the station do, as their browsers do it."""

from plugins.station.models import ServiceItem, ServiceRequest
from portal.cases.models import Case

WANG = {"name": "王秀兰", "id_card": "510722194003072224", "phone": "13890112233"}


def item(name="高龄津贴") -> ServiceItem:
    return ServiceItem.select().where(ServiceItem.name.contains(name), ServiceItem.origin == "catalogue").get()


def newest() -> Case:
    return Case.select().order_by(Case.id.desc()).first()


def request_of(case) -> ServiceRequest:
    return ServiceRequest.get(ServiceRequest.case == case.id)


def must_have(item) -> list[str]:
    """Return the values of the materials that the item insists on, as the form's checkboxes carry them."""
    return [str(material.id) for material in item.materials if material.asked and material.need != "conditional"]


def receive(browser, wanted=None, *, everything=True, **fields):
    """Receive a case at the window; returns it."""
    wanted = wanted or item()
    brought = must_have(wanted) if everything else []
    filled = {**WANG, **({"received": brought} if brought else {}), **fields}
    browser.send(f"/station/receive/{wanted.id}", **filled)
    assert browser.status == 200, browser.text
    return newest()


def step(browser, case, name, **fields):
    """Take a step through its own page."""
    return browser.send(f"/cases/{case.id}/steps/{name}", to=f"/cases/{case.id}/steps/{name}", **fields)


def state(case) -> str:
    return Case.get_by_id(case.id).state
