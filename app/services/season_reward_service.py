"""Season rewards: what the places of a closed season pay, once per player, board and season (contract, "System 1").

Paid from the first place down. Each page goes on behind the last place that was paid, wherever its player stands now:
so nobody is paid twice or left out when a void or a ban moves others meanwhile.
"""

from datetime import timedelta

from app.errors import LeaderboardNotFound
from app.repositories import leaderboard_rank_repo, leaderboard_season_repo, progress_repo, season_reward_repo
from app.rules.job_rules import Job, Page
from app.rules.leaderboard_rules import BoardEntry, PlaceReward, RankedEntry, ranked, reward_of
from app.rules.progress_rules import level_for_xp
from app.services import job_service
from app.transaction import Transaction, transaction

KIND = "season_rewards"
AFTER_CLOSING = timedelta(minutes=1)  # longer than a settlement that read the season before it closed can take
PAGE_PLACES = 200


@transaction("list_season_rewards")
def list_rewards(tx: Transaction, board_code: str) -> list[PlaceReward]:
    """What the places of the board's closed seasons pay. Raises LeaderboardNotFound."""
    if not leaderboard_season_repo.board_exists(tx, board_code):
        raise LeaderboardNotFound(board_code=board_code)
    return season_reward_repo.list_rewards(tx, board_code)


def enqueue(tx: Transaction, *, board_code: str, season: int, created_by: int) -> Job:
    """Queue the job that pays a season that is being closed now; part of the caller's transaction."""
    return job_service.enqueue(
        tx,
        kind=KIND,
        params={"board_code": board_code, "season": season},
        created_by=created_by,
        unique_key=f"{KIND}:{board_code}:{season}",
        delay=AFTER_CLOSING,
    )


def pay_page(tx: Transaction, job: Job) -> Page:
    """Pay the next places of the job's season: settlement rows and progress, in one transaction."""
    board_code, season = str(job.params["board_code"]), int(job.params["season"])
    rewards = season_reward_repo.list_rewards(tx, board_code)
    last_place = max((reward.last_place for reward in rewards), default=0)
    last = season_reward_repo.find_last(tx, board_code=board_code, season=season)
    paid = 0 if last is None or last.rank is None else last.rank
    limit = min(PAGE_PLACES, last_place - paid)
    entries = _next_places(tx, board_code, season, last, limit) if limit > 0 else []
    if not entries:
        return Page(position=paid, done=0, is_last=True, total=paid)
    nothing = PlaceReward(0, 0, 0, 0)  # a gap between two ranges; the place is taken all the same
    places = [(entry, reward_of(entry.rank or 0, rewards) or nothing) for entry in entries]
    _pay(tx, places)
    season_reward_repo.insert(tx, board_code=board_code, season=season, places=places)
    paid += len(places)
    return Page(position=paid, done=len(places), is_last=False)


def _next_places(
    tx: Transaction, board_code: str, season: int, last: RankedEntry | None, limit: int
) -> list[RankedEntry]:
    """The next places behind the last one that was paid, without players who were paid and have fallen since."""
    if last is None or last.rank is None:
        top = leaderboard_rank_repo.list_top(tx, board_code=board_code, season=season, limit=limit, offset=0)
        return ranked(top, 1)
    below: list[BoardEntry] = []
    cursor = last.entry
    while not below:
        page = leaderboard_rank_repo.list_below(tx, cursor, board_code=board_code, season=season, limit=limit)
        if not page:
            break
        paid = season_reward_repo.find_paid(
            tx, board_code=board_code, season=season, user_ids=[entry.user_id for entry in page]
        )
        below, cursor = [entry for entry in page if entry.user_id not in paid], page[-1]
    return ranked(below, last.rank + 1)


def _pay(tx: Transaction, places: list[tuple[RankedEntry, PlaceReward]]) -> None:
    by_user = {entry.entry.user_id: reward for entry, reward in places}
    standing = progress_repo.lock_many(tx, sorted(by_user))
    progress_repo.add_to_many(
        tx,
        [
            (
                progress.user_id,
                by_user[progress.user_id].xp,
                by_user[progress.user_id].soft_currency,
                level_for_xp(progress.xp + by_user[progress.user_id].xp),
            )
            for progress in standing
        ],
    )
