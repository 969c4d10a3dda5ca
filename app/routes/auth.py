"""/api/v1/auth: signing in and out (contract, "Accounts"). Refresh tokens come as Bearer tokens."""

from flask import Blueprint, Response

from app.controllers import auth_controller
from app.errors import AccountBanned, InvalidCredentials, LoginLocked
from app.middleware.auth_jwt import refresh_token_required
from app.middleware.declare import answers
from app.middleware.rate_limit import rate_limited
from app.middleware.validate import validate
from app.schemas.auth import LoggedOut, LogIn, LogInDevice, TokenPair

auth_bp = Blueprint("auth", __name__, url_prefix="/api/v1/auth")


@auth_bp.post("/login")
@answers(200, TokenPair, errors=[InvalidCredentials, AccountBanned, LoginLocked])
@rate_limited("sign_in")
@validate(LogIn)
def log_in(body: LogIn) -> Response:
    return auth_controller.log_in(body)


@auth_bp.post("/device")
@answers(200, TokenPair, errors=[AccountBanned, InvalidCredentials])
@rate_limited("sign_in")
@validate(LogInDevice)
def log_in_device(body: LogInDevice) -> Response:
    return auth_controller.log_in_device(body)


@auth_bp.post("/refresh")
@answers(200, TokenPair)
@refresh_token_required
def refresh() -> Response:
    return auth_controller.refresh()


@auth_bp.post("/logout")
@answers(200, LoggedOut)
@refresh_token_required
def log_out() -> Response:
    return auth_controller.log_out()
