"""A database parted by county, for the tests."""

from portal import partitions
from portal.commands.partition import counties_here
from portal.registry import registry_of


def models_of(app) -> list:
    return [model for owner in registry_of(app).owners() for model in owner.models]


def part_everything(app) -> list[str]:
    """Part the database of `app`, which must be PostgreSQL, by its counties; return the names of the parted tables."""
    with app.app_context():
        plan = partitions.Parting.planned(partitions.growing(models_of(app)), counties_here())
        partitions.part(plan)
    return list(plan.tables)
