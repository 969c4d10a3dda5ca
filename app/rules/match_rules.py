"""Matches: what they pay and which results are believed (course spec 4.6)."""

from dataclasses import dataclass
from datetime import datetime

BOARD_CODE = "td_score"
RULE_VERSION = 1  # of what a match pays; raised with every change of the formulas, which stay in match_explain_rules
DEMO_MATCH_ID = 987654321  # of the course spec's example; it stays open


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What the client reports. `score` 0..2^63-1; `duration_seconds` and `wave_reached` 0..2^31-1."""

    is_win: bool
    score: int
    duration_seconds: int
    wave_reached: int


@dataclass(frozen=True, slots=True)
class MatchRewards:
    """What a match grants."""

    xp: int
    soft_currency: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the settlement of a match wrote down, enough to give the first answer again."""

    rewards: MatchRewards
    board_code: str
    season: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Match:
    """A match; `finished_at`, `result` and `receipt` come with its settlement."""

    id: int
    user_id: int
    status: str
    mode: str | None
    started_at: datetime
    finished_at: datetime | None
    result: MatchResult | None
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class MatchVoid:
    """What took back a match's rewards: compensating entries (not above 0), the standing before and after, by whom.

    The best scores are those of the board and season of the match; None if the player has none there.
    """

    match_id: int
    user_id: int
    reason: str
    xp: int
    soft_currency: int
    xp_before: int
    soft_currency_before: int
    level_before: int
    level_after: int
    best_score_before: int | None
    best_score_after: int | None
    voided_by: int
    voided_at: datetime


@dataclass(frozen=True, slots=True)
class PlausibilityLimits:
    """How far a result is believed; set in the configuration (`MATCH_*`)."""

    duration_tolerance_seconds: int
    max_score: int
    max_wave: int


@dataclass(frozen=True, slots=True)
class SettledMatch:
    """A settled match as achievements see it; `voided` if it was taken back since."""

    user_id: int
    is_win: bool
    score: int
    wave: int
    voided: bool


@dataclass(frozen=True, slots=True)
class BestOfMatches:
    """The best score and wave of a user's finished matches."""

    user_id: int
    score: int
    wave: int


def match_rewards(wave_reached: int) -> MatchRewards:
    """`xp = 50 + waveReached * 10`, `softCurrency = 100 + waveReached * 20` (course spec 4.6.4)."""
    return MatchRewards(xp=50 + wave_reached * 10, soft_currency=100 + wave_reached * 20)


def implausible_fields(
    result: MatchResult, *, started_at: datetime, now: datetime, limits: PlausibilityLimits
) -> dict[str, str]:
    """Every field of the result that cannot be, with the limit it breaks; empty when it is plausible.

    A match cannot have lasted longer than it has been open, give or take the tolerance for the client's clock.
    """
    open_seconds = int((now - started_at).total_seconds())
    longest = max(open_seconds, 0) + limits.duration_tolerance_seconds
    fields = {}
    if result.duration_seconds > longest:
        fields["result.durationSeconds"] = f"<= {longest} expected: the match started {open_seconds} s ago"
    if result.score > limits.max_score:
        fields["result.score"] = f"<= {limits.max_score} expected"
    if result.wave_reached > limits.max_wave:
        fields["result.waveReached"] = f"<= {limits.max_wave} expected"
    return fields
