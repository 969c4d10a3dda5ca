"""How a board stands in a Redis sorted set: the score as the score, what decides between equal ones in the member.

The set is read from the highest score down, and of equal scores from the highest member down. So a member holds the
inverted time, then the inverted user id: the earlier, then the lower id, comes first. Redis keeps scores as doubles,
exact to 2^53; from there on the member begins with the whole score, which orders scores that are one double. (A score
below 2^53 never equals one from there on as a double, so members of both kinds are never compared.)
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.rules.leaderboard_rules import BestScore

EXACT_DOUBLE = 2**53
MAX_TIME = 2**48 - 1  # milliseconds since 1970, up to the year 10889
MAX_USER_ID = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """What a board's set is told of a player.

    `best` is None if the board does not show him. Of two places the one with the higher `revision` is right, of the
    same revision the one that ranks higher: so the order in which they arrive does not matter.
    """

    user_id: int
    revision: int
    best: BestScore | None

    @property
    def score(self) -> int:
        """The set's score."""
        return 0 if self.best is None else self.best.score

    @property
    def member(self) -> bytes:
        """The set's member; empty for a player whom the board does not show."""
        return b"" if self.best is None else set_member(self.user_id, self.best)


def set_member(user_id: int, best: BestScore) -> bytes:
    """14 bytes, 22 for a score from 2^53 on, which compare as the board ranks equal doubles."""
    milliseconds = (best.achieved_at - EPOCH) // timedelta(milliseconds=1)
    place = (MAX_TIME - milliseconds).to_bytes(6, "big") + (MAX_USER_ID - user_id).to_bytes(8, "big")
    return best.score.to_bytes(8, "big") + place if best.score >= EXACT_DOUBLE else place
