"""Values reach SQL only as parameters: the one thing put into a statement's text is a module's column list."""

import ast

from config import ROOT


def test_repositories_interpolate_nothing_but_column_lists() -> None:
    strange = []
    for file in sorted((ROOT / "app" / "repositories").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FormattedValue) and ast.unparse(node.value) != "_COLUMNS":
                strange.append(f"{file.name}:{node.lineno} {ast.unparse(node.value)}")
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
                strange.append(f"{file.name}:{node.lineno} %")
    assert strange == []


def test_no_statement_selects_every_column() -> None:
    for file in (ROOT / "app" / "repositories").glob("*.py"):
        assert "SELECT *" not in file.read_text()
