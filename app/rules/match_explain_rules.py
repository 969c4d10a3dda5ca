"""Why a match paid what it paid: each rule with its inputs, its version, the value before and after.

The formulas of every version that ever settled a match stay here, in words, so that an old settlement is explained by
the rules of its day.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.rules.match_rules import Match, MatchResult, MatchVoid, Receipt
from app.rules.progress_rules import level_for_xp

# rule version -> what it pays
FORMULAS = {1: {"xp": "50 + waveReached * 10", "softCurrency": "100 + waveReached * 20"}}
LEVEL_FORMULA = "max(level, 1 + floor(sqrt(xp / 100)))"
LEVEL_AFTER_VOID_FORMULA = "1 + floor(sqrt(xp / 100))"
BEST_SCORE_FORMULA = "max(best, score)"


@dataclass(frozen=True, slots=True)
class MatchInputs:
    """The player's standing before the match, and the version of the rules that settled it."""

    rule_version: int
    xp: int
    soft_currency: int
    level: int
    best_score: int | None


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """One rule at work on one figure of the player; before and after are None where they were not written down.

    `delta` of a first best score is the score itself.
    """

    rule: str
    version: int
    target: str
    formula: str
    inputs: Mapping[str, object]
    delta: int | None
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class _Change:
    before: int | None
    after: int | None


UNKNOWN = _Change(None, None)


def explain_match(match: Match, inputs: MatchInputs | None, void: MatchVoid | None) -> list[AppliedRule]:
    """Every rule that was applied to a settled match, in order; nothing for a match without a settlement."""
    if match.result is None or match.receipt is None:
        return []
    rules = _settlement(match.result, match.receipt, inputs)
    return rules if void is None else [*rules, *_void(match.receipt, void)]


def _settlement(result: MatchResult, receipt: Receipt, inputs: MatchInputs | None) -> list[AppliedRule]:
    version = inputs.rule_version if inputs else 1
    xp_formula, currency_formula = FORMULAS[version]["xp"], FORMULAS[version]["softCurrency"]
    wave = {"waveReached": result.wave_reached}
    board = {"score": result.score, "boardCode": receipt.board_code, "season": receipt.season}
    paid = receipt.rewards
    xp = currency = level = best = UNKNOWN
    if inputs is not None:
        xp_after = inputs.xp + paid.xp
        xp = _Change(inputs.xp, xp_after)
        currency = _Change(inputs.soft_currency, inputs.soft_currency + paid.soft_currency)
        level = _Change(inputs.level, max(inputs.level, level_for_xp(xp_after)))
        best = _Change(inputs.best_score, max(inputs.best_score or 0, result.score))
    return [
        _rule("match_xp", version, "xp", xp_formula, wave, xp, paid.xp),
        _rule("match_soft_currency", version, "softCurrency", currency_formula, wave, currency, paid.soft_currency),
        _rule("level", version, "level", LEVEL_FORMULA, {"xp": xp.after}, level),
        _rule("best_score", version, "leaderboard.score", BEST_SCORE_FORMULA, board, best),
    ]


def _void(receipt: Receipt, void: MatchVoid) -> list[AppliedRule]:
    match = {"matchId": void.match_id}
    board = {"boardCode": receipt.board_code, "season": receipt.season}
    xp = _Change(void.xp_before, void.xp_before + void.xp)
    currency = _Change(void.soft_currency_before, void.soft_currency_before + void.soft_currency)
    level = _Change(void.level_before, void.level_after)
    best = _Change(void.best_score_before, void.best_score_after)
    return [
        _rule("void_xp", 1, "xp", "-xp of the match", match, xp),
        _rule("void_soft_currency", 1, "softCurrency", "-softCurrency of the match", match, currency),
        _rule("void_level", 1, "level", LEVEL_AFTER_VOID_FORMULA, {"xp": xp.after}, level),
        _rule("void_best_score", 1, "leaderboard.score", "best of the other matches", board, best),
    ]


def _rule(
    rule: str,
    version: int,
    target: str,
    formula: str,
    inputs: Mapping[str, object],
    change: _Change,
    delta: int | None = None,
) -> AppliedRule:
    """`delta` is given where it is known without before and after."""
    if delta is None and change != UNKNOWN:
        delta = (change.after or 0) - (change.before or 0)
    return AppliedRule(rule, version, target, formula, inputs, delta, change.before, change.after)
