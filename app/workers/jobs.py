"""Which service does a page of which job.

A page is one transaction: the function takes it and the job as it stands, and returns how far it came. It works on a
bounded number of rows in well under a second, and may run again if its transaction is rolled back.
"""

from app.services import achievement_recompute_service, season_reward_service, upkeep_service, user_data_service
from app.services.job_service import RunPage

# Enqueued by a service with `job_service.enqueue`.
JOBS: dict[str, RunPage] = {
    season_reward_service.KIND: season_reward_service.pay_page,
    achievement_recompute_service.KIND: achievement_recompute_service.run_page,
    user_data_service.FORGET_TEXTS: user_data_service.forget_texts,
}

# Triggered by beat, as often as SCHEDULE says.
RECURRING_JOBS: dict[str, RunPage] = {
    "abandon_matches": upkeep_service.abandon_matches,
    "delete_done_events": upkeep_service.delete_done_events,
    "delete_idempotency_keys": upkeep_service.delete_idempotency_keys,
    "delete_expired_families": upkeep_service.delete_expired_families,
    "delete_expired_revocations": upkeep_service.delete_expired_revocations,
    "delete_old_login_failures": upkeep_service.delete_old_login_failures,
}

EVERY_MINUTE, EVERY_HOUR = 60.0, 3600.0
SCHEDULE = {
    "abandon_matches": EVERY_MINUTE,
    "delete_done_events": EVERY_HOUR,
    "delete_idempotency_keys": EVERY_HOUR,
    "delete_expired_families": EVERY_HOUR,
    "delete_expired_revocations": EVERY_HOUR,
    "delete_old_login_failures": EVERY_HOUR,
}
