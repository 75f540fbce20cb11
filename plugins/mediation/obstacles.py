from plugins.mediation.models import Committee


def sitting_committees(unit) -> list[str]:
    """Return one sentence for each committee that still sits at `unit`."""
    found = Committee.select().where(Committee.unit == unit.id, Committee.dissolved_on.is_null())
    return [f"{one.name}还没有登记撤销。" for one in found.order_by(Committee.id)]
