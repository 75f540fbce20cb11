"""A platform in a single file, from dropping it into the folder to its own tables, and out again."""

import pytest

from portal import create_app, migrations
from portal.db import database
from portal.migrations import MigrationPending
from portal.registry import registry_of
from tests.registry.sources import hook, plugin

NOTICES = plugin(
    head='''
class Notice(Model):
    text = TextField()
    by_name = CharField(max_length=60)

    class Meta:
        table_name = "notices_notice"


class NoticeForm(Form):
    text = Text("内容", longest=200)


PAGE = """{% extends "frame.html" %}{% block title %}通知{% endblock %}{% block main %}
<form method="post">{{ form.hidden_tag() }}{{ form.text() }}{{ form.text.errors|join }}<button>发布</button></form>
{% for one in notices %}<p>{{ one.by_name }}：{{ one.text }}</p>{% endfor %}{% endblock %}"""
''',
    page='''
@blueprint.route("/", methods=["GET", "POST"])
@requires("notices.read")
def index():
    form = NoticeForm()
    if form.validate_on_submit():
        Notice.create(text=form.text.data, by_name=current_user.full_name)
        return redirect(url_for("notices.index"))
    return render_template_string(PAGE, form=form, notices=list(Notice.select())), 422 if form.errors else 200
''',
    extra=hook("portal_models", "return [Notice]"),
)
SCRIPT = '''
from peewee import *


def up(migrator, db):
    class Notice(Model):
        text = TextField()
        by_name = CharField(max_length=60)
        class Meta:
            database = db
            table_name = 'notices_notice'
    db.create_tables([Notice])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('notices_notice'))
'''
FILES = {"notices.py": NOTICES, "notices_migrations/0001_initial.py": SCRIPT}


def test_it_works_end_to_end(start):
    county = start(FILES, ["notices"], strict=True)
    clerk = county.sign_in("cun")
    assert "菜单 notices" in clerk.open("/").text
    clerk.send("/notices/", text="周五停水")
    assert clerk.status == 200 and "李秀英：周五停水" in clerk.text
    clerk.send("/notices/", text="")
    assert clerk.status == 422 and "请填写“内容”" in clerk.text
    neighbour = county.sign_in("linjia")
    assert neighbour.open("/notices/").status == 404 and "菜单 notices" not in neighbour.open("/").text


def test_its_scripts_lie_in_a_folder_of_its_name_and_have_a_history_of_their_own(start):
    county = start(FILES, strict=True)
    owner = next(owner for owner in county.registry.owners() if owner.slug == "notices")
    assert owner.folder.name == "notices_migrations" and not migrations.pending([owner])
    assert {"notices_notice", "notices_migration"} <= set(database.get_tables())
    owner.runner().down()
    assert "notices_notice" not in database.get_tables()
    assert migrations.pending([owner]) == {"notices": ["0001_initial"]}
    with pytest.raises(MigrationPending, match="notices"):
        migrations.check(county.registry.owners())


def test_a_package_keeps_its_scripts_inside(start):
    county = start({"notices/__init__.py": NOTICES, "notices/migrations/0001_initial.py": SCRIPT}, ["notices"])
    owner = next(owner for owner in county.registry.owners() if owner.slug == "notices")
    assert owner.folder.name == "migrations" and county.sign_in("cun").open("/notices/").status == 200


def test_taken_out_and_put_back_nothing_is_lost(start, tmp_path):
    county = start(FILES, ["notices"])
    county.sign_in("cun").send("/notices/", text="周五停水")
    without = start({}, without_plugins=["notices"])
    clerk = without.sign_in("cun")
    assert clerk.open("/notices/").status == 404 and "菜单 notices" not in clerk.open("/").text
    assert "周五停水" in start({}).sign_in("cun").open("/notices/").text


def test_tables_without_any_script_are_one_sentence(start):
    county = start({"notices.py": NOTICES})
    [item] = registry_of(create_app(county.app.instance_path, county.overrides)).quarantined
    assert item.slug == "notices" and "--generate notices initial" in item.reason
    with pytest.raises(MigrationPending, match="notices.*--generate"):
        create_app(county.app.instance_path, county.overrides | {"strict": True})


def test_its_first_script_can_be_generated(start, tmp_path):
    county = start({"notices.py": NOTICES})
    owner = next(owner for owner in registry_of(county.app).owners() if owner.slug == "notices")
    path = migrations.generate(owner, "initial")
    assert path == str(tmp_path / "plugins" / "notices_migrations" / "0001_initial.py")
    assert migrations.migrate([owner], tmp_path) == ["notices/0001_initial"]
    assert "notices_notice" in database.get_tables() and migrations.generate(owner, "again") is None
