"""Which tables are parted by county, and why others are not."""

from peewee import ForeignKeyField

#: The column by which tables are parted.
COUNTY = "county_id"


def names_county(model) -> bool:
    """Tell whether each row of `model` says to which county it belongs."""
    field = model._meta.columns.get(COUNTY)
    return field is not None and not field.null and not isinstance(field, ForeignKeyField)


def growing(models) -> list[str]:
    """Return the names of the tables that are parted, in alphabetical order."""
    return sorted(set(_county_tables(models)) - set(kept_whole(models)))


def kept_whole(models) -> dict[str, str]:
    """Return {table: Chinese reason} of the tables that name the county and stay whole all the same.

    A model says so by `whole = True` in its Meta: a register of some rows for each unit. A table that is referred to
    by one which does not name the county stays whole as well: a reference to a parted table must name it.
    """
    found = {}
    for model in models:
        if names_county(model) and getattr(model._meta, "whole", False):
            found[model._meta.table_name] = "每个单位只有几行，不会随案件增长"
    for model in models:
        if names_county(model):
            continue
        for field in model._meta.refs:
            if names_county(field.rel_model):
                found.setdefault(field.rel_model._meta.table_name, f"{model._meta.table_name} 引用它而没有 {COUNTY}")
    return found


def _county_tables(models) -> list[str]:
    return [model._meta.table_name for model in models if names_county(model)]
