"""The Postman collection: made from the routes as they are, and running without a failed assertion."""

import json
import subprocess
import sys
from pathlib import Path

from config import ROOT
from tests.contract.postman import FILE, render
from tests.support.processes import Running

NEWMAN = ROOT / "tests" / "contract" / "node_modules" / ".bin" / "newman"


def test_the_collection_is_up_to_date() -> None:
    assert FILE.read_text() == render(), "run `make postman`"


def token(home: Path, user: str) -> str:
    printed = subprocess.run(
        [sys.executable, "-m", "flask", "laurel", "token", "--user", user],
        cwd=ROOT,
        env={"PATH": "/usr/bin", "LAUREL_VAR": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return printed.stdout.strip()


def test_newman_runs_it_against_make_run(tmp_path: Path) -> None:
    home, report = tmp_path / "var", tmp_path / "report.json"
    with Running(["run.py"], log=tmp_path / "run.log", LAUREL_VAR=str(home)) as running:
        running.wait_for(r"curl -i (http://\S+)/match/finish")
        variables = {
            "base_url": running.url,
            "admin_token": token(home, "admin"),
            "engine_token": token(home, "engine"),
        }
        settings = [part for name, value in variables.items() for part in ("--env-var", f"{name}={value}")]
        newman = subprocess.run(
            [NEWMAN, "run", FILE, *settings, "--color", "off", "-r", "cli,json", "--reporter-json-export", report],
            capture_output=True,
            text=True,
            check=False,
        )
    run = json.loads(report.read_text())["run"]
    assert newman.returncode == 0, newman.stdout
    assert run["stats"]["requests"]["total"] >= 50
    assert run["stats"]["assertions"]["failed"] == run["stats"]["requests"]["failed"] == 0
    assert run["stats"]["assertions"]["total"] >= run["stats"]["requests"]["total"]


def test_the_lock_of_newman_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "tests" / "contract" / "package-lock.json").read_text()
