"""Which service does a page of which job.

A page is one transaction: the function takes it and the job as it stands, and returns how far it came. It works on a
bounded number of rows in well under a second, and may run again if its transaction is rolled back.
"""

from celery.schedules import crontab

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
    "delete_ended_jobs": upkeep_service.delete_ended_jobs,
}

# By the clock: a beat that is restarted again and again must not begin to wait anew.
EVERY_MINUTE, EVERY_HOUR = crontab(), crontab(minute="7")
SCHEDULE = {kind: EVERY_MINUTE if kind == "abandon_matches" else EVERY_HOUR for kind in RECURRING_JOBS}
