"""Values reach SQL only as parameters: the one thing put into a statement's text is a module's column list."""

import ast
from collections.abc import Iterator
from pathlib import Path

from config import ROOT

SQL_POSITION = {"execute": 0, "Statement": 0, "Section": 1}


def sql_arguments(file: Path) -> Iterator[ast.expr]:
    """What a module hands to `tx.execute`, to `Statement` and to a `Section` of the export as SQL."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            position = SQL_POSITION.get(ast.unparse(node.func).split(".")[-1])
            if position is not None and ast.unparse(node.args[position]) != "section.sql":
                yield node.args[position]


def test_repositories_interpolate_nothing_but_column_lists() -> None:
    seen, strange = 0, []
    for file in sorted((ROOT / "app" / "repositories").glob("*.py")):
        for sql in sql_arguments(file):
            seen += 1
            parts = sql.values if isinstance(sql, ast.JoinedStr) else [sql]
            for part in parts:
                column_list = isinstance(part, ast.FormattedValue) and ast.unparse(part.value) == "_COLUMNS"
                if not (column_list or isinstance(part, ast.Constant)):
                    strange.append(f"{file.name}:{sql.lineno} {ast.unparse(part)}")
    assert seen > 30
    assert strange == []


def test_no_statement_selects_every_column() -> None:
    for file in (ROOT / "app" / "repositories").glob("*.py"):
        assert "SELECT *" not in file.read_text()
