"""The pages of the grids, one module a subject; together they make the blueprint."""

from plugins.grid.blueprint import blueprint
from plugins.grid.views import events, figures, grids, households, key_people, map, patrols, visits

__all__ = ["blueprint", "events", "figures", "grids", "households", "key_people", "map", "patrols", "visits"]
