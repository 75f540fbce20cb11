"""Dropped into the bench's instance: a page of constant text behind the portal's own session, gate and headers."""

from portal.kit import Blueprint, Plugin, hookimpl, request, signed_in

blueprint = Blueprint("constant", __name__)


@blueprint.get("/")
@signed_in
def page():
    return "x" * min(request.args.get("size", 30_000, type=int), 10**6)


@hookimpl
def portal_plugin():
    return Plugin("constant", "常量页")


@hookimpl
def portal_blueprint():
    return blueprint

