"""A case answers for those that were merged into it: each person who asked gets an answer of their own on the record.

The answer is written at once into every merged case, so nobody is forgotten; that the person heard of it is ticked
one by one (merging.told), because only who speaks with them knows it.
"""

from portal.cases import timeline
from portal.cases.merge_models import Merge
from portal.cases.models import Case, Reply


def merged_in(case_id: int) -> list[Merge]:
    """Return the standing merges into the case and, through those, into the cases merged before; the first merged
    first. Each brings its `case`."""
    found, level = [], [case_id]
    while level:
        rows = list(
            Merge.select(Merge, Case).join(Case, on=(Merge.case == Case.id))
            .where(Merge.into.in_(level), Merge.undone_at.is_null()).order_by(Merge.id)
        )
        found += rows
        level = [row.case_id for row in rows if row.case.merged_count]
    return found


def is_waited_for(case) -> bool:
    """Tell whether somebody whose case was merged into this one still has no answer."""
    return bool(case.merged_count) and any(
        row.owed and row.case.replied is None for row in merged_in(case.id)
    )


def answer_merged(case, actor, told: dict, at) -> None:
    """Record the answer `told` ({"reply", "channel"}) that `case` was just given for everybody who waits on it.

    In the transaction of the step that answers. Who is the same person as the one answered needs no telling again.
    """
    for row in merged_in(case.id):
        if not row.owed:
            continue
        one = timeline.locked(row.case_id)
        Reply.create(
            county_id=one.county_id, case=one.id, at=at, by=actor.id, by_name=actor.full_name,
            channel=told["channel"], text=told["reply"],
        )
        one.replied = at
        one.version += 1
        one.save(only=[Case.replied, Case.version])
        same = one.resident_id is not None and one.resident_id == case.resident_id
        timeline.append(
            one, actor, step="answer_merged", title="随并入的件答复", at=at, from_state=one.state,
            text=f"{case.number} 已经答复，一并答复本件。",
            data={"reply": told["reply"], "channel": told["channel"] if same else ""},
        )
        row.told_at, row.told_how = (at, told["channel"]) if same else (None, "")
        row.told_by_name = actor.full_name if same else ""
        row.save(only=[Merge.told_at, Merge.told_how, Merge.told_by_name])
