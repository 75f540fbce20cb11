"""The browser of the tests reads the forms and links of a page as if it had parsed all of it."""

from types import SimpleNamespace

from portal.testing import Browser

PAGE = """<!doctype html><title>件</title>
<!-- <form action="/comment"><input name="no"></form> <a href="/comment">x</a> -->
<script>"<form action='/script'>" + "<a href='/script'>"</script ><SCRIPT>x = "<a href='/loud'>"</SCRIPT>
<nav><a data-on="x > 1" href="/arrow?a=1&amp;b=2">一</a><A HREF='/loud'>二</A><a name="none">三</a><a
  href="/line">四</a><abbr title="x">五</abbr><area href="/area"></nav>
<input name="outside" value="1">
<form method="POST" action="/one"><input name="title" value="&lt;/form&gt; 一"><a href="/inside">x</a>
<select name="kind"><option value="a">A</option><option value="b" selected>B</option></select>
<textarea name="text">
一 &lt;form&gt; &amp; 二</textarea><input type="checkbox" name="off"><input type="checkbox" name="on" checked></form>
<form action="/two"><input name="q"><input name="gone" disabled><button name="do" value="1">查</button></FORM>
<form action="/open"><input name="last" value="z"><a href="/last">x</a>
"""


def browser() -> Browser:
    browser = Browser(None)
    browser.response = SimpleNamespace(get_data=lambda as_text: PAGE)
    return browser


def test_the_forms_of_a_page_are_those_that_a_person_sees():
    one, two, left_open = browser().forms()
    assert (one.action, one.method, two.action, two.method) == ("/one", "post", "/two", "get")
    assert one.fields == {"title": "</form> 一", "kind": "b", "text": "一 <form> & 二", "on": "on"}
    assert one.names == {"title", "kind", "text", "off", "on"}
    assert two.fields == {"q": ""} and two.names == {"q", "gone", "do"}
    assert left_open.fields == {"last": "z"}


def test_the_links_of_a_page_are_those_that_a_person_can_click_on():
    links = ["/arrow?a=1&b=2", "/loud", "/line", "/inside", "/last"]
    assert browser().links() == links
