"""The extensions, made here and bound to an application in `create_app`. Nothing connects at import."""

from typing import cast

from flask import current_app
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from config import Config

db = SQLAlchemy()
jwt = JWTManager()
migrate = Migrate()


def current_config() -> Config:
    """The checked configuration of the running application."""
    return cast(Config, current_app.extensions["laurel"])
