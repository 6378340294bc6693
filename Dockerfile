# One image for web, worker, beat and the migration. No secret and no data goes in (.dockerignore is
# an allow-list); everything an installation decides comes from the environment (.env.example).

# --- styles and scripts ---------------------------------------------------------------------------
FROM node:22-bookworm-slim AS static
WORKDIR /build
COPY .npmrc package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts/build-static.mjs scripts/
COPY static static
RUN npm run build

# --- Python packages: the pins and hashes of uv.lock ----------------------------------------------
FROM python:3.11-slim-bookworm AS packages
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
WORKDIR /srv/concord
RUN pip install --no-cache-dir 'uv>=0.13,<1'
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --python /usr/local/bin/python

# --- what runs ------------------------------------------------------------------------------------
FROM python:3.11-slim-bookworm
# The list of scripts/setup.sh; tests/config/test_compose.py holds them equal.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 \
        libpangoft2-1.0-0 \
        libharfbuzz-subset0 \
        fonts-noto-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/concord --create-home \
        --shell /usr/sbin/nologin concord

WORKDIR /srv/concord
ENV PATH=/srv/concord/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CONCORD_VAR=/var/lib/concord \
    STATIC_ROOT=/srv/concord/static-root
COPY --from=packages /srv/concord/.venv .venv
COPY . .
COPY --from=static /build/static/build static/build
# Catalogues and hashed, compressed static files. The keys live for this one command.
RUN for po in locale/*/LC_MESSAGES/*.po; do \
        [ ! -e "$po" ] || pybabel --quiet compile -i "$po" -o "${po%.po}.mo"; \
    done \
    && key() { python -c 'import secrets; print(secrets.token_hex(32))'; } \
    && CONCORD_VAR=/tmp/build ALLOWED_HOSTS=build.invalid SECRET_KEY="$(key)" \
        SEALING_KEYS="$(key)" BLIND_INDEX_KEY="$(key)" \
        python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build

USER concord
VOLUME /var/lib/concord
EXPOSE 8000
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py"]
