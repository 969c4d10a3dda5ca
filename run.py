"""Start everything on this machine: private servers, migrations, demo data, the API. The same as `make run`.

No business logic and no SQL here; in production each process is started by itself (`python -m app.server`).
"""

import sys

from app.embedded.supervisor import main

if __name__ == "__main__":
    sys.exit(main())
