from plugins.grid.models import GridWorker, Household


def hanging_on(unit) -> list[str]:
    """Return what still hangs on a grid or village that is to be closed."""
    households = Household.select().where(Household.unit == unit.id, Household.closed_on.is_null()).count()
    workers = GridWorker.select().where(GridWorker.unit == unit.id, GridWorker.until.is_null()).count()
    found = [(households, "还有 {} 户登记在这里，请先改到别的网格"), (workers, "还有 {} 名网格人员没有离任")]
    return [sentence.format(count) for count, sentence in found if count]
