#!/bin/sh
# Fills in nginx's configuration from the service's own variables, then becomes nginx.
# Takes PUBLIC_URL (needed), SERVICE_NAME, CORS_ALLOWED_ORIGINS, REQUEST_TIMEOUT and PORT, as
# conversation_service/config.py has them, WEB_SOCKET as the web server's entrypoint has it, and
# RUN_DIR, a folder to write in.
set -eu

here=$(dirname "$0")

fail() {
    echo "front.sh: $1" >&2
    exit 64
}

# Other characters could end the string that the value stands in, or name a variable.
plain() {
    case $2 in
    *[!]A-Za-z0-9' '._~:/@%+=,[-]*) fail "$1 has a character that nginx's configuration cannot hold" ;;
    esac
}

[ -n "${PUBLIC_URL:-}" ] || fail "PUBLIC_URL must be set"
PUBLIC_URL=${PUBLIC_URL%/}
SERVICE_NAME=${SERVICE_NAME:-conversation-service}
plain PUBLIC_URL "$PUBLIC_URL"
plain SERVICE_NAME "$SERVICE_NAME"
plain CORS_ALLOWED_ORIGINS "${CORS_ALLOWED_ORIGINS:-}"
ORIGINS=$(printf %s "${CORS_ALLOWED_ORIGINS:-}" | tr -d ' ')

RUN_DIR=${RUN_DIR:-/tmp}
LISTEN=0.0.0.0:${PORT:-8003}
UPSTREAM=unix:${WEB_SOCKET:-/run/web/web.sock}
USER_DIRECTIVE=
SERVICE_VERSION=$(cat "$here/version")
# A little above the service's own deadline, so that its answer comes first; whole seconds.
timeout=${REQUEST_TIMEOUT:-30}
READ_TIMEOUT=$((${timeout%.*} + 5))
SHUTDOWN_TIMEOUT=${READ_TIMEOUT}s
export PUBLIC_URL SERVICE_NAME ORIGINS RUN_DIR LISTEN UPSTREAM USER_DIRECTIVE SERVICE_VERSION \
    READ_TIMEOUT SHUTDOWN_TIMEOUT

# The names are given: all else that begins with $ is nginx's own.
# shellcheck disable=SC2016 # they are for envsubst to fill in
envsubst '${PUBLIC_URL} ${SERVICE_NAME} ${ORIGINS} ${RUN_DIR} ${LISTEN} ${UPSTREAM} ${USER_DIRECTIVE}
    ${SERVICE_VERSION} ${READ_TIMEOUT} ${SHUTDOWN_TIMEOUT}' <"$here/nginx.conf.template" >"$RUN_DIR/nginx.conf"
exec nginx -e stderr -p "$RUN_DIR" -c "$RUN_DIR/nginx.conf"
