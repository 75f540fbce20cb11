"""What every plugin must keep, as tests: subclass `PluginContract`, name the plugin, and say what its pages show.

    class TestContract(PluginContract):
        plugin = "notices"

        def fill(self, county):
            notice = publish("停水", by=county.person("village"))
            return [f"/notices/{notice.id}"]
"""

import re

from portal.migrations import Owner
from portal.testing.browser import Browser
from portal.values import OPEN_PHASES

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
#: What stands in an address for an argument that nobody gave a value: no row has it.
NO_ROW = "999999999"


class PluginContract:
    """Tests that hold for every plugin. `plugin` is its slug; `insider` and `outsider` are two of the cast who may do
    the same in two neighbouring towns."""

    plugin = ""
    insider = "village"
    outsider = "other_village"

    def fill(self, county) -> list[str]:
        """Write rows that lie with `insider`; return the addresses of pages that show them, for GET."""
        return []

    # -- what stands where ---------------------------------------------------------------------------------------

    def test_it_is_loaded_and_was_not_left_out(self, county):
        left_out = [str(one) for one in county.registry.quarantined if one.slug == self.plugin]
        assert not left_out, left_out
        assert self.plugin in county.registry.plugins, f"{self.plugin} is not installed, or not in `portal_plugins`"

    def test_every_address_names_a_permission(self, county):
        declared = {permission.name for permission in county.registry.permissions()} | {"signed_in"}
        for rule in self._rules(county):
            named = getattr(county.app.view_functions[rule.endpoint], "permission", None)
            assert named in declared, f"{rule.rule} names {named!r}; say @requires(...)"

    def test_every_page_comes_from_its_own_templates(self, county):
        loader = county.app.jinja_env.loader
        strange = [name for name in loader.list_templates() if name.startswith(f"{self.plugin}/")]
        blueprint = county.app.blueprints.get(self.plugin)
        own = blueprint.jinja_loader.list_templates() if blueprint is not None and blueprint.jinja_loader else []
        assert set(own) <= set(strange) and all(name.startswith(f"{self.plugin}/") for name in own), own

    # -- where it is disabled ------------------------------------------------------------------------------------

    def test_where_it_is_disabled_every_address_answers_as_if_it_were_not_there(self, county):
        urls = [*self._addresses(county), f"/{self.plugin}/no-such-page", f"/{self.plugin}"]
        self._disable(county, self.outsider)
        browser = county.sign_in(self.outsider)
        missing = {method: _answer(browser, method, "/no-such-room/page") for method in METHODS}
        for url in urls:
            for method in METHODS:
                assert _answer(browser, method, url) == missing[method], f"{method} {url} tells that the plugin exists"

    def test_where_it_is_disabled_no_page_leads_to_it(self, county):
        self._disable(county, self.outsider)
        browser = county.sign_in(self.outsider)
        for url in ("/", "/cases/", "/cases/desk", "/search?q=一"):
            assert f'"/{self.plugin}/' not in browser.open(url).text, f"{url} leads to {self.plugin}"

    def test_enabling_it_again_loses_nothing(self, county):
        urls = self.fill(county)
        where = self._town_of(county, self.insider)
        before = {url: county.sign_in(self.insider).open(url).status for url in urls}
        if not self._may_disable(county, where):
            return
        county.enable(where, self.plugin, True)
        assert before == {url: county.sign_in(self.insider).open(url).status for url in urls}

    # -- who does not belong -------------------------------------------------------------------------------------

    def test_the_neighbours_reach_none_of_its_rows(self, county):
        urls = self.fill(county)
        insider, outsider = county.sign_in(self.insider), county.sign_in(self.outsider)
        for url in urls:
            assert insider.open(url).status == 200, f"{self.insider} should reach {url}"
            assert outsider.open(url).status == 404, f"{self.outsider} reaches {url}; look rows up through seen_by"

    def test_strangers_are_sent_to_sign_in(self, county):
        stranger = county.browser()
        for url in self._addresses(county):
            assert "/accounts/sign-in" in stranger.open(url).response.request.path, f"{url} is open to everybody"
            assert stranger.client.post(url).status_code in (400, 401), f"anybody may post to {url}"

    def test_who_has_no_post_gets_nowhere(self, county):
        nobody = county.sign_in("nobody")
        for url in self._addresses(county):
            assert nobody.open(url).status in (403, 404), url

    # -- what it keeps -------------------------------------------------------------------------------------------

    def test_its_migrations_go_up_down_and_up(self, county):
        owners = [owner for owner in county.registry.owners() if owner.slug == self.plugin]
        for owner in owners:
            _down_and_up(owner)

    def test_every_matter_can_come_to_an_end(self, county):
        for kind in self._kinds(county):
            reached, flow = {kind.workflow.start}, kind.workflow
            while more := {step.to for step in flow.steps if set(step.sources) & reached and step.to} - reached:
                reached |= more
            for name in reached:
                state = flow.state(name)
                if state.phase in OPEN_PHASES:
                    assert _ends(flow, name), f"{kind.name}: from {state.title} nothing leads to an end"

    # -- means ---------------------------------------------------------------------------------------------------

    def _kinds(self, county) -> list:
        return [kind for plugin, kind in county.registry.collect("portal_cases") if plugin.slug == self.plugin]

    def _rules(self, county) -> list:
        return [rule for rule in county.app.url_map.iter_rules() if rule.endpoint.split(".")[0] == self.plugin]

    def _addresses(self, county) -> list[str]:
        return sorted({re.sub(r"<(?:[^:>]+:)?[^>]+>", NO_ROW, rule.rule) for rule in self._rules(county)})

    def _town_of(self, county, name: str) -> str:
        return "other_town" if name.startswith("other_") else "town"

    def _disable(self, county, name: str) -> None:
        county.enable(self._town_of(county, name), self.plugin, False)

    def _may_disable(self, county, where: str) -> bool:
        """Open matters stand in the way of disabling, rightly: then there is nothing to enable again."""
        blocking = [sentence for _, sentence in county.registry.collect(
            "portal_town_obstacles", town=county.unit(where), plugin=self.plugin)]
        if not blocking:
            county.enable(where, self.plugin, False)
        return not blocking


def _answer(browser: Browser, method: str, url: str) -> tuple:
    """Return status and text of an answer, without what is different each time."""
    response = browser.client.open(url, method=method)
    text = re.sub(r'nonce="[^"]*"|value="[^"]*"|content="[^"]*"', "", response.get_data(as_text=True))
    allow = response.headers.get("Allow")
    return response.status_code, allow, text


def _down_and_up(owner: Owner) -> None:
    runner = owner.runner()
    names = [script.name for script in runner.status()]
    for name in reversed(names):
        runner.down(name)
    for name in names:
        runner.up(name)


def _ends(flow, start: str) -> bool:
    reached = {start}
    while more := {step.to for step in flow.steps if set(step.sources) & reached and step.to} - reached:
        reached |= more
    return any(flow.state(name).phase not in OPEN_PHASES for name in reached)
