"""The doors of the second factor: asking for a code after the password, and setting it up."""

import segno
from flask import redirect, render_template, request, session, url_for
from flask_login import current_user
from markupsafe import Markup

from portal.access import own_transaction, public, signed_in
from portal.accounts import passwords, second_factor, signing
from portal.accounts.forms import CodeForm, SetUpForm
from portal.accounts.models import User
from portal.accounts.next_page import safe_next
from portal.accounts.views import blueprint
from portal.db import atomic
from portal.values import Refused

#: The secret that is being set up; it lies in the signed cookie of the one who reads it from the page anyway.
SECRET = "second_factor_secret"


@blueprint.route("/second-factor", methods=["GET", "POST"], endpoint="second_factor")
@public
@own_transaction
def ask():
    """The second half of signing in. Without a right password a moment ago it leads back to the first."""
    user, form = second_factor.pending(), CodeForm()
    if user is None:
        return redirect(url_for("accounts.sign_in", next=safe_next(request.args.get("next"))))
    if request.method == "GET":
        form.next.data = safe_next(request.args.get("next"))
    if form.validate_on_submit():
        try:
            person = signing.sign_in_second(user, form.code.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            return redirect(url_for(person.must_first) if person.must_first else safe_next(form.next.data))
    return render_template("accounts/second_factor.html", form=form), 422 if form.is_submitted() else 200


@blueprint.route("/second-factor/set-up", methods=["GET", "POST"])
@signed_in
@own_transaction
def set_up_second_factor():
    """Pair a phone: its app reads the picture, a first code proves it. The recovery codes are shown this once."""
    form, user = SetUpForm(), User.get_by_id(current_user.id)
    plain = session.setdefault(SECRET, second_factor.new_secret())
    if form.validate_on_submit():
        try:
            if not passwords.verify(user.password_hash, form.password.data):
                raise Refused("现在的密码不正确。", "password")
            with atomic():
                codes = second_factor.set_up(user, plain, form.code.data)
        except Refused as refused:
            form.refuse(refused)
        else:
            session.pop(SECRET)
            return render_template("accounts/recovery_codes.html", codes=codes)
    form.password.data = None
    picture = segno.make(second_factor.address_of(user, plain), micro=False)
    groups = [plain[at : at + 4] for at in range(0, len(plain), 4)]  # as people type it
    view = {
        "form": form, "plain": " ".join(groups), "again": user.has_second_factor,
        "forced": bool(current_user.must_first),
        "picture": Markup(picture.svg_inline(border=2, svgclass=None, lineclass=None, omitsize=True)),
    }
    return render_template("accounts/set_up_second_factor.html", **view), 422 if form.is_submitted() else 200
