from plugins.village_rules.ground import own_village
from portal.kit import Blueprint, Refused, Unit, abort, current_user, render_template

blueprint = Blueprint("village_rules", __name__, template_folder="templates")


def village() -> Unit:
    """Return the village of who is signed in; a town or county has no page of a village's own, so 404."""
    try:
        return own_village(current_user)
    except Refused:
        abort(404)


def answered(template: str, form, **values):
    """Answer with a page that holds `form`: 422 where it was sent and not taken, so that nothing typed is lost."""
    return render_template(f"village_rules/{template}", form=form, **values), 422 if form.is_submitted() else 200
