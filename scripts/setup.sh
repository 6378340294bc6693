#!/usr/bin/env bash
# Makes this checkout ready to run: system packages, .venv, compiled styles and catalogues.
#
#   scripts/setup.sh run            what the site needs
#   scripts/setup.sh run test       and what the suite needs (Chromium, PostgreSQL, Redis)
#   scripts/setup.sh run lint       and the checkers
#
# Repeatable, and quick when nothing changed. Does not migrate, collect static files or make roles.
# PYTHON=python3.12  another interpreter (3.11 or newer)
# PIP_ONLY=1         install with pip from the same pins and hashes, where uv may not be used
# SYSTEM=skip        do not look at system packages (other systems than Debian)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python3}
STAMPS=var/setup

# The Dockerfile repeats these two lines; tests/config/test_compose.py holds them equal.
RUN_PACKAGES="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core"
TEST_PACKAGES="chromium postgresql redis-server"

# Networks of ministries often carry a certificate authority of their own: believe what the system
# believes, as pip does, instead of the lists inside uv and node.
SYSTEM_CERTIFICATES=/etc/ssl/certs/ca-certificates.crt
if [ -s "$SYSTEM_CERTIFICATES" ]; then
    export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
    export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$SYSTEM_CERTIFICATES}
fi

say() { printf '%s\n' "$*" >&2; }
stop() { say "setup: $*"; exit 1; }
wants() { [[ " $groups " == *" $1 "* ]]; }

# --- system packages ------------------------------------------------------------------------------

loads() { "$PYTHON" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1"; }
has_fonts() { compgen -G '/usr/share/fonts/truetype/noto/NotoSans-Regular.*' || fc-list | grep -q 'Noto Sans'; }
has_postgresql() { command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb'; }

missing_packages() {
    local package
    "$PYTHON" -c '' 2>/dev/null || echo python3
    "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
    if wants run; then
        for package in $RUN_PACKAGES; do
            case $package in
                libpango-1.0-0) loads libpango-1.0.so.0 ;;
                libpangoft2-1.0-0) loads libpangoft2-1.0.so.0 ;;
                libharfbuzz-subset0) loads libharfbuzz-subset.so.0 ;;
                fonts-noto-core) has_fonts ;;
            esac >/dev/null 2>&1 || echo "$package"
        done
    fi
    if wants test; then
        for package in $TEST_PACKAGES; do
            case $package in
                chromium) command -v chromium ;;
                postgresql) has_postgresql ;;
                redis-server) command -v redis-server ;;
            esac >/dev/null 2>&1 || echo "$package"
        done
    fi
}

install_packages() {
    local missing as_root=()
    missing=$(missing_packages | tr '\n' ' ')
    missing=${missing% }
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            as_root=(sudo -n)
        else
            stop "please run once:  sudo apt-get install --no-install-recommends $missing"
        fi
    fi
    command -v apt-get >/dev/null ||
        stop "this system has no apt-get; install what Debian calls: $missing (or set SYSTEM=skip)"
    say "setup: installing $missing"
    # One list that cannot be fetched (a third-party source, say) must not stop the others.
    "${as_root[@]}" apt-get update -qq >&2 || true
    # shellcheck disable=SC2086 # a list of names
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >"$STAMPS/apt.log" 2>&1 ||
        { tail -n 20 "$STAMPS/apt.log" >&2; stop "apt-get could not install: $missing"; }
}

# --- Python packages ------------------------------------------------------------------------------

python_packages() {
    local key group extra=() todo=()
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "$PYTHON is older than 3.11; set PYTHON to a newer one"
    if ! .venv/bin/python -c '' 2>/dev/null; then
        rm -rf .venv "$STAMPS"/python-*
        "$PYTHON" -m venv .venv
    fi
    key=$({ cat uv.lock; .venv/bin/python -VV; } | sha256sum | cut -c1-64)
    for group in $groups; do
        if [ "$(cat "$STAMPS/python-$group" 2>/dev/null)" != "$key" ]; then todo+=("$group"); fi
        if [ "$group" != run ]; then extra+=(--group "$group"); fi
    done
    [ ${#todo[@]} -gt 0 ] || return 0
    say "setup: Python packages for: ${todo[*]}"
    # shellcheck disable=SC2086 # a list of names
    if [ -n "${PIP_ONLY:-}" ]; then
        .venv/bin/python scripts/requirements.py $groups >"$STAMPS/requirements.txt"
        .venv/bin/python -m pip install --quiet --disable-pip-version-check \
            --require-hashes --no-deps -r "$STAMPS/requirements.txt"
    else
        [ -x .venv/bin/uv ] ||
            .venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<1'
        # Never a Python from elsewhere; copies, because hard links fail across file systems.
        # Inexact: uv itself lives in this environment, and so do the groups of other commands.
        env -u VIRTUAL_ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy \
            .venv/bin/uv sync --quiet --frozen --inexact --python .venv/bin/python "${extra[@]}"
    fi
    for group in $groups; do printf '%s' "$key" >"$STAMPS/python-$group"; done
}

# --- compiled styles, scripts and pictures --------------------------------------------------------

good_node() {
    command -v node >/dev/null && command -v npm >/dev/null &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)'
}

static_build() {
    local key
    key=$(find package.json package-lock.json scripts/build-static.mjs static \
        -path static/build -prune -o -type f -print0 | sort -z | xargs -0 sha256sum |
        sha256sum | cut -c1-64)
    if [ -d static/build ] && [ "$(cat "$STAMPS/static" 2>/dev/null)" = "$key" ]; then return 0; fi
    if ! good_node; then
        groups="$groups build" python_packages
        PATH="$PWD/.venv/bin:$PATH"
        good_node || stop "node 20 or newer is needed to compile the styles"
    fi
    say "setup: compiling styles (node $(node --version))"
    npm ci --silent --ignore-scripts --no-audit --no-fund
    npm run --silent build
    printf '%s' "$key" >"$STAMPS/static"
}

# --- translations ---------------------------------------------------------------------------------

catalogues() {
    local po mo
    for po in locale/*/LC_MESSAGES/*.po; do
        mo=${po%.po}.mo
        if [ ! -e "$po" ] || [ "$mo" -nt "$po" ]; then continue; fi
        .venv/bin/pybabel --quiet compile --input-file "$po" --output-file "$mo"
    done
}

groups=${*:-run}
for group in $groups; do
    case $group in
        run | test | lint | build) ;;
        *) stop "no such group: $group" ;;
    esac
done
mkdir -p "$STAMPS"
if [ "${SYSTEM:-}" != skip ]; then install_packages; fi
python_packages
if wants run; then
    static_build
    catalogues
fi
