"""/api/v1/users and /api/v1/admin/users: accounts (contract, "Accounts")."""

from flask import Blueprint, Response

from app.controllers import user_controller
from app.errors import Conflict, UserAlreadyExists, UserNotFound
from app.middleware.auth_jwt import auth_required
from app.middleware.declare import answers
from app.middleware.rate_limit import rate_limited
from app.middleware.validate import validate, validate_query
from app.rules.user_rules import ROLES
from app.schemas.page import CursorPage
from app.schemas.user import (
    ChangeAccount,
    ChangeProfile,
    ErasedUser,
    LinkDevice,
    RegisteredUser,
    RegisterUser,
    UserData,
    UsersQuery,
    UserView,
)

user_bp = Blueprint("user", __name__, url_prefix="/api/v1/users")
admin_user_bp = Blueprint("admin_user", __name__, url_prefix="/api/v1/admin/users")


@user_bp.post("/")
@answers(201, RegisteredUser, errors=[UserAlreadyExists])
@rate_limited("sign_in")
@validate(RegisterUser)
def register(body: RegisterUser) -> Response:
    return user_controller.register(body)


@user_bp.get("/me")
@answers(200, UserView, errors=[UserNotFound])
@auth_required(roles=ROLES)
def get_own_user() -> Response:
    return user_controller.get_own_user()


@user_bp.patch("/me")
@answers(200, UserView, errors=[UserNotFound])
@auth_required(roles=ROLES)
@validate(ChangeProfile)
def change_profile(body: ChangeProfile) -> Response:
    return user_controller.change_profile(body)


@user_bp.delete("/me")
@answers(200, ErasedUser, errors=[UserNotFound])
@auth_required(roles=ROLES)
def erase_user() -> Response:
    return user_controller.erase_user()


@user_bp.get("/me/export")
@answers(200, UserData, errors=[UserNotFound])
@auth_required(roles=ROLES)
@rate_limited("export")
def export_user_data() -> Response:
    return user_controller.export_user_data()


@user_bp.post("/me/link")
@answers(200, UserView, errors=[UserNotFound, UserAlreadyExists, Conflict])
@auth_required(roles=["player"])
@validate(LinkDevice)
def link_device_account(body: LinkDevice) -> Response:
    return user_controller.link_device_account(body)


@user_bp.get("/<id:user_id>")
@answers(200, UserView, errors=[UserNotFound])
@auth_required(roles=ROLES)
def get_user(user_id: int) -> Response:
    return user_controller.get_user(user_id)


@admin_user_bp.get("")
@answers(200, CursorPage[UserView])
@auth_required(roles=["support"])
@validate_query(UsersQuery)
def list_users(query: UsersQuery) -> Response:
    return user_controller.list_users(query)


@admin_user_bp.patch("/<id:user_id>")
@answers(200, UserView, errors=[UserNotFound, Conflict])
@auth_required(roles=["admin"])
@validate(ChangeAccount)
def change_account(body: ChangeAccount, user_id: int) -> Response:
    return user_controller.change_account(body, user_id)
