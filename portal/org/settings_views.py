"""The pages of what a county sets for its plugins, and what its towns set for themselves."""

from flask import abort, current_app, flash, redirect, render_template, url_for
from flask_login import current_user

from portal.access import requires
from portal.org import settings as keeping
from portal.org.enablement import enabled_for
from portal.org.forms import TakeBackForm, form_of
from portal.org.models import TownPlugin, Unit
from portal.org.views import blueprint
from portal.registry import registry_of
from portal.values import Plugin, Refused, Setting

SAVED = "已保存，从下一次办理起生效。"


def own_county(permission: str = "org.settings") -> Unit:
    """Return the county for which the person sets things, else answer 404."""
    top, level = current_user.post.unit.top
    county = Unit.get_by_id(top) if level == "county" else None
    if county is None or not current_user.may(permission, county):
        abort(404)
    return county


def town_seen(unit_id: int) -> Unit:
    """Return an open town that is the person's own, or of their county, else answer 404."""
    town = Unit.get_or_none(Unit.id == unit_id, Unit.level == "town", Unit.valid_to.is_null())
    if town is None or not current_user.may("org.town_settings", town):
        abort(404)
    return town


def _named(name: str, among=None) -> tuple[Plugin, Setting]:
    return next((pair for pair in keeping.settings_of(among=among) if pair[1].name == name), None) or abort(404)


def _grouped(pairs, row) -> list[tuple[Plugin, list]]:
    groups = {}
    for plugin, one in pairs:
        groups.setdefault(plugin.slug, (plugin, []))[1].append(row(one))
    return list(groups.values())


# -- the county --------------------------------------------------------------------------------------------------

@blueprint.get("/settings")
@requires("org.settings")
def settings():
    """What the county may set, by plugin: what holds, what would by default, and how many towns deviate."""
    county = own_county()
    towns, known = keeping.towns_of(county.id), keeping.kept(county.id)
    groups = _grouped(keeping.settings_of(), lambda one: {
        "setting": one, "value": keeping.shown(one, county), "own": (county.id, one.name) in known,
        "default": default_of(one), "deviating": len(keeping.deviating(one, towns)),
    })
    return render_template("org/settings.html", groups=groups)


def default_of(one: Setting) -> str:
    """Return in words what holds until the county sets something."""
    if one.kind == "unit":
        return "、".join(name.rstrip("）") for name in one.default)
    return keeping.worded(one, one.default)


@blueprint.route("/settings/<name>", methods=["GET", "POST"])
@requires("org.settings")
def edit_setting(name):
    """Set one of them, or go back to its default; and see which towns deviate."""
    county, (plugin, declared) = own_county(), _named(name)
    form = _form(declared, county)
    if form.validate_on_submit():
        keeping.save_setting(declared, county, form.wanted(), current_user, form.version.data)
        flash(SAVED, "success")
        return redirect(url_for("org.settings"))
    return _county_page(county, plugin, declared, form, _takes_back(county, declared))


@blueprint.post("/settings/<name>/take-back")
@requires("org.settings")
def take_back(name):
    """Let towns follow the county again in one setting."""
    county, (plugin, declared) = own_county(), _named(name)
    form = _takes_back(county, declared)
    if form.validate_on_submit():
        chosen = [Unit.get_by_id(int(one.split(".")[0])) for one in form.towns.data]
        for town, one in zip(chosen, form.towns.data, strict=True):
            keeping.save_setting(declared, town, None, current_user, int(one.split(".")[1]))
        flash(f"{'、'.join(town.short for town in chosen)}恢复为县里的默认。", "success")
        return redirect(url_for("org.edit_setting", name=name))
    if form.towns.data:
        form.towns.errors = ["有的乡镇刚刚改过，下面是现在的设置，请核对后再选。"]
    return _county_page(county, plugin, declared, _form(declared, county, asked=False), form)


def _takes_back(county: Unit, declared: Setting) -> TakeBackForm:
    """Return the form that offers the towns, each with its last change: what it changed meanwhile is not taken back
    unseen."""
    form, found = TakeBackForm(), keeping.deviating(declared, keeping.towns_of(county.id))
    versions = keeping.versions_of([town.id for town, _ in found], declared.name)
    form.towns.choices = [
        (f"{town.id}.{versions.get(town.id, 0)}",
         f"{town.short}：{keeping.worded(declared, own.value)}（{own.by_name}，{own.at:%Y-%m-%d}）")
        for town, own in found
    ]
    return form


def _county_page(county: Unit, plugin: Plugin, declared: Setting, form, back):
    return render_template(
        "org/setting.html", form=form, back=back, setting=declared, plugin=plugin, unit=county,
        now_set=keeping.shown(declared, county), above=default_of(declared), history=_history(declared, county),
        own=keeping.kept(county.id).get((county.id, declared.name)),
    ), 422 if form.is_submitted() else 200


def _form(declared: Setting, unit: Unit, asked: bool = True):
    """Return the form of a setting as it stands for the unit; `asked`: what was sent is for this form."""
    data = {"value": keeping.setting(declared.name, unit), "version": keeping.version_of(unit.id, declared.name)}
    form = form_of(declared)(data=data) if asked else form_of(declared)(formdata=None, data=data)
    if declared.kind == "unit":
        form.value.offer()
    return form


def _history(declared: Setting, unit: Unit) -> list[dict]:
    def told(value) -> str:
        if value is None:
            return "默认值" if unit.level == "county" else "县里的默认"
        return keeping.worded(declared, value)

    return [{"at": one.at, "by_name": one.by_name, "old": told(one.old), "new": told(one.new)}
            for one in keeping.history(unit.id, declared.name)]


# -- a town ------------------------------------------------------------------------------------------------------

@blueprint.get("/towns")
@requires("org.town_settings")
def towns():
    """The county's towns, with what each has enabled and set for itself; for a town's own people theirs."""
    top, level = current_user.post.unit.top
    if level == "town":
        return _town_page(town_seen(top))
    county = own_county("org.town_settings")
    found, known = keeping.towns_of(county.id), keeping.kept(county.id)
    optional, names = registry_of(current_app).optional("town"), [one.name for _, one in keeping.settings_of()]
    switched = TownPlugin.select(TownPlugin.unit, TownPlugin.plugin).where(
        TownPlugin.unit.in_([town.id for town in found]), TownPlugin.enabled == True)  # noqa: E712
    enabled = set(switched.tuples())
    rows = [
        {"town": town, "plugins": [plugin.title for plugin in optional if (town.id, plugin.slug) in enabled],
         "own": sum((town.id, name) in known for name in names)}
        for town in found
    ]
    return render_template("org/towns.html", rows=rows, county=county)


@blueprint.get("/towns/<int:unit_id>/settings")
@requires("org.town_settings")
def town_settings(unit_id):
    """What holds in a town, by the plugins that it has enabled; what it may set, and what is the county's."""
    return _town_page(town_seen(unit_id))


def _town_page(town: Unit):
    known, county = keeping.kept(town.county_id), town.county_id
    pairs = keeping.settings_of(among=enabled_for(town))
    groups = _grouped([pair for pair in pairs if pair[1].towns], lambda one: {
        "setting": one, "county": keeping.shown(one, county), "own": known.get((town.id, one.name)),
        "value": keeping.shown(one, town),
    })
    fixed = [(plugin, one, keeping.shown(one, county)) for plugin, one in pairs if not one.towns]
    return render_template("org/town_settings.html", groups=groups, fixed=fixed, town=town, of_county=of_county())


@blueprint.route("/towns/<int:unit_id>/settings/<name>", methods=["GET", "POST"])
@requires("org.town_settings")
def edit_town_setting(unit_id, name):
    """Set one of them for the town, or follow the county again."""
    town = town_seen(unit_id)
    plugin, declared = _named(name, among=enabled_for(town))
    if not declared.towns:
        abort(404)
    form = _form(declared, town)
    if form.validate_on_submit():
        try:
            keeping.save_setting(declared, town, form.wanted(), current_user, form.version.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            flash(SAVED, "success")
            return redirect(url_for("org.town_settings", unit_id=town.id))
    return render_template(
        "org/setting.html", form=form, back=None, setting=declared, plugin=plugin, unit=town,
        now_set=keeping.shown(declared, town), above=keeping.shown(declared, town.county_id),
        history=_history(declared, town), own=keeping.kept(town.county_id).get((town.id, name)),
    ), 422 if form.is_submitted() else 200


def of_county() -> bool:
    """Tell whether the person sets things for the whole county."""
    return current_user.post.unit.top[1] == "county" and current_user.may("org.settings")
