"""What this database can do on this machine: the settlement's own statements, one packet a transaction, no HTTP.

Reads a JSON line {"port", "template", "jobs", "seconds"} from stdin and prints {"requests", "seconds", "latencies_ms"}.
The template is the text that a real settlement sent (see `settlement.py`); every connection is a thread with
mysqlclient, which leaves Python's lock while it waits.
"""

import json
import sys
import threading
import time

import MySQLdb
from MySQLdb.constants import CLIENT

THREADS = 16


def main() -> None:
    task = json.load(sys.stdin)
    packets = [
        task["template"].replace("@match@", str(match)).replace("@user@", str(user)).encode("latin-1")
        for match, user in task["jobs"]
    ]
    latencies: list[list[float]] = [[] for _ in range(THREADS)]
    start = threading.Barrier(THREADS + 1)

    def work(number: int) -> None:
        connection = MySQLdb.connect(
            host="127.0.0.1",
            port=task["port"],
            user="root",
            database=task["database"],
            client_flag=CLIENT.MULTI_STATEMENTS,
            ssl_mode="DISABLED",
        )
        connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.store_result()
        start.wait()
        deadline = time.perf_counter() + task["seconds"]
        for packet in packets[number::THREADS]:
            begun = time.perf_counter()
            if begun > deadline:
                return
            connection.query(packet)
            connection.store_result()
            while connection.next_result() != -1:
                connection.store_result()
            latencies[number].append((time.perf_counter() - begun) * 1000)
        raise RuntimeError("not enough matches for this machine")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - begun,
                "latencies_ms": [latency for of_thread in latencies for latency in of_thread],
            }
        )
    )


if __name__ == "__main__":
    main()
