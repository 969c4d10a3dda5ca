"""URL -> decorators -> controller. Read a file top to bottom to see what the API has."""

from flask import Flask

from app.routes.achievement import achievement_bp
from app.routes.achievement_type import achievement_type_bp, event_type_bp
from app.routes.auth import auth_bp
from app.routes.character import character_bp
from app.routes.combat import combat_bp
from app.routes.combat_settlement import admin_settlement_bp, settlement_bp
from app.routes.dead_letter import dead_letter_bp
from app.routes.docs import docs_bp
from app.routes.event import event_bp, game_event_bp
from app.routes.health import health_bp
from app.routes.item import item_bp
from app.routes.job import job_bp
from app.routes.leaderboard import admin_leaderboard_bp, leaderboard_bp
from app.routes.match import match_bp
from app.routes.match_void import match_void_bp
from app.routes.metrics import metrics_bp
from app.routes.notification import notification_bp
from app.routes.progress import progress_bp
from app.routes.review import review_bp
from app.routes.stats import stats_bp
from app.routes.streak import streak_bp
from app.routes.user import admin_user_bp, user_bp
from config import Config

BLUEPRINTS = (
    auth_bp,
    user_bp,
    match_bp,
    event_bp,
    game_event_bp,
    achievement_bp,
    notification_bp,
    progress_bp,
    character_bp,
    stats_bp,
    leaderboard_bp,
    streak_bp,
    admin_user_bp,
    combat_bp,
    event_type_bp,
    achievement_type_bp,
    settlement_bp,
    item_bp,
    admin_settlement_bp,
    review_bp,
    match_void_bp,
    admin_leaderboard_bp,
    dead_letter_bp,
    job_bp,
    health_bp,
    docs_bp,
)


def register_routes(app: Flask, config: Config) -> None:
    """Every URL of the API; the metrics have a port of their own if METRICS_PORT names one."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if config.METRICS_PORT is None:
        app.register_blueprint(metrics_bp)
