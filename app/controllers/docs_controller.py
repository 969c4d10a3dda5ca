"""The API's document, and the page that shows it."""

from pathlib import Path

import flask_swagger_ui
from flask import Response, current_app, json, render_template, request, send_file, send_from_directory

from app.openapi import document_of

SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"
START_SCRIPT = Path(__file__).parents[1] / "static" / "docs.js"
# The bundle writes styles into the page and carries its pictures along; nothing may come from elsewhere.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
CACHE_SECONDS = 3600
BUILT = "laurel.openapi"  # where the application keeps it


def get_document() -> Response:
    """200 with the OpenAPI document, without the envelope; built by the first who asks."""
    built = current_app.extensions.get(BUILT)
    if built is None:
        built = current_app.extensions[BUILT] = json.dumps(document_of(current_app), sort_keys=False)
    response = Response(built, mimetype="application/json")
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response


def show_page() -> Response:
    """The Swagger UI; everything it needs comes from this server."""
    response = Response(render_template("docs.html", root=request.script_root), mimetype="text/html")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


def get_start_script() -> Response:
    """What starts the page."""
    return send_file(START_SCRIPT, max_age=CACHE_SECONDS)


def get_asset(file: str) -> Response:
    """A file of the packaged Swagger UI."""
    return send_from_directory(SWAGGER_UI, file, max_age=CACHE_SECONDS)
