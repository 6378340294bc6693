"""Exit code 0 when this container's site answers, database included. For compose's healthcheck.

Speaks as the TLS proxy does: with the public host name, as https.
"""

import http.client
import os
import sys

host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
port = int(os.environ.get("WEB_BIND", "127.0.0.1:8000").split(",")[0].rsplit(":", 1)[1])
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=8)
try:
    connection.request("GET", "/", headers={"Host": host, "X-Forwarded-Proto": "https"})
    sys.exit(connection.getresponse().status >= 500)
except OSError:
    sys.exit(1)
