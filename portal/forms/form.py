from flask import g, has_request_context, request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import FileField, HiddenField, IntegerField
from wtforms.widgets import HiddenInput

from portal.forms.fields import shown
from portal.forms.once import KEY, SAFE, new_key
from portal.values import Refused


class Form(FlaskForm):
    """The base of every form: CSRF token, Chinese messages, and the key that keeps it from being executed twice."""

    class Meta:
        locales = ["zh"]

        def wrap_formdata(self, form, formdata):
            """Give fields of texts the texts and fields of files the files of the request, and nothing else of it."""
            if formdata is None or hasattr(formdata, "getlist"):
                return formdata
            if not has_request_context() or request.method in SAFE:
                return None
            files = [name for name, field in form._fields.items() if isinstance(field, FileField)]
            return MultiDict(
                [item for item in request.form.items(multi=True) if item[0] not in files]
                + [item for item in request.files.items(multi=True) if item[0] in files]
            )

    # WTForms overlooks attributes that begin with an underscore, so only the name on the page has one. A browser that
    # goes back must not put the key of a form that was sent into a form that is new.
    request_key = HiddenField(name="_key", default=new_key, render_kw={"autocomplete": "off"})

    def hidden_tag(self, *fields):
        if not KEY.fullmatch(self.request_key.data or ""):
            self.request_key.data = new_key()
        return super().hidden_tag(*fields)

    def validate(self, extra_validators=None):
        g.posted_form = self  # so that the page about a conflict can show what was typed, with its labels
        return super().validate(extra_validators)

    def kept(self) -> list[tuple[str, str]]:
        """Return (label, text) of what was filled in, for a page that must not lose it; never a password."""
        return [(field.label.text, text) for field in self if (text := shown(field))]

    def refuse(self, refused: Refused) -> None:
        """Put the sentence of a rule at the field it names, or at the top of the form."""
        if refused.field in self._fields:
            field = self._fields[refused.field]
            field.errors = [*field.errors, refused.sentence]
        else:
            self.form_errors.append(refused.sentence)

    def values(self) -> dict:
        """Return what was asked for, by field name, without the technical fields."""
        technical = ("csrf_token", "request_key", "version")
        return {name: value for name, value in self.data.items() if name not in technical}


class Version(IntegerField):
    """The version that was on screen. A missing or senseless one is no version of any row, so it meets a conflict."""

    widget = HiddenInput()
    NONE = -1

    def process_formdata(self, valuelist):
        text = valuelist[0].strip() if valuelist else ""
        self.data = int(text) if text.isdecimal() and len(text) < 10 else self.NONE


class VersionedForm(Form):
    """A form over a row that several people edit: `version` is the one that was on screen."""

    version = Version(default=0, render_kw={"autocomplete": "off"})

    def renew(self, version: int) -> None:
        """Stand on `version` from now on: what somebody else changed is on the screen, what was typed stays."""
        self.version.data, self.version.raw_data = version, None
