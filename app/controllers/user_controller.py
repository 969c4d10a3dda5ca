"""The doors of accounts: /api/v1/users and /api/v1/admin/users."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date, datetime
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import Any

from flask import Response, g
from werkzeug.wsgi import FileWrapper

from app.controllers.envelope import iso_time, success
from app.errors import Forbidden
from app.rules.user_rules import STAFF, User
from app.schemas.user import ChangeAccount, ChangeProfile, LinkDevice, RegisterUser, UsersQuery, encode_key_cursor
from app.services import user_data_service, user_service

SPOOLED_IN_MEMORY = 1_000_000  # bytes


def register(body: RegisterUser) -> Response:
    """201 `{id, username, email, created_at}`."""
    user = user_service.register(username=body.username, email=body.email, password=body.password)
    data = {"id": user.id, "username": user.username, "email": user.email, "created_at": iso_time(user.created_at)}
    return success(data, 201)


def get_own_user() -> Response:
    """200 with the account that the token speaks for."""
    return success(user_view(user_service.get_user(g.user.id)))


def get_user(user_id: int) -> Response:
    """200 with the account: one's own, or anybody's for staff."""
    if user_id != g.user.id and not g.user.has_any(STAFF):
        raise Forbidden
    return success(user_view(user_service.get_user(user_id)))


def change_profile(body: ChangeProfile) -> Response:
    """200 with the changed account."""
    user = user_service.change_profile(g.user.id, display_name=body.display_name, time_zone=body.time_zone)
    return success(user_view(user))


def link_device_account(body: LinkDevice) -> Response:
    """200 with the account, which has a name now."""
    user = user_service.link_device_account(
        user_id=g.user.id, username=body.username, email=body.email, password=body.password
    )
    return success(user_view(user))


def erase_user() -> Response:
    """200 `{id, status: "erased"}`."""
    user = user_data_service.erase_user(g.user.id)
    return success({"id": user.id, "status": user.status})


def export_user_data() -> Response:
    """200 with everything stored about the user: `{user, <table>: [rows]}`, a download."""
    user = user_service.get_user(g.user.id)
    # the whole answer is written down before its first byte is sent: a fault in the middle is a fault, not half a file
    with ExitStack() as stack:
        spool = stack.enter_context(SpooledTemporaryFile(max_size=SPOOLED_IN_MEMORY))
        for part in _export(user):
            spool.write(part.encode())
        length = spool.tell()
        spool.seek(0)
        response = Response(FileWrapper(spool), mimetype="application/json", direct_passthrough=True)
        response.call_on_close(stack.pop_all().close)
    response.content_length = length
    response.headers["Content-Disposition"] = f'attachment; filename="laurel-user-{user.id}.json"'
    return response


def list_users(query: UsersQuery) -> Response:
    """200 with accounts in the order of their names, or of their emails if an email was asked for."""
    users, next_key = user_service.list_users(query=query.q, after_key=query.cursor, limit=query.limit)
    next_cursor = None if next_key is None else encode_key_cursor(next_key)
    return success({"items": [user_view(user) for user in users], "next_cursor": next_cursor})


def change_account(body: ChangeAccount, user_id: int) -> Response:
    """200 with the changed account."""
    user = user_service.change_account(
        user_id, roles=body.roles, status=body.status, actor_id=g.user.id, request_id=g.request_id
    )
    return success(user_view(user))


def user_view(user: User) -> dict[str, Any]:
    """The account as its owner and staff see it."""
    return {
        "id": user.id,
        "username": user.username,
        "display_name": user.display_name,
        "email": user.email,
        "roles": sorted(user.roles),
        "status": user.status,
        "time_zone": user.time_zone,
        "created_at": iso_time(user.created_at),
    }


def _export(user: User) -> Iterator[str]:
    yield '{"ok":true,"data":{"user":' + _json(user_view(user))
    for table, rows in user_data_service.export_user_data(user.id):
        yield f',"{table}":['
        for number, row in enumerate(rows):
            yield ("," if number else "") + _json(_exported(row))
        yield "]"
    yield "}}"


def _exported(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it is stored, times and JSON columns in their own form."""
    return {
        name.removesuffix("_json"): json.loads(value) if name.endswith("_json") and value is not None else value
        for name, value in row.items()
        if name != "position"
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_as_json)


def _as_json(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat(timespec="milliseconds") + "Z"
        case date():
            return value.isoformat()
        case Decimal() if value == value.to_integral_value():
            return int(value)
    raise TypeError(type(value))
