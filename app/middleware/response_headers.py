"""What every answer tells a browser or a proxy beside its body: security headers, caching, CORS, gzip."""

from flask import Flask, Response, request
from flask_compress import Compress
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from app.middleware.idempotency_key import HEADER as IDEMPOTENCY_KEY
from config import Config

MIN_GZIP_BYTES = 1_024  # a smaller answer fits into one packet anyway
GZIP_LEVEL = 4
PREFLIGHT_SECONDS = 3_600
ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
HSTS = "max-age=31536000; includeSubDomains"
# The API's answers are no pages: nothing in them may run or be framed.
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
# What a page of another origin may send and read.
REQUEST_HEADERS = ["Authorization", "Content-Type", "X-Request-Id", IDEMPOTENCY_KEY, "If-None-Match", "If-Match"]
ANSWER_HEADERS = ["X-Request-Id", "Idempotency-Replayed", "Retry-After", "ETag"]

compress = Compress()


def register_response_headers(app: Flask, config: Config) -> None:
    """Trust the configured proxies and origins; put the headers on every answer."""
    if config.TRUSTED_PROXIES:
        count = config.TRUSTED_PROXIES
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_prefix=count
        )
    if config.CORS_ORIGINS:
        CORS(
            app,
            origins=config.CORS_ORIGINS.split(","),
            allow_headers=REQUEST_HEADERS,
            expose_headers=ANSWER_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )
    app.config.update(
        COMPRESS_REGISTER=False,  # only what is long enough is handed to it
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_ALGORITHM_STREAMING=["gzip"],
        COMPRESS_LEVEL=GZIP_LEVEL,
        COMPRESS_MIN_SIZE=MIN_GZIP_BYTES,
    )
    compress.init_app(app)
    app.after_request(_finish)


def _finish(response: Response) -> Response:
    headers = response.headers
    present = {name for name, _ in headers}
    headers.extend(ALWAYS)
    if "Content-Security-Policy" not in present:
        headers.add("Content-Security-Policy", API_POLICY)
    if "Cache-Control" not in present:
        # what has a version may be kept, but is asked for every time
        headers.add("Cache-Control", "private, no-cache" if "ETag" in present else "no-store")
    if request.is_secure:
        headers.add("Strict-Transport-Security", HSTS)
    length = response.content_length
    return response if length is not None and length < MIN_GZIP_BYTES else compress.after_request(response)
