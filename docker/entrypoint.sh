#!/bin/sh
# What the image runs: entrypoint.sh ROLE [OPTION…]
#
#   web      the web server, on the socket WEB_SOCKET; the front (nginx) reaches it there
#   worker   Celery's worker, for all queues
#   beat     Celery's scheduler
#   setup    migrations and indexes, then ends; before the first start and after each upgrade
#   manage   any command of manage.py
#
# A role becomes its program, so that signals reach it. Options come after the role's own, and win.
set -eu

log_level=${LOG_LEVEL:-INFO}

# The processes of a container share their metrics by files here; those of processes before would
# count again.
share_metrics() {
    mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
    rm -f "$PROMETHEUS_MULTIPROC_DIR"/*.db
}

role=${1:-}
[ $# -eq 0 ] || shift

case $role in
web)
    # A wrong variable ends it with one line here, not with one from each worker that granian tries.
    python -c 'from conversation_service.config import get_config; get_config()'
    share_metrics
    rm -f "$WEB_SOCKET" # left by a web server that was killed
    exec python -m granian --interface wsgi --uds "$WEB_SOCKET" \
        --workers "${WEB_WORKERS:-2}" --blocking-threads "${WEB_THREADS:-20}" \
        --respawn-failed-workers --respawn-interval 0.5 \
        --workers-kill-timeout 10 --no-ws --no-access-log \
        --log-config conversation_service/granian_logging.json \
        --log-level "$(printf %s "$log_level" | tr '[:upper:]' '[:lower:]')" \
        "$@" conversation_service.wsgi:application
    ;;
worker)
    share_metrics
    exec python -m celery --quiet -A conversation_service worker \
        --concurrency 2 --loglevel "$log_level" "$@"
    ;;
beat)
    unset PROMETHEUS_MULTIPROC_DIR
    exec python -m celery --quiet -A conversation_service beat \
        --loglevel "$log_level" --pidfile '' --schedule /tmp/beat-schedule "$@"
    ;;
setup)
    unset PROMETHEUS_MULTIPROC_DIR
    python manage.py migrate --noinput
    exec python manage.py setup_indexes "$@"
    ;;
manage)
    unset PROMETHEUS_MULTIPROC_DIR
    exec python manage.py "$@"
    ;;
*)
    echo "entrypoint.sh: the role '$role' is none of web, worker, beat, setup, manage" >&2
    exit 64
    ;;
esac
