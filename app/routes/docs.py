"""/openapi.json and /docs: what the API has, for programs and for people."""

from flask import Blueprint, Response

from app.controllers import docs_controller
from app.middleware.declare import answers

docs_bp = Blueprint("docs", __name__)


@docs_bp.get("/openapi.json")
@answers(200, bare=True, etag=True)
def get_document() -> Response:
    return docs_controller.get_document()


@docs_bp.get("/docs", strict_slashes=False)
@answers(200, bare=True, media_type="text/html")
def show_page() -> Response:
    return docs_controller.show_page()


@docs_bp.get("/docs/start.js")
def get_start_script() -> Response:
    return docs_controller.get_start_script()


@docs_bp.get("/docs/<path:file>")
def get_asset(file: str) -> Response:
    return docs_controller.get_asset(file)
