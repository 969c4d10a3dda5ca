import re
from collections.abc import Iterator

from app.errors import AppError
from config import ROOT

GRPC_STATUSES = {
    "INVALID_ARGUMENT",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "FAILED_PRECONDITION",
    "RESOURCE_EXHAUSTED",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
}


def every_error(base: type[AppError] = AppError) -> Iterator[type[AppError]]:
    for error in base.__subclasses__():
        yield error
        yield from every_error(error)


def test_every_error_is_mapped_to_both_transports() -> None:
    for error in every_error():
        assert 400 <= error.status < 600
        assert error.grpc_status in GRPC_STATUSES


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in every_error() if "code" in vars(error)]
    assert len(codes) == len(set(codes))


def test_every_code_is_documented_with_its_status() -> None:
    rows = re.findall(r"^\| (\d+) \| `([A-Z_]+)` \|", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    assert {(int(status), code) for status, code in rows} == {(e.status, e.code) for e in every_error()}
