"""What every plugin must keep, as tests: subclass `PluginContract`, name the plugin, and say what its pages show.

    class TestContract(PluginContract):
        plugin = "notices"

        def fill(self, county):
            notice = publish("停水", by=county.person("village"))
            return [f"/notices/{notice.id}"]
"""

import re

from portal.jobs import plan
from portal.testing import filled
from portal.testing.answering import Answer, as_well_at, ask
from portal.testing.crawl import crawl, page_of
from portal.testing.reach import reach_of, replaced_by
from portal.testing.schema import down_and_up, schema
from portal.values import OPEN_PHASES

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
#: What stands in an address for an argument that nobody gave a value: no row has it.
NO_ROW = "999999999"
#: Pages that must speak of a disabled plugin: which say what is installed; what somebody has to hand over before they
#: leave, where no open matter may be missing; and why the data of a resident are kept, which stay while it is disabled.
EXCEPT = {"org.plugins", "org.switch_plugin", "org.settings", "org.edit_setting", "accounts.hand_work", "people.erase"}
#: So many differences are told; the rest is only more of the same.
TOLD = 8


class PluginContract:
    """Tests that hold for every plugin. `plugin` is its slug; `insider` and `outsider` are two of the cast who may do
    the same in two neighbouring towns."""

    plugin = ""
    insider = "village"
    outsider = "other_village"
    #: Who looks at what is left where the insider's town has disabled the plugin; and where all of the county has.
    onlookers = ("village", "town")
    overseers = ("county",)
    #: Endpoints of pages whose rows belong to the whole county, so that every town may open each of them.
    shared: tuple[str, ...] = ()

    def fill(self, county) -> list[str]:
        """Write rows that lie with `insider`; return the addresses of pages that show them, for GET.

        It is called for both towns: take people and places from `county` only, by the names of the insider's side.
        """
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

    def test_it_acts_on_no_page_of_others(self, county):
        reach, bare = reach_of(county.app), reach_of(county.without(*self._with_dependants(county)))
        more = {name: set(values) ^ set(bare[name]) for name, values in reach.items() if values != bare[name]}
        assert not more, f"{self.plugin} acts on the whole application: {more}"
        replaced = replaced_by(county.registry.modules[self.plugin])
        assert not replaced, f"{self.plugin} put something of its own in the place of {replaced}"

    # -- where it is disabled ------------------------------------------------------------------------------------

    def test_where_the_town_has_disabled_it_every_answer_is_that_of_a_portal_without_it(self, county, clock):
        written = self._filled(county)
        clock(filled.present())
        filled.switch_off(county, self._with_dependants(county), "town")
        for name in self.onlookers:
            self._hold_against_a_portal_without_it(county, name, written)

    def test_where_the_county_has_disabled_it_every_answer_is_that_of_a_portal_without_it(self, county, clock):
        written = self._filled(county)
        clock(filled.present())
        filled.switch_off(county, self._with_dependants(county), "county", "town", "other_town")
        for name in self.overseers:
            self._hold_against_a_portal_without_it(county, name, written)

    def test_its_jobs_leave_a_town_alone_that_has_disabled_it(self, county):
        jobs = [job for plugin, job in county.registry.collect("portal_jobs") if plugin.slug == self.plugin]
        self._filled(county)
        filled.switch_off(county, self._with_dependants(county), "town")
        before = filled.rows_of(county, self.plugin)
        for job in jobs:
            job.run()
            assert filled.rows_of(county, self.plugin) == before, f"{job.name} works for a town that has disabled it"
        filled.switch_off(county, self._with_dependants(county), "county", "other_town")
        assert not {job.name for job in jobs} & set(plan.jobs()), "nobody has enabled it, and its jobs run"

    def test_enabling_it_again_loses_nothing(self, county):
        urls = self._filled(county).urls
        before = {url: county.sign_in(self.insider).open(url).status for url in urls}
        assert set(before.values()) <= {200}, f"{self.insider} should reach what `fill` wrote: {before}"
        where = county.unit(self._town_of(self.insider))
        filled.switch_off(county, self._with_dependants(county), self._town_of(self.insider))
        county.registry.collect("portal_town_changed", {self.plugin}, town=where, enabled=False)
        assert all(county.sign_in(self.insider).open(url).status == 404 for url in urls), urls
        for slug in self._with_dependants(county):
            county.enable(self._town_of(self.insider), slug)
        after = {url: county.sign_in(self.insider).open(url).status for url in urls}
        assert before == after, f"enabled again, {self.plugin} has lost what it had: {after}"

    # -- who does not belong -------------------------------------------------------------------------------------

    def test_the_neighbours_reach_none_of_its_rows(self, county):
        self._keep_apart(county, self._filled(county), self.insider, self.outsider)

    def test_nor_does_it_reach_those_of_the_neighbours(self, county):
        self._keep_apart(county, self._filled_next_door(county), self.outsider, self.insider)

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
        before = schema()
        for owner in owners:
            left = [name for name in down_and_up(owner) if name.startswith(f"{self.plugin}_")]
            assert not left, f"its migrations leave {left} behind when they are taken back"
        assert schema() == before, "taken back and made again, its tables are not what they were"

    def test_every_matter_can_come_to_an_end(self, county):
        for kind in self._kinds(county):
            flow = kind.workflow
            for name in _reached(flow, flow.start):
                state = flow.state(name)
                if state.phase in OPEN_PHASES:
                    ends = any(flow.state(end).phase not in OPEN_PHASES for end in _reached(flow, name))
                    assert ends, f"{kind.name}: from {state.title} nothing leads to an end"

    # -- means ---------------------------------------------------------------------------------------------------

    def _kinds(self, county) -> list:
        return [kind for plugin, kind in county.registry.collect("portal_cases") if plugin.slug == self.plugin]

    def _rules(self, county) -> list:
        return [rule for rule in county.app.url_map.iter_rules() if rule.endpoint.split(".")[0] == self.plugin]

    def _addresses(self, county) -> list[str]:
        return sorted({re.sub(r"<(?:[^:>]+:)?[^>]+>", NO_ROW, rule.rule) for rule in self._rules(county)})

    def _with_dependants(self, county) -> list[str]:
        """Return the plugin and those that cannot be without it, in the order in which they were admitted."""
        found = [self.plugin]
        for slug, plugin in county.registry.plugins.items():
            if set(plugin.depends) & set(found):
                found.append(slug)
        return found

    def _town_of(self, name: str) -> str:
        return "other_town" if name.startswith("other_") else "town"

    def _filled(self, county) -> filled.Filled:
        """Write what `fill` writes, and find what its insider reaches; the second time it is put back only."""
        return county.once(f"{type(self).__name__}-{self.plugin}", lambda: filled.write(
            county, county, self.plugin, self.fill(county), self.insider, self.onlookers + self.overseers))

    def _filled_next_door(self, county) -> filled.Filled:
        return county.once(f"{type(self).__name__}-{self.plugin}-next-door", lambda: filled.write(
            county, county.mirrored(), self.plugin, self.fill(county.mirrored()), self.insider, ()))

    def _keep_apart(self, county, written: filled.Filled, insider: str, outsider: str) -> None:
        here, there = county.sign_in(insider), county.sign_in(outsider)
        for url in written.urls:
            assert here.open(url).status == 200, f"{insider} should reach {url}"
        own = [url for url in written.reached if filled.names_a_row(county, url, self.plugin, self.shared)]
        wrong = {url: there.status for url in dict.fromkeys(written.urls + own) if there.open(url).status != 404}
        assert not wrong, f"{outsider} is answered; look rows up through seen_by, or name them in `shared`: {wrong}"

    def _hold_against_a_portal_without_it(self, county, name: str, written: filled.Filled) -> None:
        """Walk through the portal as `name`, then ask a portal without the plugin the same on the same rows."""
        browser, bare = county.sign_in(name), county.without(*self._with_dependants(county))
        county.keep("looked-at")
        token = next(form.fields["csrf_token"] for form in browser.open("/").forms() if "csrf_token" in form.fields)
        walked = {("GET", url): Answer.of(browser.response)
                  for url, *_ in crawl(county.app, browser, samples=1, kind=page_of)}
        more = [("GET", url) for url in self._own(county, written) + written.searches]
        if name in (self.onlookers[0], self.overseers[0]):  # what a colleague could send is refused alike
            more += [(method, url) for method in METHODS for url in self._own(county, written)]
        asked = list(dict.fromkeys([*walked, *more]))
        answers = [walked.get(one) or self._asked(browser.client, *one, token) for one in asked]
        county.put_back("looked-at")
        filled.forget_notices(self.plugin)
        client, wrong = as_well_at(bare, browser.client), []
        for (method, url), answer in zip(asked, answers, strict=True):
            bare_answer = self._asked(client, method, url, token)
            assert answer.status < 500 and bare_answer.status < 500, f"{name} gets an error at {method} {url}"
            if answer != bare_answer and page_of(county.app, url) not in EXCEPT:
                wrong.append(f"{method} {url}: {bare_answer.beside(answer)}")
        assert not wrong, f"{name} can tell that {self.plugin} is installed:\n" + "\n".join(wrong[:TOLD])

    def _asked(self, client, method: str, url: str, token: str) -> Answer:
        return ask(client, method, url, True, data={"csrf_token": token} if method == "POST" else None)

    def _own(self, county, written: filled.Filled) -> list[str]:
        """Return the addresses that only the plugin answers, or that show its matters."""
        below = [url.split("?")[0] for url in written.reached if url.startswith(tuple(
            [f"/{self.plugin}/", *(f"/cases/{case}/" for case in written.cases)]))]
        cases = [f"/cases/{case}" for case in written.cases]
        made_up = [f"/{self.plugin}", f"/{self.plugin}/", f"/{self.plugin}/no-such-page", f"/{self.plugin}//"]
        return list(dict.fromkeys([*self._addresses(county), *made_up, *written.urls, *below, *cases]))


def _reached(flow, start: str) -> set[str]:
    """Return the states to which a matter can come from `start`."""
    reached = {start}
    while more := {step.to for step in flow.steps if set(step.sources) & reached and step.to} - reached:
        reached |= more
    return reached
