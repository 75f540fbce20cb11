"""THE CONTRACT: every hook that a plugin may implement, on one page.

Hooks return values (portal.values); they are never handed the application to work on.
"""

import pluggy

hookspec = pluggy.HookspecMarker("portal")
hookimpl = pluggy.HookimplMarker("portal")


@hookspec(firstresult=True)
def portal_plugin():
    """Return the plugin's `Plugin`: slug, title, contract version, level, dependencies."""


@hookspec
def portal_models():
    """Return the plugin's peewee models, referenced ones first; tables are named `<slug>_*`."""


@hookspec
def portal_blueprint():
    """Return the plugin's Flask blueprint, named like its slug; it is mounted at `/<slug>/`."""


@hookspec
def portal_permissions():
    """Return a list of `Permission`; every route names one of them or the start fails."""


@hookspec
def portal_menu():
    """Return a list of `MenuItem`."""


@hookspec
def portal_cases():
    """Return a list of `CaseKind`: what the ledger can hold for this plugin."""


@hookspec
def portal_cards():
    """Return a list of `Card` for the workbench."""


@hookspec
def portal_search():
    """Return a list of `SearchProvider`."""


@hookspec
def portal_papers():
    """Return a list of `Paper`: documents printed from a case."""


@hookspec(firstresult=True)
def portal_refer(case, kind, actor, text, unit):
    """Open a case of the plugin's own `kind` for a matter that came up in `case`, and return it; None: not taken.

    `text` says why. `unit` is None where the plugin is enabled in the case's place; otherwise it is the unit of the
    county that is in charge, and the new case must lie with it.
    """


@hookspec
def portal_actions():
    """Return a list of `Action`: the words for what the plugin writes into the audit record."""


@hookspec
def portal_settings():
    """Return a list of `Setting`: what each county may set for the plugin (limits, who is in charge)."""


@hookspec
def portal_jobs():
    """Return a list of `Job`: background work with its time."""


@hookspec
def portal_topics():
    """Return a list of `Topic`: what the plugin's notices are about."""


@hookspec
def portal_commands():
    """Return a list of click commands; they appear below `portal`."""


@hookspec
def portal_check(say):
    """Return a list of `Finding`: what `portal check` and the administrator's page should say about this instance.

    `say(text, done, total)` reports progress where it takes long; an implementation may leave the argument out.
    """


@hookspec
def portal_numbers():
    """Return a list of `Numbers`: which numbers of the series that it takes from stand on the plugin's papers."""


@hookspec
def portal_demo(say):
    """Fill a demo instance with believable rows; `say(text, done, total)` reports progress."""


@hookspec
def portal_calendar_preview(calendar):
    """Return sentences that say what would move if the working days were those of `calendar` (before it is saved)."""


@hookspec
def portal_calendar_changed():
    """Called after commit when working days have changed: compute anew what rests on them, for two seconds at most.

    What is left is done by a job. Safe to call again: `portal calendar` calls it until nothing is left.
    """


@hookspec
def portal_town_changed(town, enabled):
    """Called after commit when the plugin was enabled or disabled for the unit `town`."""


@hookspec
def portal_town_obstacles(town, plugin):
    """Return sentences that say what must be settled before `plugin` (a slug) may be disabled for the unit `town`.

    The ledger itself names the open cases of the plugin's kinds; a plugin adds what else it has.
    """


@hookspec
def portal_town_matters(town, plugin, person, after):
    """Return a list with one `Matters`: the open matters of `plugin` (a slug) that lie with the unit `town`, as far as
    `person` may see them; the page that begins after the id `after`.

    The ledger answers for the cases. What it lists here `portal_town_obstacles` names as well.
    """


@hookspec
def portal_town_counts(county):
    """Return a list of `OpenCount`: how many open matters of which plugin lie in each town of the unit `county`."""


@hookspec
def portal_hand_town(town, plugin, actor, text, keeper):
    """Hand what is open of `plugin` with the unit `town` to the county, because the town disables it, and return
    sentences that say what was handed to whom.

    In the caller's transaction, and called twice: what was opened in between comes along. `text` is the reason,
    `keeper` the id of the User who gets what only those may see who are named on it, or None. Raises Refused.
    """


@hookspec
def portal_unit_obstacles(unit):
    """Return sentences that say what still hangs on `unit` (posts, open matters), so that it cannot be closed yet."""


@hookspec
def portal_unit_preview(change):
    """Return a list of `UnitEffect`: what the `Rearrangement` `change` would move of yours, before it is carried out.

    `change.into` may be a unit that does not exist yet. Rows with place columns are counted without this hook.
    """


@hookspec
def portal_unit_parts(unit):
    """Return a list of `UnitPart`: what lies with `unit` itself and may be chosen, piece by piece, when it is split."""


@hookspec
def portal_unit_changed(change):
    """Lead over what hangs on the units of the `Rearrangement` `change`, in its transaction; whatever this raises takes
    everything back.

    The tree of units already has its new shape; the place columns of all tables are written afterwards, so rows are
    still found where they lay.
    """


@hookspec
def portal_resident_uses(resident):
    """Return a list of `ResidentUse`: why what is known of `resident` is kept, and until when."""


@hookspec
def portal_resident_data(resident, person):
    """Return a list of `ResidentSection`: all that is kept about `resident`, as `person` may see it.

    What the person may not see is counted in a note. Other people are masked.
    """


@hookspec
def portal_resident_records(resident, person):
    """Return a list of `ResidentRecord`: other objects whose pages show `resident`, of those that `person` may see."""


@hookspec
def portal_resident_obstacles(kept, gone):
    """Return sentences that say what must be settled before the residents `kept` and `gone` become one."""


@hookspec
def portal_resident_erased(resident, by):
    """Wipe what is kept about `resident`, in the transaction in which the people room wipes its own row afterwards:
    the name is still there to look for. What fails here takes everything back."""


@hookspec
def portal_work(post):
    """Return a list of `Work`: what is open and hangs on this person at this post, so that it cannot end yet.

    `post` is an accounts Post with user, unit and role. What another valid post of the same person at the same unit
    carries is not named.
    """


@hookspec
def portal_hand_work(post, names, successor, actor):
    """Hand the pieces of work `names` (as `portal_work` named them) from `post` to `successor`, another Post at the
    unit, or back to the unit (None), in the caller's transaction. Raises Refused where that cannot be."""
