#!/usr/bin/env bash
# Certificates for mosquitto, from an authority of its own that needs nothing but openssl.
#
#   certificates.sh server NAME …   the broker's certificate for the names and addresses by which clients reach it;
#                                   this machine's own name and localhost are always among them
#   certificates.sh renew           the same again where fewer than 90 days are left; for the timer
#   certificates.sh client NAME     a certificate for one client, whose user name it holds
#   certificates.sh revoke NAME     that client is not let in any more
#   certificates.sh list            what there is, and until when it holds
#
# A second run changes nothing that is still good. Exit code 0 if all is as asked for, 1 if not, with the reason.
# $CERTIFICATES is the folder, /etc/mosquitto/certs without it:
#   ca.pem         the authority: its copy goes to each client, as `ca_file`. Not secret
#   server.pem     certificate and key of the broker, for root and mosquitto only
#   clients/       certificate and key of each client, for root only
#   revoked.pem    for `crlfile` of mosquitto
#   authority/     the authority's key and its book, for root only. In no backup but a safe one: who has the key can
#                  pretend to be the broker
set -euo pipefail
umask 077

FOLDER="${CERTIFICATES:-/etc/mosquitto/certs}"
OWN="$FOLDER/authority"
AUTHORITY_YEARS=20
SERVER_DAYS=730
RENEW_DAYS=90 # the controller warns from 30 on (TWL-M014)
# Long ago, so that a machine whose clock starts in the past after a power cut is let in all the same.
FIRST=20200101000000Z
DAY=86400

fail() { echo "certificates.sh: $*" >&2; exit 1; }

# ends FILE   the day and second on which a certificate ends
ends() { date -u -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" "+%Y%m%d%H%M%SZ"; }
day_of() { echo "${1:0:4}-${1:4:2}-${1:6:2}"; }
until_day() { day_of "$(ends "$1")"; }
lasts() { openssl x509 -in "$1" -noout -checkend "$(($2 * DAY))" >/dev/null; }

# publish FILE PLACE MODE   at one stroke: a reader sees the old file or the new one, after a power cut too
publish() {
    chmod "$3" "$1"
    sync "$1"
    mv -f "$1" "$2"
}

# book COMMAND …   openssl's book of what was issued and revoked
book() {
    openssl ca -batch -config "$OWN/openssl.conf" "$@" 2>"$WORK/log" || { cat "$WORK/log" >&2; fail "openssl refuses"; }
}

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

# for_mosquitto FILE   lets it be read by mosquitto, which reads it anew as its own user, and by nobody else
for_mosquitto() {
    if [ "$(id -u)" = 0 ] && getent group mosquitto >/dev/null; then chgrp mosquitto "$1"; fi
    chmod 640 "$1"
}

# issue NAME KIND PLACE MODE LAST   key and certificate of a subject in one file
issue() {
    new_key "$WORK/key"
    openssl req -new -key "$WORK/key" -subj "/CN=$1" -config "$OWN/openssl.conf" -out "$WORK/request"
    book -in "$WORK/request" -out "$WORK/certificate" -notext -extensions "$2" -startdate "$FIRST" -enddate "$5"
    cat "$WORK/certificate" "$WORK/key" >"$WORK/both"
    [ "$2" != server ] || for_mosquitto "$WORK/both"
    publish "$WORK/both" "$3" "$4"
}

# write_settings NAMES   what openssl is told, with the names of the broker
write_settings() {
    cat >"$OWN/openssl.conf" <<SETTINGS
[ca]
default_ca = book
[book]
database = $OWN/index
unique_subject = no
new_certs_dir = $OWN/issued
certificate = $OWN/ca.pem
private_key = $OWN/ca.pem
default_md = sha256
rand_serial = yes
policy = any
[any]
commonName = supplied
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $1
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
SETTINGS
}

# The authority, made where there is none. What was begun and not ended is begun anew: its key has signed nothing yet.
have_authority() {
    local host
    [[ $(date -u +%Y%m%d%H%M%SZ) > "$FIRST" ]] || fail "the clock of this machine shows $(date -u +%F). Set it first"
    mkdir -p "$OWN/issued" "$FOLDER/clients"
    chmod 755 "$FOLDER"
    chmod 700 "$OWN" "$FOLDER/clients"
    write_settings DNS:localhost
    if [ ! -e "$OWN/ca.pem" ]; then
        [ ! -e "$FOLDER/ca.pem" ] || fail "the authority's key $OWN/ca.pem is gone. Bring it back from a backup; or move \
$FOLDER/ca.pem away to begin anew, and give every client the new one"
        rm -f "$OWN/index.attr"
        : >"$OWN/index"
        new_key "$WORK/key"
        host="$(uname -n)" # of which a subject has room for so much
        openssl req -new -key "$WORK/key" -subj "/CN=Authority of ${host:0:37} for mosquitto" \
            -config "$OWN/openssl.conf" -out "$WORK/request"
        book -selfsign -keyfile "$WORK/key" -in "$WORK/request" -out "$WORK/certificate" -notext -extensions authority \
            -startdate "$FIRST" -enddate "$(date -u -d "+$AUTHORITY_YEARS years" +%Y%m%d%H%M%SZ)"
        cat "$WORK/certificate" "$WORK/key" >"$WORK/both"
        publish "$WORK/both" "$OWN/ca.pem" 600
        echo "made the authority, until $(until_day "$OWN/ca.pem")"
    fi
    { openssl x509 -in "$OWN/ca.pem" -out "$WORK/ca.pem" && openssl pkey -in "$OWN/ca.pem" -noout; } 2>/dev/null ||
        fail "$OWN/ca.pem is damaged. Bring it back from a backup"
    lasts "$OWN/ca.pem" 0 || fail "the authority ended on $(until_day "$OWN/ca.pem"), or the clock is wrong"
    cmp -s "$WORK/ca.pem" "$FOLDER/ca.pem" || publish "$WORK/ca.pem" "$FOLDER/ca.pem" 644
    # openssl was cut off between putting the old book away and the new one in its place: what it had entered was not published
    [ -e "$OWN/index" ] || cp "$OWN/index.old" "$OWN/index"
    # this script was cut off between entering a revoked client in the book and publishing the list
    [ "$(grep -c '^R' "$OWN/index")" = "$(listed "$FOLDER/revoked.pem")" ] || list_revoked
}

# listed FILE   how many certificates a list of revoked ones has; -1 if it is not there or damaged
listed() {
    openssl crl -in "$1" -noout -text >"$WORK/list" 2>/dev/null || { echo -1; return; }
    grep -c 'Serial Number:' "$WORK/list" || true
}

# As long as the authority, and from long ago: one that does not hold yet, or no more, would keep everybody out.
list_revoked() {
    book -gencrl -crl_lastupdate "$FIRST" -crl_nextupdate "$(ends "$OWN/ca.pem")" -out "$WORK/revoked"
    publish "$WORK/revoked" "$FOLDER/revoked.pem" 644
}

# renew_in_mosquitto reload|restart   with or without keeping its connections. `systemctl reload` calls /bin/kill, which a
# minimal Debian 13 lacks.
renew_in_mosquitto() {
    if ! systemctl is-active --quiet mosquitto 2>/dev/null; then
        echo "mosquitto does not run as a service here: $1 it where it does"
    elif [ "$1" = reload ]; then
        systemctl kill -s HUP mosquitto
    else
        systemctl restart mosquitto
    fi
}

# The names of a certificate as openssl takes them, each once.
as_names() {
    local name
    for name in "$@" localhost 127.0.0.1 ::1 "$(uname -n)"; do
        case "$name" in
            *[!0-9A-Za-z.:_-]* | -* | "") fail "no name and no address of a machine: '$name'" ;;
            *:* | [0-9]*.[0-9]*.[0-9]*.[0-9]*) [ -z "${name//[0-9A-Fa-f.:]/}" ] && echo "IP:$name" || echo "DNS:$name" ;;
            *) echo "DNS:$name" ;;
        esac
    done | awk '!seen[$0]++' | paste -sd, -
}

server() {
    local names last
    names="$(as_names "$@")"
    have_authority
    if [ -e "$FOLDER/server.pem" ] && [ "$names" = "$(cat "$OWN/names" 2>/dev/null)" ] && is_ours "$FOLDER/server.pem" &&
        lasts "$FOLDER/server.pem" "$RENEW_DAYS"; then
        for_mosquitto "$FOLDER/server.pem" # also where it came back from a backup
        echo "the broker's certificate is good until $(until_day "$FOLDER/server.pem")"
        return
    fi
    write_settings "$names"
    last="$(date -u -d "+$SERVER_DAYS days" +%Y%m%d%H%M%SZ)"
    [[ $last < "$(ends "$OWN/ca.pem")" ]] || last="$(ends "$OWN/ca.pem")"
    issue mosquitto server "$FOLDER/server.pem" 640 "$last"
    echo "$names" >"$OWN/names"
    echo "made the broker's certificate for $names, until $(until_day "$FOLDER/server.pem")"
    renew_in_mosquitto reload
}

is_ours() { openssl verify -x509_strict -CAfile "$OWN/ca.pem" "$1" >/dev/null 2>&1; }

renew() {
    local names
    [ -s "$OWN/names" ] || fail "there is no certificate yet: certificates.sh server NAME …"
    mapfile -t names < <(tr , '\n' <"$OWN/names" | sed 's/^[A-Z]*://')
    server "${names[@]}"
    lasts "$OWN/ca.pem" 365 || fail "the authority ends on $(until_day "$OWN/ca.pem"). Before that move $OWN away, make \
a new one with certificates.sh server, and give every client the new ca.pem"
}

# The name of a user of mosquitto.
check_client() {
    [[ "${1:-}" =~ ^[0-9A-Za-z_][0-9A-Za-z._-]{0,63}$ ]] ||
        fail "a client's name has letters, digits and . _ - only, 64 at most: '${1:-}'"
}

client() {
    check_client "${1:-}"
    have_authority
    if [ -e "$FOLDER/clients/$1.pem" ] && is_ours "$FOLDER/clients/$1.pem"; then
        echo "$FOLDER/clients/$1.pem is good until $(until_day "$FOLDER/clients/$1.pem")"
        return
    fi
    # As long as the authority: a box in a tower is visited seldom, and one that is lost is revoked.
    issue "$1" client "$FOLDER/clients/$1.pem" 600 "$(ends "$OWN/ca.pem")"
    echo "made $FOLDER/clients/$1.pem: carry it to the client, which needs it as cert_file and as key_file, and ca.pem"
}

revoke() {
    local serial found=
    check_client "${1:-}"
    have_authority
    while read -r serial; do
        # that of the broker may bear the same name
        if openssl x509 -in "$OWN/issued/$serial.pem" -noout -ext extendedKeyUsage 2>/dev/null | grep -q Client; then
            book -revoke "$OWN/issued/$serial.pem"
            found=1
        fi
    done < <(awk -F '\t' -v subject="/CN=$1" '$1 == "V" && $6 == subject {print $4}' "$OWN/index")
    # a run that was cut off may have revoked it
    [ -n "$found" ] || awk -F '\t' -v subject="/CN=$1" '$1 == "R" && $6 == subject {r = 1} END {exit !r}' "$OWN/index" ||
        fail "no certificate of $1 is in force"
    rm -f "$FOLDER/clients/$1.pem"
    list_revoked
    echo "$1 is not let in any more, where mosquitto has a crlfile"
    renew_in_mosquitto restart
}

list() {
    local file
    [ -e "$OWN/ca.pem" ] || fail "there is no authority in $FOLDER yet: certificates.sh server NAME …"
    echo "authority            until $(until_day "$OWN/ca.pem")"
    [ ! -e "$FOLDER/server.pem" ] || echo "broker               until $(until_day "$FOLDER/server.pem")  $(cat "$OWN/names")"
    for file in "$FOLDER"/clients/*.pem; do
        [ ! -e "$file" ] || printf 'client  %-12s until %s\n' "$(basename "$file" .pem)" "$(until_day "$file")"
    done
    awk -F '\t' '$1 == "R" {sub("/CN=", "", $6); print "revoked " $6}' "$OWN/index"
}

command -v openssl >/dev/null || fail "openssl is not installed: apt install openssl"
command="${1:-}"
[ $# -eq 0 ] || shift
case "$command" in
    server | renew | client | revoke | list) ;;
    *) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
mkdir -p "$FOLDER"
# One at a time, in the folder itself, so that a file is moved within one disk.
exec {lock}<"$FOLDER"
flock -w 60 "$lock" || fail "another certificates.sh has been running for a minute"
rm -rf "$FOLDER"/.new-* # of one that was cut off
WORK="$(mktemp -d "$FOLDER/.new-XXXXXX")" || fail "$FOLDER cannot be written: call it as root"
trap 'rm -rf "$WORK"' EXIT
"$command" "$@"
