# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is used there
# What install.sh, upgrade.sh and uninstall.sh share; sourced by them.
#
#   /opt/watertower/releases/NAME   a release: a virtual environment with the program, and the folder `deploy` of its version
#   /opt/watertower/current         the release that is used, a link
#   /opt/watertower/previous        the one before it, a link

umask 022  # the service is another user than root, and reads what root installs

HOME_FOLDER=/opt/watertower
RELEASES=$HOME_FOLDER/releases
CURRENT=$HOME_FOLDER/current
PREVIOUS=$HOME_FOLDER/previous
COMMAND=/usr/local/bin/watertower
CONFIG=/etc/watertower
STATE=/var/lib/watertower
BACKUPS=/var/backups/watertower
UNITS=/etc/systemd/system
CATALOGS=/usr/local/lib/systemd/catalog
# not one of a user's own, which the service could not reach
PYTHON=/usr/bin/python3
GROUP=watertower
# files on their way to $CONFIG, where others than root may write
ARRIVING=$CONFIG.new
# what makes an environment whole is written last
WHOLE=whole
# the release that stands for an installation without releases, of the first versions
SINGLE=without-releases

# what is true when the script ends early
outcome="Nothing was changed."
# what is to go again when the script ends early
unfinished=()

# A terminal that is gone is no reason to stop half-way.
say() { echo "$*" || true; }
complain() { echo "watertower: $*" >&2 || true; }
# fail WORDS …   ends with 1
fail() { complain "$*"; exit 1; }
# usage WORDS …   ends with 2
usage() { echo "usage: ${0##*/} $*" >&2; exit 2; }

# ended   what to say when the script ends, unless it succeeded
ended() {
    local code=$?
    [ "$code" = 0 ] || complain "$outcome"
    rm -rf "$scratch" "${unfinished[@]}"
}

# begin   as root, on a machine that can run the program, and alone
begin() {
    [ "$(id -u)" = 0 ] || fail "this needs root: sudo $0"
    scratch="$(mktemp -d)"
    trap ended EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    trap '' PIPE
    [ -d /run/systemd/system ] || fail "systemd does not run here; deploy/README.md tells how to use a container instead."
    # for root alone: /run/lock, where everybody may put a link, is not; and who can read a file can lock it
    umask 077
    exec {lock}>/run/watertower-install.lock
    umask 022
    flock -n "$lock" || fail "another install.sh, upgrade.sh or uninstall.sh is running."
}

# need_python   Python 3.11 or later with venv, and what packages are built for
need_python() {
    [ "$(getconf LONG_BIT)" = 64 ] || fail "this is a 32 bit system. Install the 64 bit one, as Raspberry Pi OS (64-bit)."
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || install_venv
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$PYTHON" --version) is too old: 3.11 or later is needed, as in Debian 12 and later."
}

install_venv() {
    say "Installing Debian's package python3-venv …"
    { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv ||
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; }; } >/dev/null ||
        fail "python3-venv could not be installed. Install it by hand (apt install python3-venv) and try again."
}

# release_of_source   the name of the release that the files in this folder make: version, what is in it, Python's version
release_of_source() {
    local version content python
    version="$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)"
    content="$(find pyproject.toml README.md LICENSE controller deploy -type f ! -path '*/__pycache__/*' -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)"
    python="$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    echo "$version-${content:0:8}-python$python"
}

# release_at LINK   the name of the release to which a link leads; nothing where there is none that is whole
release_at() { if [ -e "$1/$WHOLE" ]; then basename "$(readlink -f "$1")"; fi; }

# open_folder   lets the service, and whoever else is in the group, save the schedule
open_folder() {
    groupadd --system --force "$GROUP"
    install -d -g "$GROUP" -m 2775 "$CONFIG"
}

# build_release NAME   from the files in this folder, beside what is used; nothing where it is there already
build_release() {
    local place="$RELEASES/$1"
    [ ! -e "$place/$WHOLE" ] || return 0
    say "Building release $1 …"
    unfinished=("$place")
    rm -rf "$place"
    install -d -m 755 "$HOME_FOLDER" "$RELEASES" "$place"
    "$PYTHON" -m venv "$place"
    "$place/bin/pip" install -q --disable-pip-version-check --require-hashes -r deploy/requirements.txt ||
        fail "the packages of deploy/requirements.txt could not be installed: see above. Is the network there, and room on the disk?"
    # built in a copy: in the folder itself remains of an older build could get into it
    mkdir "$scratch/source"
    cp -r pyproject.toml README.md LICENSE controller "$scratch/source"
    "$place/bin/pip" install -q --disable-pip-version-check --no-build-isolation --no-deps "$scratch/source"
    cp -r deploy "$place"
    chmod -R a+rX "$place"
    "$place/bin/watertower" --version >/dev/null
    sync -f "$place"  # or a power cut could leave the mark and not the files
    touch "$place/$WHOLE"
    unfinished=()
}

# remove_single   takes an installation without releases away, if there is one: the folder may hold files of others too
remove_single() {
    [ ! -e "$HOME_FOLDER/pyvenv.cfg" ] || (cd "$HOME_FOLDER" && rm -rf bin include lib lib64 share pyvenv.cfg .gitignore deploy)
}

# link LINK TARGET   makes or changes a link in one step
link() {
    ln -sfn "$2" "$1.new"
    mv -T "$1.new" "$1"
}

# use_release NAME   makes it the current one: the program, its units, its messages in the journal
use_release() {
    local unit
    link "$CURRENT" "releases/$1"
    for unit in "$CURRENT"/deploy/systemd/*; do
        cmp -s "$unit" "$UNITS/${unit##*/}" || install -m 644 "$unit" "$UNITS/"
    done
    systemctl daemon-reload
    if [ -L "$COMMAND" ] || [ ! -e "$COMMAND" ]; then
        link "$COMMAND" "$CURRENT/bin/watertower"
    else
        complain "$COMMAND is somebody else's file, and stays; the program is $CURRENT/bin/watertower."
    fi
    install -d "$CATALOGS"
    if "$CURRENT/bin/watertower" explain --journal --lang sv >"$CATALOGS/watertower.sv.catalog" 2>/dev/null &&
        "$CURRENT/bin/watertower" explain --journal --lang en >"$CATALOGS/watertower.catalog"; then
        journalctl --update-catalog
    else
        rm -f "$CATALOGS"/watertower*.catalog  # of a version that has none
    fi
}

# programs   the units of ours that run, or that systemd tries to start
programs() {
    systemctl list-units --plain --no-legend --state=active,activating,reloading \
        watertower.service 'watertower-gateway@*.service' | awk '{ print $1 }'
}

# watertower_on COMMAND …   a command of the current release, for the installed files, with the logins of the service
watertower_on() { CREDENTIALS_DIRECTORY="$CONFIG" "$CURRENT/bin/watertower" --config "$CONFIG" --state "$STATE" "$@"; }
