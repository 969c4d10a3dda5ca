"""The doors of signing in and out: /api/v1/auth."""

from datetime import timedelta
from typing import Any

from flask import Response, g

from app.controllers.envelope import success
from app.extensions import current_config
from app.middleware.auth_jwt import issue_access_token, issue_refresh_token
from app.middleware.rate_limit import client_address
from app.rules.auth_rules import Session
from app.schemas.auth import LogIn, LogInDevice
from app.services import auth_service


def log_in(body: LogIn) -> Response:
    """200 with a pair of tokens."""
    session = auth_service.log_in(name=body.name, password=body.password, place=client_address())
    return success(_tokens(session))


def log_in_device(body: LogInDevice) -> Response:
    """200 with a pair of tokens for the device's account."""
    return success(_tokens(auth_service.log_in_device(device_id=body.device_id)))


def refresh() -> Response:
    """200 with the next pair of tokens."""
    token = g.refresh_token
    session = auth_service.refresh(user_id=token.user_id, family_id=token.family, generation=token.generation)
    return success(_tokens(session))


def log_out() -> Response:
    """200 `{logged_out: true}`."""
    auth_service.log_out(user_id=g.refresh_token.user_id, family_id=g.refresh_token.family)
    return success({"logged_out": True})


def _tokens(session: Session) -> dict[str, Any]:
    config = current_config()
    family = session.family_id.hex()
    access_token = issue_access_token(
        session.user_id,
        session.roles,
        timedelta(seconds=config.ACCESS_TOKEN_SECONDS),
        version=session.token_version,
        family=family,
    )
    refresh_token = issue_refresh_token(
        session.user_id,
        family=family,
        generation=session.generation,
        ttl=timedelta(seconds=config.REFRESH_TOKEN_SECONDS),
    )
    return {
        "access_token": access_token,
        "refresh_token": refresh_token,
        "token_type": "Bearer",
        "expires_in": config.ACCESS_TOKEN_SECONDS,
    }
