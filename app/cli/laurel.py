"""The commands of `flask laurel`."""

import sys
from datetime import UTC, datetime, timedelta

import click
from flask.cli import AppGroup

from app.clock import utc_now
from app.errors import AppError, explain
from app.extensions import current_config
from app.middleware.auth_jwt import issue_access_token
from app.rules.auth_rules import LONGEST_TOKEN
from app.rules.streak_rules import Outage
from app.rules.user_rules import MAX_PASSWORD, MIN_PASSWORD, ROLES
from app.services import demo_service, streak_repair_service, user_service, verify_service

MAX_TTL_SECONDS = int(LONGEST_TOKEN.total_seconds())

OPERATOR = 0  # in the audit log: whoever has a shell on the server

laurel_cli = AppGroup("laurel", help="Operate Laurel.")


@laurel_cli.command("token")
@click.option("--user", "username", required=True, help="The account that the token speaks for.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="Repeatable; default: the user's own.")
@click.option("--ttl", type=click.IntRange(1, MAX_TTL_SECONDS), default=3600, show_default=True, help="Seconds.")
def print_token(username: str, roles: tuple[str, ...], ttl: int) -> None:
    """Print an access token for curl."""
    try:
        user = user_service.get_user_by_username(username)
    except AppError as error:
        raise click.ClickException(str(error)) from error
    if user.status != "active":
        raise click.ClickException(f"{user.username} is {user.status}: a token for this account would open nothing.")
    ttl_delta = timedelta(seconds=ttl)
    click.echo(issue_access_token(user.id, roles or user.roles, ttl_delta, version=user.token_version))


@laurel_cli.group("user")
def user_cli() -> None:
    """Create accounts and change their roles."""


@user_cli.command("create")
@click.argument("username")
@click.option("--email", help="For signing in with it.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), default=("player",), show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin: no list of processes shows it.")
def create_user(username: str, email: str | None, roles: tuple[str, ...], password_stdin: bool) -> None:
    """Create an account; without a password it gets tokens only from `flask laurel token`."""
    try:
        password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    except UnicodeError:
        raise click.ClickException("The password is not UTF-8 text.") from None
    if password is not None and not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise click.ClickException(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    try:
        user_id = user_service.create_user(username=username, email=email, roles=roles, password=password)
    except AppError as error:
        raise click.ClickException(_in_words(error)) from error
    click.echo(f"user {user_id} {username} ({', '.join(sorted(roles))})")


@user_cli.command("roles")
@click.argument("username")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="Repeatable; without: print them.")
def change_roles(username: str, roles: tuple[str, ...]) -> None:
    """Give an account exactly these roles; its access tokens stop working within seconds."""
    try:
        user = user_service.get_user_by_username(username)
        if roles:
            user = user_service.change_account(user.id, roles=roles, status=None, actor_id=OPERATOR, request_id="cli")
    except AppError as error:
        raise click.ClickException(_in_words(error)) from error
    click.echo(f"user {user.id} {user.username} ({', '.join(sorted(user.roles))})")


@laurel_cli.command("demo")
@click.option("--force", is_flag=True, help="Also on a server that `make run` did not start.")
def create_demo_data(force: bool) -> None:
    """Create the demo users, and of `demo` the open match 987654321 and the character 101."""
    if not (force or current_config().EMBEDDED):
        raise click.ClickException("These accounts are for trying things out; --force creates them here all the same.")
    try:
        created = demo_service.create_demo_data()
    except AppError as error:
        raise click.ClickException(str(error)) from error
    click.echo("\n".join(created) or "Everything is there already.")


@laurel_cli.command("verify")
@click.option("--repair", is_flag=True, help="Write progress, statistics, boards and characters anew.")
def verify(repair: bool) -> None:
    """Compare every derived table with the matches, events and rewards it comes from; exit 1 on any drift."""
    count = mended = 0
    try:
        for drift in verify_service.find_drift(repair=repair):
            count += 1
            mended += drift.mended
            difference = ", ".join(f"{name} {value:+d}" for name, value in drift.difference.items() if value)
            whose = f"{drift.table} user {drift.user_id} {drift.row}" if drift.user_id else f"{drift.table} {drift.row}"
            click.echo(f"{whose}: {difference}{' (mended)' if drift.mended else ''}")
    except AppError as error:
        raise click.ClickException(explain(error)) from error
    if count > mended:
        raise click.ClickException(f"{count - mended} rows differ from their sources.")
    click.echo(f"{mended} rows were mended." if mended else "No drift.")


@laurel_cli.command("repair-streaks")
@click.option("--from", "starts", required=True, help="When the outage began: 2026-11-20T18:00Z, or a day.")
@click.option("--to", "ends", required=True, help="When it was over; a day counts as a whole.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
def repair_streaks(starts: str, ends: str, dry_run: bool) -> None:
    """Bridge the daily streaks that were alive when the server went away. Again changes nothing more."""
    outage = Outage(_moment(starts, "--from"), _moment(ends, "--to", end_of_day=True))
    if not outage.starts_at < outage.ends_at <= utc_now():
        raise click.ClickException("--from must be before --to, and both must have passed.")
    try:
        repair = streak_repair_service.repair_streaks(outage, dry_run=dry_run, actor_id=OPERATOR, request_id="cli")
    except AppError as error:
        raise click.ClickException(explain(error)) from error
    waiting, mended = ("would go on", "would be mended") if dry_run else ("go on", "mended")
    click.echo(f"{repair.waiting} streaks {waiting} when their players come back.")
    click.echo(f"{repair.mended} streaks {mended}, {repair.levels} levels unlocked.")
    if not repair.forgotten:
        raise click.ClickException("Redis is away and may still hold answers from before the repair: run it again.")


def _moment(text: str, option: str, *, end_of_day: bool = False) -> datetime:
    """ISO 8601, UTC unless it says otherwise; a bare date is its beginning, or the beginning of the next one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("a time like 2026-11-20T18:00Z or a day like 2026-11-20", param_hint=option) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole_day = end_of_day and len(text) == len("2026-11-20")
    return (moment + timedelta(days=1) if whole_day else moment).astimezone(UTC)


def _in_words(error: AppError) -> str:
    details = "; ".join(f"{name}: {what}" for name, what in (error.details or {}).items())
    return f"{explain(error)} ({details})" if details else explain(error)
