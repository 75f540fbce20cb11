"""The grids that somebody answers for: they go to a successor, or wait for one, before the post ends."""

from plugins.grid import team
from plugins.grid.models import Grid, GridWorker
from portal.kit import Unit, Work, other_posts, today


def hanging_work(post) -> list[Work]:
    """Return the places in teams that hang on the account of `post`, in the grids that its unit reaches."""
    return [
        Work(str(one.id), f"{one.unit.name}：{one.role_title}", "离任后要有人接手，网格不能没有人负责")
        for one in _held(post)
    ]


def _held(post) -> list[GridWorker]:
    rows = GridWorker.select(GridWorker, Unit).join(Unit).where(
        GridWorker.user == post.user_id, GridWorker.until.is_null()).order_by(GridWorker.id)
    others = [other.unit.ref() for other in other_posts(post)] if rows else []
    return [
        row for row in rows
        if post.unit.ref().covers(row.unit) and not any(other.covers(row.unit) for other in others)
    ]


def hand_work(post, names, successor, actor) -> None:
    """End the time of the holder of `post` in the teams and put the successor in their place; without one the grid is
    on the list of those that nobody answers for, and its village is told there."""
    wanted = {int(name) for name in names}
    for worker in [one for one in _held(post) if one.id in wanted]:
        team.end_worker(worker, max(today(), worker.since), actor)
        if successor is None or _sits_already(worker, successor):
            continue
        grid = Grid.select(Grid, Unit).join(Unit).where(Grid.unit == worker.unit_id).get()
        team.add_worker(grid, {
            "name": successor.user.full_name, "role": worker.role, "account": successor.user.name, "since": today(),
        }, actor)


def _sits_already(worker: GridWorker, successor) -> bool:
    return GridWorker.select().where(
        GridWorker.unit == worker.unit_id, GridWorker.role == worker.role, GridWorker.until.is_null(),
        GridWorker.name == successor.user.full_name).exists()
