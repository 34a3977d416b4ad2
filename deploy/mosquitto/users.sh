#!/usr/bin/env bash
# Users of mosquitto and their passwords, for deploy/mosquitto/watertower.conf.
#
#   users.sh add NAME [FILE]   makes a password for this user and prints it, once; or takes the first line of a file of
#                              yours. Who is there already has the new one from then on
#   users.sh remove NAME       that user is not let in any more
#   users.sh list              who there is
#
# No password stands on a command line, where everybody on the machine can read it. $PASSWORDS is the file,
# /etc/mosquitto/watertower.passwd without it. Exit code 0, or 1 with the reason.
set -euo pipefail
umask 077

FILE="${PASSWORDS:-/etc/mosquitto/watertower.passwd}"

fail() { echo "users.sh: $*" >&2; exit 1; }

check_name() {
    [[ "${1:-}" =~ ^[0-9A-Za-z_][0-9A-Za-z._-]*$ ]] || fail "a user's name has letters, digits and . _ - only: '${1:-}'"
}

others() { awk -F : -v name="$1" '$1 != name' "$FILE"; }

# take FILE   in the place of the list, at one stroke; mosquitto reads it as its own user. `systemctl reload` calls
# /bin/kill, which a minimal Debian 13 lacks.
take() {
    if [ "$(id -u)" = 0 ] && id mosquitto >/dev/null 2>&1; then chown mosquitto:mosquitto "$1"; fi
    chmod 600 "$1"
    mv -f "$1" "$FILE"
    if systemctl is-active --quiet mosquitto 2>/dev/null; then systemctl kill -s HUP mosquitto; fi
}

add() {
    local password
    check_name "${1:-}"
    if [ -n "${2:-}" ]; then
        IFS= read -r password <"$2" || true
        password="${password%$'\r'}" # of a file from Windows
        [ -n "$password" ] || fail "no password in $2"
    else
        password="$(openssl rand -hex 16)"
    fi
    printf '%s\n%s\n' "$password" "$password" | mosquitto_passwd -c "$WORK/new" "$1" >"$WORK/log" 2>&1 ||
        fail "mosquitto_passwd: $(tail -n 1 "$WORK/log")"
    { others "$1"; cat "$WORK/new"; } >"$WORK/all"
    take "$WORK/all"
    [ -n "${2:-}" ] || echo "$password"
}

remove() {
    check_name "${1:-}"
    grep -q "^$1:" "$FILE" || fail "there is no user $1"
    others "$1" >"$WORK/all"
    take "$WORK/all"
}

list() { cut -d : -f 1 "$FILE"; }

command -v mosquitto_passwd >/dev/null || fail "mosquitto is not installed: apt install mosquitto"
command="${1:-}"
[ $# -eq 0 ] || shift
case "$command" in
    add | remove | list) ;;
    *) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
exec {lock}<"$(dirname "$FILE")"
flock -w 60 "$lock" || fail "another users.sh has been running for a minute"
[ -e "$FILE" ] || (: >>"$FILE") 2>/dev/null || fail "$FILE cannot be written: call it as root"
WORK="$(mktemp -d "$FILE.XXXXXX")" || fail "$FILE cannot be written: call it as root"
trap 'rm -rf "$WORK"' EXIT
"$command" "$@"
