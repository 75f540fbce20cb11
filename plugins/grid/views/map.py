from plugins.grid.blueprint import blueprint
from plugins.grid.figures import month_of, table
from plugins.grid.mapping import features, word_of
from portal.kit import current_user, render_template, requires


@blueprint.get("/map", endpoint="map")
@requires("grid.figures")
def show_map():
    """The grids of the area on a map, and the same figures in a table, which needs no script."""
    heading, rows, total = table(current_user, month_of(""))
    shown = [(row, *word_of(row)) for row in rows]
    return render_template("grid/map.html", heading=heading, rows=shown, total=total)


@blueprint.get("/map/points")
@requires("grid.figures")
def points():
    """The GeoJSON that the map draws; nothing in it but what the table's reader may see."""
    return features(current_user)
