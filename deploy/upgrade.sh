#!/usr/bin/env bash
# Takes an installation to the version in this folder, or with `--rollback` to the release before the current one (called
# again: back). The new release is built beside the old one and must accept the files in /etc/watertower. After a backup
# it takes over; unless all is as well as before within two minutes, the old one takes over again. Exit code 0: done;
# 1: refused, what runs was not touched; 2: wrong usage; 3: tried, and the old release runs again.
set -euo pipefail
folder="$(dirname "$(readlink -f "$0")")"
# shellcheck source=deploy/releases.sh
. "$folder/releases.sh"

READY_S=120
STEADY_S=10
# what how_well says where nobody answers
NO_ANSWER="2 0"

# The units that ran when the script began, and watertower.service if it is one of them.
units=()
controls=
# While a release takes over: it, the one that it takes over from, and the one before that.
from=
to=
older=

# adopt   makes a release of an installation without releases, whose program lies in /opt/watertower itself
adopt() {
    local place="$RELEASES/$SINGLE"
    [ -z "$(release_at "$CURRENT")" ] || return 0
    mkdir -p "$place/deploy/systemd"
    link "$place/bin" ../../bin
    cp "$UNITS"/watertower*.service "$place/deploy/systemd/"
    touch "$place/$WHOLE"
    open_folder  # the first versions could not save
    chgrp "$GROUP" "$CONFIG/schedule.yaml"
    chmod g+w "$CONFIG/schedule.yaml"
    link "$CURRENT" "releases/$SINGLE"
}

# accepted RELEASE   whether it can read the files in /etc/watertower
accepted() {
    say "Release $1 reads the files in $CONFIG:"
    CREDENTIALS_DIRECTORY="$CONFIG" "$RELEASES/$1/bin/watertower" check --config "$CONFIG" ||
        fail "release $1 does not accept the files: mend what is told above, then call this again."
}

# how_well   two numbers: 0 where `status` finds nothing wrong, 1 where something is, 2 where nobody answers; and how many
# gateways ask for somebody
how_well() {
    local code=0
    watertower_on status --json >"$scratch/status" 2>/dev/null || code=$?
    if [ "$code" -le 1 ] &&
        "$PYTHON" -c 'import json, sys; print(sys.argv[1], json.load(sys.stdin)["amiss"])' "$code" \
            <"$scratch/status" 2>/dev/null; then
        return
    fi
    echo "$NO_ANSWER"
}

# as_well_as BEFORE   whether neither of the two numbers is higher than it was before
as_well_as() {
    local was now
    read -ra was <<<"$1"
    [ "${was[0]}" -lt 2 ] || return 0
    read -ra now <<<"$(how_well)"
    [ "${now[0]}" -le "${was[0]}" ] && [ "${now[1]}" -le "${was[1]}" ]
}

# run_current UNIT …   whether each of them runs, and from the current release
run_current() {
    local unit interpreter process
    interpreter="$(sed -n '1s/^#!//p' "$CURRENT/bin/watertower")"
    for unit; do
        process="$(systemctl show -p MainPID --value "$unit")"
        { systemctl -q is-active "$unit" && grep -qF "$interpreter" "/proc/$process/cmdline"; } || return 1
    done
}

# started_once UNIT …   whether systemd had to start none of them anew since they were started by hand
started_once() {
    local unit
    for unit; do [ "$(systemctl show -p NRestarts --value "$unit")" = 0 ] || return 1; done
}

well() {
    run_current "${units[@]}" && started_once "${units[@]}" && { [ -z "$controls" ] || as_well_as "$before"; }
}

# starts_well   whether all that ran before runs again, as well as before, and goes on
starts_well() {
    local end=$((SECONDS + READY_S))
    timeout "$READY_S" systemctl restart "${units[@]}" || return 1
    until well; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 2
    done
    sleep "$STEADY_S"
    well
}

# take_over   lets the release $to take over from $from; however that fails, $from takes over again
take_over() {
    [ -z "$controls" ] || before="$(how_well)"
    older="$(release_at "$PREVIOUS")"
    trap go_back EXIT
    [ "$from" = "$to" ] || link "$PREVIOUS" "releases/$from"
    use_release "$to"
    if [ "${#units[@]}" -gt 0 ]; then
        say "Starting ${units[*]} with release $to …"
        starts_well
    fi
    trap ended EXIT
}

# shellcheck disable=SC2317 # called by a trap
# go_back   ends the script with 3
go_back() {
    set +e
    trap '' INT TERM HUP
    complain "release $to did not take over: interrupted, or not as well as before within $READY_S s. What it said last:"
    journalctl -q --no-pager -o cat -n 20 "${units[@]/#/--unit=}" >&2
    [ -z "$controls" ] || watertower_on status >&2
    use_release "$from"
    if [ -n "$older" ] && [ "$older" != "$from" ]; then link "$PREVIOUS" "releases/$older"; else rm -f "$PREVIOUS"; fi
    if [ "${#units[@]}" = 0 ] || starts_well; then
        complain "Rolled back: release $from is used again, and all is as well as before."
    else
        complain "Rolled back: release $from is used again, but all is not as well as before: \`watertower doctor --state $STATE\`"
    fi
    tidy
    rm -rf "$scratch"
    exit 3
}

# back_up   both folders as they are, while the old release runs; the two newest backups are kept
back_up() {
    local file="$BACKUPS/before-$to.tar.gz"
    [ -d "$STATE/last-good" ] || return 0  # no service ran here
    install -d -m 700 "$BACKUPS"
    rm -f "$file"
    # the new one: the first versions made none. It ends with 1 where it leaves something out, too
    "$RELEASES/$to/bin/watertower" --config "$CONFIG" --state "$STATE" backup "$file" || [ -e "$file" ] ||
        fail "no backup could be written: see above."
    find "$BACKUPS" -name 'before-*.tar.gz' -printf '%T@ %p\n' | sort -rn | tail -n +3 | cut -d' ' -f2- | xargs -r -d '\n' rm
}

# tidy   takes away all releases but the current one and the one before it
tidy() {
    local place keep
    keep=" $(release_at "$CURRENT") $(release_at "$PREVIOUS") "
    for place in "$RELEASES"/*; do
        [[ $keep = *" ${place##*/} "* ]] || rm -rf "$place"
    done
    [[ $keep = *" $SINGLE "* ]] || remove_single
}

roll_back() {
    from="$(release_at "$CURRENT")"
    to="$(release_at "$PREVIOUS")"
    { [ -n "$from" ] && [ -n "$to" ] && [ "$from" != "$to" ]; } || fail "there is no release to go back to."
    accepted "$to"
    take_over
    say "Release $to is used. To go to $from again, call this once more."
}

upgrade() {
    cd "$folder/.."
    [ -f pyproject.toml ] || fail "call it in the folder of the new version: here are only files that were installed."
    need_python
    from="$(release_at "$CURRENT")"
    [ -n "$from" ] || [ -e "$HOME_FOLDER/pyvenv.cfg" ] || fail "nothing is installed here: deploy/install.sh does that."
    to="$(release_of_source)"
    if [ "$from" = "$to" ]; then  # perhaps a run was interrupted after the new release took over
        use_release "$to"
        if run_current "${units[@]}"; then
            tidy
            say "Release $to is in use already."
            return
        fi
        from="$(release_at "$PREVIOUS")"
        from="${from:-$to}"
    fi
    build_release "$to"
    accepted "$to"
    back_up
    adopt
    from="${from:-$SINGLE}"
    take_over
    tidy
    say "Release $to is used. To go back to $from: $CURRENT/deploy/upgrade.sh --rollback"
}

main() {
    case "$*" in
        "" | --rollback) ;;
        *) usage "[--rollback]" ;;
    esac
    begin
    outcome="What runs was not touched."
    mapfile -t units < <(programs)
    [[ " ${units[*]} " != *" watertower.service "* ]] || controls=yes
    if [ "$*" = --rollback ]; then roll_back; else upgrade; fi
}

main "$@"
exit
