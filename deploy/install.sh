#!/usr/bin/env bash
# Installs the program for the service and for gateways: on Debian 12 or later, or Raspberry Pi OS (64 bit), as root, in the
# folder of the program that holds `deploy`. What is there already stays, files in /etc/watertower above all, so it may be
# called again at any time, as after it was interrupted. Starts nothing. Exit code 0: installed; 1: not; 2: wrong usage.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
# shellcheck source=deploy/releases.sh
. deploy/releases.sh

# place_files   the two files and what lies beside them, each where there is none
place_files() {
    local file name mode
    unfinished=("$ARRIVING")
    rm -rf "$ARRIVING"
    mkdir -m 700 "$ARRIVING"
    for file in config/*; do
        name="${file##*/}"
        [ ! -e "$CONFIG/$name" ] || continue
        mode=644
        [ "$name" != schedule.yaml ] || mode=664
        install -g "$GROUP" -m "$mode" "$file" "$ARRIVING/"
        mv -T "$ARRIVING/$name" "$CONFIG/$name"
        say "Put $CONFIG/$name in place."
    done
}

main() {
    local release installed
    [ $# = 0 ] || usage ""
    begin
    [ -f pyproject.toml ] || fail "call it in the folder of the program: here are only the files that it has installed."
    need_python
    release="$(release_of_source)"
    installed="$(release_at "$CURRENT")"
    if [ -n "$installed" ] && [ "$installed" != "$release" ]; then
        fail "release $installed is installed here. To go from it to $release: deploy/upgrade.sh"
    elif [ -z "$installed" ] && [ -e "$HOME_FOLDER/pyvenv.cfg" ]; then
        fail "an older version is installed here. To go from it to $release: deploy/upgrade.sh"
    fi
    outcome="Not installed. What was done so far does no harm; call it again to go on."
    build_release "$release"
    [ -n "$installed" ] || open_folder
    place_files
    use_release "$release"
    say "Installed: release $release."
    watertower_on check || say "Mend this before you start the service."
    if [ -z "$(programs)" ]; then
        say "Next: adapt $CONFIG/tower.yaml and schedule.yaml, look at them with \`watertower check --config $CONFIG\`,"
        say "then: systemctl enable --now watertower"
    fi
}

main "$@"
exit
