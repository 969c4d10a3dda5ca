"""The errors a client can be told of. Raised where a rule breaks, mapped once per transport.

Each class is one `code` of `docs/errors.md`: HTTP answers carry `status`, gRPC answers `grpc_status`. The message
is a template; its facts come as keyword arguments. Whatever else is raised is a fault, not an answer.
"""

from collections.abc import Mapping
from typing import ClassVar


class AppError(Exception):
    """Base of the tree. `details` names bad fields or states facts a client can act on."""

    code: ClassVar[str]
    status: ClassVar[int]
    grpc_status: ClassVar[str]
    message: ClassVar[str]
    retry_after: int | None = None  # seconds, sent as Retry-After

    def __init__(self, details: Mapping[str, object] | None = None, **facts: object) -> None:
        super().__init__(self.message.format(**facts))
        self.details = details


class InvalidRequest(AppError):
    """The request's shape is wrong; `details` names every bad field at once."""

    code, status, grpc_status = "VALIDATION_ERROR", 400, "INVALID_ARGUMENT"
    message = "Invalid request"


class Unauthorized(AppError):
    """There is no token, or it is invalid, expired or revoked."""

    code, status, grpc_status = "UNAUTHORIZED", 401, "UNAUTHENTICATED"
    message = "A valid access token is required"


class InvalidCredentials(Unauthorized):
    """There is no such account or it has another password; the two are not told apart."""

    message = "Wrong name or password"


class InvalidRefreshToken(Unauthorized):
    """The refresh token is not ours, has expired, was exchanged before or is revoked."""

    message = "A valid refresh token is required"


class Forbidden(AppError):
    """The token is good, its roles are not enough."""

    code, status, grpc_status = "FORBIDDEN", 403, "PERMISSION_DENIED"
    message = "Insufficient role"


class AccountBanned(Forbidden):
    """The credentials are right, the account is banned."""

    message = "The account is banned"


class NotFound(AppError):
    """There is no such thing, or it is private and somebody else's."""

    code, status, grpc_status = "NOT_FOUND", 404, "NOT_FOUND"
    message = "Not found"


class MatchNotFound(NotFound):
    """No such match, or another player's."""

    code = "MATCH_NOT_FOUND"
    message = "Match {match_id} not found"


class ProgressNotFound(NotFound):
    """The user has no player_progress row."""

    code = "PROGRESS_NOT_FOUND"
    message = "User {user_id} has no progress row"


class UserNotFound(NotFound):
    """No such user."""

    code = "USER_NOT_FOUND"
    message = "User {user} not found"


class LeaderboardNotFound(NotFound):
    """No such leaderboard."""

    code = "LEADERBOARD_NOT_FOUND"
    message = "Leaderboard {board_code} not found"


class SeasonNotFound(NotFound):
    """The leaderboard had no such season yet."""

    code = "SEASON_NOT_FOUND"
    message = "Leaderboard {board_code} has no season {season}"


class ScoreNotFound(NotFound):
    """The player has no score on the board, or the board hides him."""

    code = "SCORE_NOT_FOUND"
    message = "User {user_id} has no score on {board_code} in season {season}"


class ReviewNotFound(NotFound):
    """No such review."""

    code = "REVIEW_NOT_FOUND"
    message = "Review {review_id} not found"


class DeadLetterNotFound(NotFound):
    """No such dead letter."""

    code = "DEAD_LETTER_NOT_FOUND"
    message = "Dead letter {dead_letter_id} not found"


class CharacterNotFound(NotFound):
    """No such character, or another player's."""

    code = "CHARACTER_NOT_FOUND"
    message = "Character {character_id} not found"


class ItemNotFound(NotFound):
    """The character holds no such stack."""

    code = "ITEM_NOT_FOUND"
    message = "Item {inventory_id} not found"


class ItemTemplateNotFound(NotFound):
    """No such kind of item."""

    code = "ITEM_TEMPLATE_NOT_FOUND"
    message = "Item template {item_template_id} not found"


class JobNotFound(NotFound):
    """No such job."""

    code = "JOB_NOT_FOUND"
    message = "Job {job_id} not found"


class CombatNotFound(NotFound):
    """No such fight, or nobody of one's own took part in it."""

    code = "COMBAT_NOT_FOUND"
    message = "Fight {session_id} not found"


class NotificationNotFound(NotFound):
    """No such notification, or another user's."""

    code = "NOTIFICATION_NOT_FOUND"
    message = "Notification {notification_id} not found"


class AchievementTypeNotFound(NotFound):
    """No such achievement type."""

    code = "ACHIEVEMENT_TYPE_NOT_FOUND"
    message = "Achievement type {type_id} not found"


class EventTypeNotFound(NotFound):
    """No such event type."""

    code = "EVENT_TYPE_NOT_FOUND"
    message = "Event type {event_type} not found"


class MethodNotAllowed(AppError):
    """The path exists, the method does not; `Allow` lists those that do."""

    code, status, grpc_status = "METHOD_NOT_ALLOWED", 405, "UNIMPLEMENTED"
    message = "Method not allowed"


class Conflict(AppError):
    """The request contradicts the present state."""

    code, status, grpc_status = "CONFLICT", 409, "FAILED_PRECONDITION"
    message = "{reason}"


class MatchAlreadyFinished(Conflict):
    """The match is settled with another result."""

    code = "MATCH_ALREADY_FINISHED"
    message = "Match {match_id} is finished with another result"


class MatchAbandoned(Conflict):
    """The match was open for too long and is closed without a result."""

    code = "MATCH_ABANDONED"
    message = "Match {match_id} was abandoned"


class MatchVoided(Conflict):
    """The match's settlement was taken back; it cannot be finished again."""

    code = "MATCH_VOIDED"
    message = "Match {match_id} was voided"


class MatchNotFinished(Conflict):
    """The match has no settlement that could be taken back."""

    code = "MATCH_NOT_FINISHED"
    message = "Match {match_id} is {status}, only a finished one can be voided"


class IdempotencyKeyReused(Conflict):
    """The Idempotency-Key belongs to another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "The Idempotency-Key was used for another request"


class UserAlreadyExists(Conflict):
    """The username or the email is taken; `details` names which."""

    code, grpc_status = "USER_ALREADY_EXISTS", "ALREADY_EXISTS"
    message = "The {field} is taken"


class StaleVersion(Conflict):
    """The fight went on since; `details.current` is how it stands."""

    code = "STALE_VERSION"
    message = "The fight is at version {version}"


class ItemSpent(Conflict):
    """There is nothing left in the slot."""

    code = "ITEM_SPENT"
    message = "There is nothing left in {slot}"


class CharacterBusy(Conflict):
    """The character is in a fight, or one of its fights is not settled yet."""

    code = "CHARACTER_BUSY"
    message = "Character {character_id} is in a fight"


class SessionLost(Conflict):
    """The fight was lost before it was finished; its characters are free."""

    code = "SESSION_LOST"
    message = "Fight {session_id} was lost before it was finished; nothing of it counts"


class CombatAlreadyFinished(Conflict):
    """The session was handed in with another content."""

    code = "COMBAT_ALREADY_FINISHED"
    message = "Fight {session_id} is finished with another result"


class AchievementTypeExists(Conflict):
    """The code is taken, perhaps by a retired type."""

    code, grpc_status = "ACHIEVEMENT_TYPE_EXISTS", "ALREADY_EXISTS"
    message = "There is an achievement type {type_code} already"


class EventTypeExists(Conflict):
    """The code is taken, perhaps by a retired type."""

    code, grpc_status = "EVENT_TYPE_EXISTS", "ALREADY_EXISTS"
    message = "There is an event type {event_type} already"


class PayloadTooLarge(AppError):
    """The body is larger than MAX_BODY_BYTES."""

    code, status, grpc_status = "PAYLOAD_TOO_LARGE", 413, "RESOURCE_EXHAUSTED"
    message = "The body is too large"


class UnsupportedMediaType(AppError):
    """The body is not declared as JSON."""

    code, status, grpc_status = "UNSUPPORTED_MEDIA_TYPE", 415, "INVALID_ARGUMENT"
    message = "Content-Type application/json required"


class ResultImplausible(AppError):
    """A match result breaks the configured limits: recorded for review, nothing granted."""

    code, status, grpc_status = "RESULT_IMPLAUSIBLE", 422, "FAILED_PRECONDITION"
    message = "The result of match {match_id} is implausible and was recorded for review"


class RateLimited(AppError):
    """Too many requests of this kind; come back after `retry_after` seconds."""

    code, status, grpc_status = "RATE_LIMITED", 429, "RESOURCE_EXHAUSTED"
    message = "Too many requests"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class LoginLocked(RateLimited):
    """Too many failed attempts to sign in to this account from this address."""

    message = "Too many failed attempts to sign in"


class TransactionFailed(AppError):
    """A fault inside a transaction; everything in it was rolled back."""

    code, status, grpc_status = "TX_FAILED", 500, "INTERNAL"
    message = "Transaction failed"


class InternalError(AppError):
    """A fault outside any transaction."""

    code, status, grpc_status = "INTERNAL_ERROR", 500, "INTERNAL"
    message = "Unexpected error"


class ReplayDamaged(AppError):
    """What is stored of a replay cannot be read any more; `?verify=1` says from which turn on."""

    code, status, grpc_status = "REPLAY_DAMAGED", 500, "INTERNAL"
    message = "The replay of fight {session_id} is damaged"


class ServiceUnavailable(AppError):
    """The database cannot be reached or is too busy, or the fate of a commit is unknown: try again."""

    code, status, grpc_status = "SERVICE_UNAVAILABLE", 503, "UNAVAILABLE"
    message = "{reason}"
    retry_after = 1


def explain(error: Exception) -> str:
    """The error with what caused it, for the log and the terminal; never for a client."""
    cause = getattr(error.__cause__, "orig", error.__cause__)  # of SQLAlchemy's wrapper only the driver's words
    return f"{error} ({cause})" if cause else str(error)
