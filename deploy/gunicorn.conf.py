"""How gunicorn serves Concord, from the environment; `make demo` uses it too.

No access log by default. `WEB_ACCESS_LOG=-` gives one without paths (an invitation's token is one,
and who opened which entry is AccessLog's to keep), addresses, referrers or browsers.
"""

import os

wsgi_app = "config.wsgi"
bind = os.environ.get("WEB_BIND", "127.0.0.1:8000").split(",")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - heartbeat only
timeout = 60  # reports are built by the worker; nothing here takes longer
graceful_timeout = 20
keepalive = 5
max_requests = 2000
max_requests_jitter = 200
limit_request_line = 4094
forwarded_allow_ips = os.environ.get("WEB_PROXY_IPS", "127.0.0.1")
control_socket_disable = True  # one door less; systemd and compose restart us
accesslog = os.environ.get("WEB_ACCESS_LOG") or None
access_log_format = "%(t)s %(m)s %(s)s %(b)s %(M)sms"
errorlog = "-"
loglevel = "warning"
