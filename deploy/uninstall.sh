#!/usr/bin/env bash
# Stops the service and its gateways and takes the program away. Configuration and state stay and are named, unless
# `--purge` is given. May be called again. Exit code 0: done; 1: not; 2: wrong usage.
set -euo pipefail
folder="$(dirname "$(readlink -f "$0")")"
# shellcheck source=deploy/releases.sh
. "$folder/releases.sh"
cd /  # this very folder may be taken away

# owned   what a site has of its own: files, state, settings of the units, backups of upgrade.sh. The state of a unit is a
# link into a folder of systemd's.
owned() {
    local path
    for path in "$CONFIG" "$STATE" "$STATE"-* /var/lib/private/watertower{,-*} \
        "$UNITS"/{watertower,watertower-gateway@*}.service.d "$BACKUPS"; do
        if [[ $path = "$STATE"-* && ! -L $path ]]; then continue; fi  # somebody else's
        if [ -e "$path" ] || [ -L "$path" ]; then echo "$path"; fi
    done
}

# remove_program   what install.sh and upgrade.sh have made; their folder with it, unless there is something else in it
remove_program() {
    remove_single
    rm -rf "$ARRIVING" "$RELEASES" "$CURRENT"{,.new} "$PREVIOUS"{,.new}
    [ ! -d "$HOME_FOLDER" ] || rmdir --ignore-fail-on-non-empty "$(readlink -f "$HOME_FOLDER")"
    if [ -L "$HOME_FOLDER" ] && [ ! -e "$HOME_FOLDER" ]; then rm "$HOME_FOLDER"; fi
}

stop_programs() {
    local unit
    systemctl list-units --all --plain --no-legend 'watertower.service' 'watertower-gateway@*.service' |
        awk '{ print $1 }' | while read -r unit; do systemctl stop "$unit"; done
    # with its instances
    find "$UNITS" -maxdepth 2 -type l \( -name watertower.service -o -name 'watertower-gateway@*.service' \) -delete
    rm -f "$UNITS/watertower.service" "$UNITS/watertower-gateway@.service"
    systemctl daemon-reload
    systemctl reset-failed 'watertower*' 2>/dev/null || true
}

main() {
    local purge=
    case "$*" in
        "") ;;
        --purge) purge=yes ;;
        *) usage "[--purge]" ;;
    esac
    begin
    outcome="Taken away in part; call it again to go on."
    stop_programs
    if [ -L "$COMMAND" ] && [[ $(readlink "$COMMAND") = "$HOME_FOLDER"/* ]]; then rm "$COMMAND"; fi
    rm -f "$CATALOGS"/watertower.catalog "$CATALOGS"/watertower.sv.catalog
    journalctl --update-catalog
    if [ -n "$purge" ]; then
        owned | xargs -r -d '\n' rm -rf
        if getent group "$GROUP" >/dev/null; then groupdel "$GROUP"; fi
        systemctl daemon-reload
    fi
    remove_program
    say "The program is gone; nothing controls the lamps any more."
    [ -z "$(owned)" ] || say "These stay (\`deploy/uninstall.sh --purge\` removes them, accounts and history included):"
    owned | sed 's/^/  /'
    [ -n "$purge" ] || ! getent group "$GROUP" >/dev/null || say "  the group $GROUP"
    [ ! -e "$HOME_FOLDER" ] || say "$HOME_FOLDER stays too: there is something else in it."
}

main "$@"
exit
