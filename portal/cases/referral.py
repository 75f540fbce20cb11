"""A matter that belongs to another platform is handed over: a new case there, and the two point at each other.

No plugin knows another. The one that hands over names a kind of case, the one that owns this kind opens it in its
`portal_refer`. In a town that has not enabled that plugin the matter goes to the county's unit in charge of it.
"""

from flask import current_app

from portal.cases import timeline
from portal.cases.kinds import kind_of, kinds, plugin_of
from portal.cases.models import Case
from portal.org.enablement import enabled_for
from portal.org.models import Unit
from portal.org.settings import unit_in_charge
from portal.registry import registry_of
from portal.values import CaseKind, Refused


def referable(case, own: bool = False) -> list[CaseKind]:
    """Return the kinds that `case` may be handed over to: their plugin takes it in, in the town or in the county.

    With `own` its own kind is among them, for a second matter that came up in it.
    """
    place, county = Unit.get_by_id(case.place_id), Unit.get_by_id(case.county_id)
    enabled = enabled_for(place) | enabled_for(county)
    answers = registry_of(current_app).answers
    return [
        kind for kind in kinds().values()
        if (own or kind.name != case.kind)
        and (slug := plugin_of(kind.name).slug) in enabled and answers(slug, "portal_refer")
    ]


def refer(case: Case, kind_name: str, actor, text: str, own: bool = False) -> Case:
    """Hand `case` over: have a case of `kind_name` opened from it, in the caller's transaction, and return that case.

    What becomes of `case` is the business of the step that hands it over. Raises Refused where nobody takes it in.
    """
    kind = next((kind for kind in referable(case, own) if kind.name == kind_name), None)
    if kind is None:
        raise Refused("这里没有平台能接收这件事，请选择别的去处，或在本平台办理。", "kind")
    plugin = plugin_of(kind.name)
    opened = registry_of(current_app).ask(
        plugin.slug, "portal_refer", case=case, kind=kind.name, actor=actor, text=text,
        unit=_fallback(case, plugin, kind),
    )
    if opened is None:
        raise Refused(f"“{plugin.title}”没有接收这件事，请说明情况后再转，或在本平台办理。", "kind")
    return opened


def _fallback(case, plugin, kind: CaseKind) -> Unit | None:
    """Return None where the plugin is enabled for the case's place, else the county's unit in charge."""
    if plugin.slug in enabled_for(Unit.get_by_id(case.place_id)):
        return None
    return unit_in_charge(kind.in_charge, case.county_id)


def tell_opened(case: Case, actor, at) -> None:
    """Write into the case that this one came from where it lives on, so that each leads to the other."""
    if case.source_case_id is None:
        return
    source = timeline.locked(case.source_case_id)
    timeline.append(
        source, actor, step="refer", title=_title(case, source), at=at, from_state=source.state,
        text=f"新编号 {case.number}，由{case.unit.name}负责。", data={"referred": case.id},
    )


def _title(case: Case, source: Case) -> str:
    return "另立一件" if case.kind == source.kind else f"转{plugin_of(case.kind).title}"


def tell_source(case: Case, actor, at) -> None:
    """Write into the case that this one came from that it is settled: whoever handed it over learns how it ended.

    Only the number and the last state are told; what was said stays where it was said.
    """
    if case.source_case_id is None:
        return
    source = timeline.locked(case.source_case_id)
    ended = kind_of(case).workflow.state(case.state).title
    timeline.append(
        source, actor, step="referral_ended", title="转出的件有了结果", at=at, from_state=source.state,
        text=f"{case.number} {ended}。", data={"referred": case.id},
    )


def ids_of(case: Case, events) -> set[int]:
    """Return the ids of the cases that `case` came from or was handed over to, as its own rows tell."""
    found = {event.data["referred"] for event in events if event.data.get("referred")}
    return found | ({case.source_case_id} if case.source_case_id else set())
