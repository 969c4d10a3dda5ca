"""The one transaction runner: begin, commit, roll back, run again after a deadlock.

    @transaction("finish_match")
    def finish_match(tx: Transaction, *, user_id: int, ...) -> Settlement: ...

    finish_match(user_id=15, ...)          # the decorated function is called without `tx`

On the hot path, statements that need no answer in between travel together: `tx.batch([...])`.

A public service function is one transaction. The pieces it is made of take the open `tx` as first argument and
never begin or commit. The body may run more than once, so it holds SQL and arithmetic only: no HTTP, no queue,
no cache. See docs/transactions.md.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, wraps
from typing import Any, Concatenate, LiteralString, NamedTuple, ParamSpec, TypeVar

import structlog
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import Connection, CursorResult, Engine, Executable, column, event, text
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.clock import utc_now
from app.errors import AppError, ServiceUnavailable, TransactionFailed
from app.extensions import current_config, db

P = ParamSpec("P")
R = TypeVar("R")

FIRST_PAUSE_SECONDS = 0.01
# A connection that breaks later than this after the start of its transaction was not found dead, it timed out.
FOUND_DEAD_SECONDS = 0.5

# How often a transaction is tried. 1205 lock wait timeout (a long wait each time), 1213 deadlock, 3101 rolled back by
# Group Replication's certification at commit
MAX_ATTEMPTS = {1205: 2, 1213: 5, 3101: 5}
# Beside what SQLAlchemy knows as a lost connection: read-only after a failover
CONNECTION_UNUSABLE = frozenset({1290, 1836})
# 1053 shutdown in progress, 3032 and 3169 offline mode and session killed
SERVER_UNAVAILABLE = frozenset({1053, 3032, 3169})

# The connection pool for `tx.batch`, the only one that takes several statements in a packet.
BATCH = "batch"
COMMITTED = "committed by the last packet"

SQL_MODE = (
    "STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)

log = structlog.stdlib.get_logger("laurel.transaction")

transactions_total = Counter("laurel_transactions_total", "Transactions by name and outcome", ["name", "outcome"])
transaction_retries_total = Counter(
    "laurel_transaction_retries_total",
    "Transactions run again, by the server's error number",
    ["name", "errno"],
)
pool_in_use = Gauge("laurel_db_pool_in_use", "Database connections in use", ["pool"], multiprocess_mode="livesum")
pool_size = Gauge("laurel_db_pool_size", "Database connections there may be", ["pool"], multiprocess_mode="livesum")
pool_open = Gauge("laurel_db_pool_open", "Database connections open", ["pool"], multiprocess_mode="livesum")
transaction_seconds = Histogram(
    "laurel_transaction_seconds", "Time of the whole operation: waiting for a connection, attempts, commit", ["name"]
)


class Statement(NamedTuple):
    """A statement that needs no answer, for `Transaction.batch`; its repository function is called without `tx`."""

    sql: LiteralString
    parameters: Mapping[str, object]


@dataclass(slots=True)
class Transaction:
    """An open transaction: its connection and the one `now` that everything in it uses (UTC)."""

    name: str
    connection: Connection
    now: datetime = field(default_factory=utc_now)
    begun: float = field(default_factory=time.monotonic)
    statements: int = 0
    committing: bool = False
    pending: list[Statement] = field(default_factory=list)
    counts: list[tuple[Counter, int]] = field(default_factory=list)

    def execute(self, sql: LiteralString, parameters: Mapping[str, object]) -> CursorResult[Any]:
        """Run one statement with its named parameters (`:name`); values never stand in the text itself."""
        if self.pending:
            self._send_pending()
        statement = _statements.get(sql)
        result = self.connection.execute(statement if statement is not None else text(sql), parameters)
        if statement is None:
            _statements[sql] = _with_columns(sql, result)
        self.statements += 1
        return result

    def batch(self, statements: Sequence[Statement]) -> None:
        """Run statements in order, in one packet with what follows: the next `execute` or the COMMIT.

        Only in a transaction declared with `batch=True`. An error of any of them ends the packet there, so a COMMIT
        behind it is not reached; it is raised where the packet is sent.
        """
        self.pending.extend(statements)

    def count(self, counter: Counter, amount: int) -> None:
        """Raise a figure by `amount` when the transaction commits, and not for an attempt that is run again."""
        self.counts.append((counter, amount))

    def commit(self) -> None:
        """End the transaction; only the runner calls it."""
        self.committing = True
        if self.pending:
            self._send_pending(and_commit=True)
        try:
            self.connection.commit()
        except BaseException:
            self.connection.invalidate()  # whatever state it is in, nobody inherits it
            raise
        for counter, amount in self.counts:
            counter.inc(amount)

    def _send_pending(self, *, and_commit: bool = False) -> None:
        dbapi_connection = self.connection.connection
        cursor = dbapi_connection.cursor()
        try:
            texts = [cursor.mogrify(_driver_text(sql), parameters) for sql, parameters in self.pending]
            cursor.execute("; ".join([*texts, "COMMIT"] if and_commit else texts))
            while cursor.nextset():
                self.statements += 1
        except self.connection.dialect.loaded_dbapi.Error as exc:
            raise self._as_sqlalchemy_error(exc) from exc
        finally:
            cursor.close()
        self.statements += 1
        self.pending.clear()
        if and_commit:
            dbapi_connection.info[COMMITTED] = True

    def _as_sqlalchemy_error(self, exc: Exception) -> BaseException:
        """The driver's error as `execute` would raise it."""
        dialect = self.connection.dialect
        lost = dialect.is_disconnect(exc, self.connection.connection, None)  # type: ignore[arg-type]
        if lost or server_errno(exc) in CONNECTION_UNUSABLE:
            self.connection.invalidate(exc)
        return DBAPIError.instance(
            None, None, exc, dialect.loaded_dbapi.Error, True, self.connection.invalidated, dialect
        )


# The parsed statements; the code holds a fixed number of them.
_statements: dict[LiteralString, Executable] = {}


def _with_columns(sql: LiteralString, result: CursorResult[Any]) -> Executable:
    """The statement with the names of its columns, so that SQLAlchemy works out only once how to read them."""
    return text(sql).columns(*map(column, result.keys())) if result.returns_rows else text(sql)


@cache
def _driver_text(sql: LiteralString) -> str:
    """The statement with the placeholders that both drivers know, `%(name)s`."""
    return str(text(sql).compile(dialect=MySQLDialect_pymysql(paramstyle="pyformat")))


def transaction(
    name: str, *, batch: bool = False
) -> Callable[[Callable[Concatenate[Transaction, P], R]], Callable[P, R]]:
    """Make the function one transaction, named `name` in logs and metrics; `batch` lets it use `tx.batch`.

    Deadlocks and lock wait timeouts roll back and run the body again, as often as MAX_ATTEMPTS says, with growing,
    jittered pauses. A pooled connection found dead by the first statement is replaced once. A connection lost at
    COMMIT is never retried here: its outcome is unknown, and the client's retry meets the operation's idempotency.

    Raises the body's AppError unchanged after the rollback; ServiceUnavailable if the database cannot be reached,
    stays locked or went away; TransactionFailed for every other fault.
    """

    for outcome in ("committed", "refused", "failed"):
        transactions_total.labels(name, outcome)  # a figure that begins at 0 is seen to rise

    def decorate(body: Callable[Concatenate[Transaction, P], R]) -> Callable[P, R]:
        @wraps(body)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            with transaction_seconds.labels(name).time():
                return _run(name, lambda tx: body(tx, *args, **kwargs), BATCH if batch else None)

        return run

    return decorate


def _run(name: str, body: Callable[[Transaction], R], bind: str | None) -> R:
    """Attempt `body` until it commits, fails for good or has used up its attempts."""
    engine = db.engines[bind]
    attempt = 1
    replaced_connection = False
    while True:
        tx: Transaction | None = None
        try:
            with engine.connect() as connection:
                connection.begin()  # sends nothing; also a transaction that only has a batch must end as one
                tx = Transaction(name, connection)
                result = body(tx)
                tx.commit()
        except AppError:
            transactions_total.labels(name, "refused").inc()
            raise
        except (DBAPIError, PoolTimeout) as exc:
            errno = server_errno(exc)
            if errno is not None and attempt < MAX_ATTEMPTS.get(errno, 1):
                _note_retry(name, errno, attempt)
                time.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
                attempt += 1
            elif _found_dead(tx, exc) and not replaced_connection:
                _note_retry(name, errno, attempt)
                replaced_connection = True
            else:
                transactions_total.labels(name, "failed").inc()
                raise _as_app_error(exc, tx) from exc
        except Exception as exc:
            transactions_total.labels(name, "failed").inc()
            raise TransactionFailed from exc
        else:
            transactions_total.labels(name, "committed").inc()
            return result


def server_errno(exc: BaseException) -> int | None:
    """The error number of the server or driver, whichever driver raised it."""
    orig = getattr(exc, "orig", exc)
    args = getattr(orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else None


def violated_key(exc: BaseException) -> str | None:
    """The name of the unique key that an IntegrityError broke (1062), or None for any other error."""
    if server_errno(exc) != 1062:
        return None
    message = str(exc.orig.args[1])  # type: ignore[attr-defined]
    return message.rsplit("for key", 1)[1].strip(" '\"`").rsplit(".", 1)[-1]


def configure_engine(engine: Engine, bind: str | None) -> None:
    """Give every new connection of `engine` the session that all SQL relies on; count them."""
    _count_connections(engine, bind or "main")
    lock_wait_timeout = current_config().DATABASE_LOCK_WAIT_TIMEOUT

    @event.listens_for(engine, "connect")
    def _set_session(dbapi_connection: Any, _record: object) -> None:
        with dbapi_connection.cursor() as cursor:
            cursor.execute(
                f"SET SESSION time_zone = '+00:00', sql_mode = '{SQL_MODE}',"
                f" innodb_lock_wait_timeout = {lock_wait_timeout:d}"
            )
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")

    def commit_unless_done(dbapi_connection: Any) -> None:
        if not dbapi_connection.info.pop(COMMITTED, False):
            dbapi_connection.commit()

    engine.dialect.do_commit = commit_unless_done  # type: ignore[method-assign]

    @event.listens_for(engine, "handle_error")
    def _drop_unusable_connection(context: Any) -> None:
        if server_errno(context.sqlalchemy_exception) in CONNECTION_UNUSABLE:
            context.is_disconnect = True


def _count_connections(engine: Engine, pool: str) -> None:
    opened, used, most = pool_open.labels(pool), pool_in_use.labels(pool), pool_size.labels(pool)
    event.listen(
        engine, "connect", lambda *_: most.set(current_config().DATABASE_POOL_SIZE)
    )  # in the process that uses it
    event.listen(engine, "connect", lambda *_: opened.inc())
    event.listen(engine, "close", lambda *_: opened.dec())
    event.listen(engine, "checkout", lambda *_: used.inc())
    event.listen(engine, "checkin", lambda *_: used.dec())


def _found_dead(tx: Transaction | None, exc: Exception) -> bool:
    """Whether a pooled connection was broken already when its first statement was sent: nothing is in doubt."""
    return (
        tx is not None
        and tx.statements == 0
        and not tx.committing
        and _connection_lost(exc)
        and time.monotonic() - tx.begun < FOUND_DEAD_SECONDS
    )


def _connection_lost(exc: Exception) -> bool:
    return isinstance(exc, DBAPIError) and exc.connection_invalidated


def _as_app_error(exc: Exception, tx: Transaction | None) -> AppError:
    if isinstance(exc, PoolTimeout):
        return ServiceUnavailable(reason="Every database connection is in use")
    if tx is None:  # there is no connection, so nothing was begun
        return ServiceUnavailable(reason="The database is not available")
    errno = server_errno(exc)
    if errno in MAX_ATTEMPTS:
        return ServiceUnavailable(reason="The rows are locked by other transactions")
    if not _connection_lost(exc) and errno not in SERVER_UNAVAILABLE:
        return TransactionFailed()
    if tx.committing:
        return ServiceUnavailable(reason="The database went away during the commit; repeat the request")
    return ServiceUnavailable(reason="The database is not available")


def _note_retry(name: str, errno: int | None, attempt: int) -> None:
    transaction_retries_total.labels(name, str(errno)).inc()
    log.warning("transaction_retried", transaction=name, errno=errno, attempt=attempt)
