"""The ordinary way, to compare with: Flask-SQLAlchemy's session, a statement a round trip, nothing tuned.

It settles the same match with the same facts and guarantees on Laurel's own schema:
`gunicorn --workers 2 --threads 8 benchmarks.baseline.app:app`.
"""

import json
import os
import uuid
import zlib
from datetime import UTC, datetime
from math import isqrt
from typing import Any

from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text
from werkzeug.exceptions import BadRequest, Conflict, NotFound

db = SQLAlchemy()
app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["SQLALCHEMY_DATABASE_URI"]
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET_KEY"]
db.init_app(app)
JWTManager(app)

BOARD = "td_score"


@app.post("/match/finish")
@jwt_required()
def finish_match() -> Any:
    body = request.get_json()
    match_id, result = body.get("matchId"), body.get("result")
    if not isinstance(match_id, int) or not isinstance(result, dict):
        raise BadRequest
    facts = [result.get(name) for name in ("score", "durationSeconds", "waveReached")]
    if not isinstance(result.get("isWin"), bool) or not all(type(fact) is int and fact >= 0 for fact in facts):
        raise BadRequest
    data = settle(int(get_jwt_identity()), match_id, result, "req_" + uuid.uuid4().hex[:8])
    return jsonify({"ok": True, "data": data})


def settle(user_id: int, match_id: int, result: dict[str, Any], request_id: str) -> dict[str, Any]:
    now = datetime.now(UTC).replace(tzinfo=None)
    win, score = result["isWin"], result["score"]
    duration, wave = result["durationSeconds"], result["waveReached"]
    xp, soft = 50 + wave * 10, 100 + wave * 20
    key = {"user_id": user_id, "match_id": match_id, "now": now}
    with db.session.begin():
        match = db.session.execute(
            text(
                "SELECT status, started_at, is_win, score, duration_seconds, wave_reached, finished_at, request_id"
                " FROM matches WHERE user_id = :user_id AND id = :match_id FOR UPDATE"
            ),
            key,
        ).one_or_none()
        if match is None:
            raise NotFound
        if match.status != "started":
            if (bool(match.is_win), match.score, match.duration_seconds, match.wave_reached) != (
                win,
                score,
                duration,
                wave,
            ):
                raise Conflict
            return answer(match_id, xp, soft, score, match.request_id, match.finished_at)
        if duration > (now - match.started_at).total_seconds() + 30 or score > 10_000_000 or wave > 10_000:
            raise BadRequest
        progress = db.session.execute(
            text("SELECT xp FROM player_progress WHERE user_id = :user_id FOR UPDATE"), key
        ).one()
        season = db.session.execute(
            text("SELECT season FROM leaderboards WHERE board_code = :board"), {"board": BOARD}
        ).scalar_one()
        payload = {"requestId": request_id, "matchId": match_id, "result": result}
        db.session.execute(
            text(
                "INSERT INTO game_events (user_id, session_id, event_type, payload_json, created_at)"
                " VALUES (:user_id, NULL, 'match_finish', :payload, :now)"
            ),
            {**key, "payload": json.dumps(payload)},
        )
        db.session.execute(
            text(
                "UPDATE player_progress SET xp = xp + :xp, soft_currency = soft_currency + :soft,"
                " level = GREATEST(level, :level), updated_at = :now WHERE user_id = :user_id"
            ),
            {**key, "xp": xp, "soft": soft, "level": 1 + isqrt((progress.xp + xp) // 100)},
        )
        db.session.execute(
            text(
                "INSERT INTO statistics_daily (user_id, day, sessions_count, events_count, playtime_seconds, wins,"
                " losses, score_sum) VALUES (:user_id, :day, 0, 1, :duration, :wins, :losses, :score)"
                " ON DUPLICATE KEY UPDATE events_count = events_count + 1,"
                " playtime_seconds = playtime_seconds + VALUES(playtime_seconds), wins = wins + VALUES(wins),"
                " losses = losses + VALUES(losses), score_sum = score_sum + VALUES(score_sum)"
            ),
            {**key, "day": now.date(), "duration": duration, "wins": int(win), "losses": int(not win), "score": score},
        )
        db.session.execute(
            text(
                "INSERT INTO leaderboard_scores (board_code, season, user_id, score, achieved_at, updated_at)"
                " VALUES (:board, :season, :user_id, :score, :now, :now) ON DUPLICATE KEY UPDATE"
                " achieved_at = IF(VALUES(score) > score, VALUES(achieved_at), achieved_at),"
                " score = GREATEST(score, VALUES(score)), updated_at = VALUES(updated_at)"
            ),
            {**key, "board": BOARD, "season": season, "score": score},
        )
        db.session.execute(
            text(
                "UPDATE matches SET status = 'finished', finished_at = :now, is_win = :win, score = :score,"
                " duration_seconds = :duration, wave_reached = :wave, xp_granted = :xp,"
                " soft_currency_granted = :soft, board_code = :board, season = :season, request_id = :request_id"
                " WHERE user_id = :user_id AND id = :match_id"
            ),
            {
                **key,
                "win": win,
                "score": score,
                "duration": duration,
                "wave": wave,
                "xp": xp,
                "soft": soft,
                "board": BOARD,
                "season": season,
                "request_id": request_id,
            },
        )
        db.session.execute(
            text(
                "INSERT INTO outbox (event_id, shard, event_type, event_key, payload_json, created_at)"
                " VALUES (:event_id, :shard, 'match.finished', :event_key, :payload, :now)"
            ),
            {
                "event_id": uuid.uuid4().bytes,
                "shard": zlib.crc32(str(user_id).encode()) % 64,
                "event_key": str(user_id),
                "now": now,
                "payload": json.dumps({"match_id": match_id, "request_id": request_id}),
            },
        )
    return answer(match_id, xp, soft, score, request_id, now)


def answer(match_id: int, xp: int, soft: int, score: int, request_id: str, at: datetime) -> dict[str, Any]:
    return {
        "matchId": match_id,
        "rewards": {"xp": xp, "softCurrency": soft},
        "leaderboard": {"boardCode": BOARD, "season": 1, "score": score},
        "requestId": request_id,
        "serverTime": at.isoformat(),
    }
