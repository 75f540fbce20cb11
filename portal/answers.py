"""What holds for every answer: security headers, a nonce for scripts, no caching, calm error pages."""

import logging
import re
import secrets

import peewee
from flask import current_app, g, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.routing import IntegerConverter

from portal import db
from portal.registry import registry_of
from portal.values import Conflict, Refused

log = logging.getLogger(__name__)

#: Title and what to do, by status. Werkzeug's own descriptions are English and name internals.
PAGES = {
    400: ("这次请求不完整", "页面可能已过期。请返回上一页、刷新后再试一次，您填写的内容通常还在。"),
    401: ("登录已过期", "内容没有保存。请重新登录，回到原来的页面再办；填过的文字在下面，可以复制，附件要重选。"),
    403: ("您当前的岗位没有这项权限", "如果您还有别的岗位，请先切换到那个岗位；确实需要时请联系系统管理员。"),
    404: ("没有找到这个页面", "它可能已被移走，或不在您的辖区之内。请从菜单或搜索重新进入。"),
    405: ("不能这样打开这个页面", "请从菜单重新进入。"),
    409: ("这件事刚被别人改动过", "请查看最新情况，再决定是否重做。您填写的内容保留在下面。"),
    413: ("上传的内容太大", "请压缩图片或分几次上传。"),
    415: ("不接受这种内容", "请换一种文件格式。"),
    422: ("现在不能这样办", "请按提示改正后再试。"),
    429: ("操作太频繁", "请稍等几分钟再试。"),
    500: ("系统出了差错", "没有保存任何内容。请返回重试；反复出现时，请把下面的编号告诉系统管理员。"),
    503: ("系统暂时用不了", "请稍等片刻再试，已经保存的内容不会丢失。"),
}


class RowId(IntegerConverter):
    """`<int:...>` in an address: an id that a row can have. A longer number is an unknown address, not an error."""

    regex = "[0-9]{1,18}"


def init_app(app, settings: dict) -> None:
    app.url_map.converters["int"] = RowId
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, lambda error: error_page(400))
    app.register_error_handler(Refused, lambda refused: error_page(422, refused.sentence))
    app.register_error_handler(Conflict, _conflict)
    app.register_error_handler(peewee.DatabaseError, _database_error)
    app.register_error_handler(peewee.InterfaceError, _database_error)
    app.register_error_handler(Exception, _unexpected)

    @app.before_request
    def refuse_what_no_browser_sends():
        _request_id()
        if isinstance(request.routing_exception, SecurityError):  # a Host that is not ours: no page, no redirect
            raise request.routing_exception
        if request.mimetype != "multipart/form-data":  # Werkzeug reads such a body whole, whatever its size
            request.max_content_length = app.config["MAX_FORM_MEMORY_SIZE"]
        # PostgreSQL takes no NUL in a text: here, once, instead of in every search field.
        if "\0" in request.path or any("\0" in text for texts in request.args.listvalues() for text in texts):
            return error_page(400, "网址里有不能使用的字符，请重新输入。")
        return None

    @app.after_request
    def add_headers(response):
        return _with_headers(response, settings["https"])


def _request_id() -> str:
    """Return the number of this request; an error may come before anything has named it."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(6)
    return g.request_id


def csp_nonce() -> str:
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return g.nonce


def _with_headers(response, https: bool):
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()"
    headers.setdefault("Content-Security-Policy", (
        f"default-src 'none'; script-src 'self' 'nonce-{csp_nonce()}'; style-src 'self'; img-src 'self' data: blob:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
        "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    ))
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    headers["X-Request-ID"] = _request_id()
    return response


def error_page(status: int, sentence: str = "", **more):
    """Render the page for `status` without touching the database; returns (html, status)."""
    g.plain_page = True
    title, hint = PAGES.get(status, PAGES[400 if status < 500 else 500])
    number = _request_id() if status >= 500 else ""
    if request.accept_mimetypes.best == "application/json":
        return {"error": sentence or title, "hint": hint, "request_id": number}, status
    page = render_template(
        "errors/page.html", status=status, title=title, sentence=sentence, hint=hint, number=number, **more
    )
    return page, status


def _http_error(error: HTTPException):
    if error.code is None or error.code < 400:
        return error
    if (cause := getattr(error, "original_exception", None)) is not None:  # what Flask itself could not answer
        return _unexpected(cause)
    page, status = error_page(error.code, **(_typed() if error.code == 401 else {}))
    response = current_app.make_response((page, status))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


#: Fields of forms that nobody types into.
TECHNICAL = ("csrf_token", "_key", "version", "next")


def _typed() -> dict:
    """Return what a form held that came too late, so that it can be copied, and the way back to its page."""
    kept = [
        ("", text) for name, texts in request.form.lists() if name not in TECHNICAL and "password" not in name
        for text in texts if len(text.strip()) > 1 and not re.fullmatch(r"\d{1,6}", text)  # the ids of what was chosen
    ]
    own = (request.referrer or "").removeprefix(request.host_url)
    back = f"/{own}" if request.referrer and own != request.referrer else request.path
    return {"kept": kept, "sign_in": url_for("accounts.sign_in", next=back)}


def _conflict(conflict: Conflict):
    form = g.get("posted_form")
    sentence = f"{conflict.who}刚刚已经{conflict.what}。" if conflict.who else ""
    return error_page(409, sentence, kept=form.kept() if form else [], url=conflict.url or request.path)


#: Whether the last word reached the database is not known; the key of the form makes that harmless.
BROKEN = "与数据库的连接中断了。请稍后返回上一页再提交一次：已经保存的不会重复。"

#: Errors of ours in what was asked of the database, not of the database itself.
OUR_FAULT = (peewee.DataError, peewee.IntegrityError, peewee.ProgrammingError)


def _database_error(error: Exception):
    if isinstance(error, OUR_FAULT):
        return _unexpected(error)
    if not db.is_away(error):
        registry_of(current_app).note_page(request.endpoint, error)
    log.error("request %s, database: %s", _request_id(), error)
    return error_page(503, BROKEN if db.is_broken(error) else db.explain(error))


def _unexpected(error: Exception):
    registry_of(current_app).note_page(request.endpoint, error)
    log.error("request %s failed", _request_id(), exc_info=error)
    return error_page(500)
