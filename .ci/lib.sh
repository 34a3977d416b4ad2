# shellcheck shell=bash
# What the scripts of this folder share; sourced in the folder of the repository.

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# need PACKAGE:FILE …   installs the packages of Debian whose file is not here
need() {
    local part missing=()
    for part in "$@"; do
        [ -e "${part#*:}" ] || missing+=("${part%%:*}")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    # one after the other, where two scripts run side by side
    as_root flock .ci/lib.sh apt-get update -qq
    DEBIAN_FRONTEND=noninteractive as_root flock .ci/lib.sh apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# commands FILE MARK   the lines of the block after <!-- MARK --> in a document, without its indent
commands() {
    awk -v mark="<!-- $2 -->" '
        { line = $0; sub(/^ +/, "", line) }
        line == mark { found = 1; next }
        found && line ~ /^```/ { if (inside++) exit; indent = length($0) - length(line); next }
        inside { print substr($0, indent + 1); lines++ }
        END { if (!lines) { print FILENAME " has no commands after " mark > "/dev/stderr"; exit 1 } }' "$1"
}

# python_of VERSION   where a Python like 3.13 is; says so and fails where there is none
python_of() {
    local python
    python="$(compgen -G "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1.*/bin/python" | head -n 1 || true)"
    [ -n "$python" ] || python="$(command -v "python$1" || true)"
    [ -n "$python" ] && "$python" -c "" 2>/dev/null && echo "$python" && return
    echo "there is no Python $1 here: nothing is tested with it" >&2
    return 1
}

# test_packages PYTHON FOLDER   the tests of the packages without sockets and seconds, which show what a version of Python
# may change, with this one, and few examples of each property: out of the tree, where two editable builds would race.
# Takes the place of the shell.
test_packages() {
    "$1" -m venv "$2"
    "$2/bin/pip" install -q --no-compile -r <("$1" -c 'import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
print(*project["dependencies"], *project["optional-dependencies"]["test"], sep="\n")')
    exec "$2/bin/python" -m pytest -q -n 0 -m "not real" --hypothesis-profile few tests/{config,events,gateways,lighting,schedule,service,simulation,state}
}

# Gives the calling script processes, mounts, control groups and a folder ($WORK) of its own, which end with it however it
# ends. Use: isolated "$@"; what follows runs inside, as root.
isolated() {
    WORK="${WATERTOWER_WORK:-}"
    [ -z "$WORK" ] || return 0
    [ "$(id -u)" = 0 ] || { echo "$0 needs root" >&2; exit 1; }
    local inside=
    trap 'leave_nothing "$inside"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    WORK="$(mktemp -d)"
    WATERTOWER_WORK="$WORK" setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@" &
    inside=$!
    local code=0
    wait "$inside" || code=$?
    inside=
    exit "$code"
}

# groups_of_its_own NAME   puts the calling shell into control groups of its own: two systems that boot share none
groups_of_its_own() {
    local controllers path place
    while IFS=: read -r _ controllers path; do
        case "$controllers" in
            "") place="$(findmnt -n -o TARGET -t cgroup2 | head -n 1)" ;;
            name=systemd) place=/sys/fs/cgroup/systemd ;;
            *) continue ;;
        esac
        place="$place${path%/}/${WORK##*/}-$1"
        mkdir -p "$place"  # of one that was killed and boots again
        echo "$BASHPID" >"$place/cgroup.procs"
    done </proc/self/cgroup
}

# leave_nothing NUMBER   ends that process, and takes the folder and the control groups away; what was killed may still be
# ending, and writing, for a moment
leave_nothing() {
    { [ -n "$1" ] && kill -KILL "$1" && wait "$1"; } 2>/dev/null || true
    [ -n "$WORK" ] || return 0
    local groups=(find /sys/fs/cgroup -depth -type d -path "*/${WORK##*/}-*") end=$((SECONDS + 30))
    until { [ -z "$("${groups[@]}")" ] && rm -rf --one-file-system "$WORK" 2>/dev/null; } || [ "$SECONDS" -gt "$end" ]; do
        "${groups[@]}" -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
}

# make_debian CODENAME FOLDER PACKAGE …   a Debian with the essential packages and these, from the mirror that the caller uses
make_debian() {
    local codename="$1" root="$2" mirror packages
    shift 2
    # shellcheck disable=SC2016 # a format of apt's
    mirror="${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
        "Codename: $(. /etc/os-release && echo "$VERSION_CODENAME")" | head -n 1)}"
    [ -n "$mirror" ] || { echo "this machine has no package source of its own Debian: set DEBIAN_MIRROR" >&2; return 1; }
    packages="$(IFS=,; echo "$*")"
    debootstrap --variant=minbase ${packages:+--include="$packages"} "$codename" "$root" "$mirror" \
        >"$WORK/debootstrap.log" 2>&1 || { tail -n 20 "$WORK/debootstrap.log" >&2; return 1; }
    apt-config dump Acquire | grep -i proxy >"$root/etc/apt/apt.conf.d/99caller" || true
}

# copy_repository FOLDER   the files of the repository as they are now, and nothing that git ignores
copy_repository() {
    mkdir -p "$1"
    git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read -T - 2>/dev/null | tar -x -C "$1"
}

# The caller's pip, resolver and certificates for a system in another folder: $PIP_ENV is what to set there, and
# $CALLERS are the files and folders of this machine that it names.
PIP_ENV=()
CALLERS=()
caller_configuration() {
    local line name value path
    while IFS= read -r line; do
        name="${line%%=*}"
        value="${line#*=}"
        value="${value//\'/}"
        name="${name##*.}"
        name="${name//-/_}"
        PIP_ENV+=("PIP_${name^^}=$value")  # later ones win: pip lists its environment first, so it is added again below
    done < <(python3 -m pip config list 2>/dev/null)
    while IFS= read -r line; do
        PIP_ENV+=("$line")
    done < <(env | grep -E '^(PIP_[A-Z_]+|SSL_CERT_FILE|(HTTP|HTTPS|NO)_PROXY|(http|https|no)_proxy)=')
    for value in "${PIP_ENV[@]}"; do
        for path in ${value#*=}; do
            # an index in a folder leads to files beside it
            [[ $path != file:///*/* ]] || path="$(dirname "${path#file://}")"
            [[ $path != /* || ! -e $path ]] || CALLERS+=("$path")
        done
    done
    CALLERS+=(/etc/resolv.conf)
    mapfile -t CALLERS < <(printf '%s\n' "${CALLERS[@]}" | sort -u)
}

# lend ROOT PATH …   shows files and folders of this machine at the same place in a system in another folder
lend() {
    local root="$1" path
    shift
    for path in "$@"; do
        if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$root${path%/*}" && touch -a "$root$path"; fi
        mount --bind -o ro "$(readlink -f "$path")" "$root$path"
    done
}

# eventually SECONDS COMMAND …   until the command succeeds
eventually() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || { echo "not within its time: $*" >&2; return 1; }
        sleep 0.5
    done
}

# step WORDS …   says what is tried next, and how long the script has run
step() { printf '== %4d s  %s\n' "$SECONDS" "$*"; }
