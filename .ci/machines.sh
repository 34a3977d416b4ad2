# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is used there
# Debian machines that boot in systemd-nspawn, for the scripts that install on them; sourced after lib.sh, by scripts that
# called `isolated`. Packages come from where the caller's come from; what runs has a network of its own.

need debootstrap:/usr/sbin/debootstrap systemd-container:/usr/bin/systemd-nspawn iproute2:/sbin/ip

# where the guide is followed, and the guide
place=/usr/src/watertower
guide=deploy/README.md
# the number of the first process of each machine
declare -A leader=()
ROOT_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

fail() {
    echo "FAILED: $*" >&2
    for machine in "${!leader[@]}"; do
        echo "--- $machine" >&2
        on "$machine" journalctl -q --no-pager -n 40 -t watertower -t systemd -t mosquitto >&2 || tail "$WORK/$machine.log" >&2
        tail -n 20 "$WORK/$machine/var/log/mosquitto/mosquitto.log" >&2 2>/dev/null || true
        on "$machine" systemctl --no-pager --failed >&2 || true
    done
    exit 1
}

# boot MACHINE   the system in $WORK/MACHINE; from version 256 on systemd has to be asked to use the control groups of
# an older kernel or container
boot() {
    local binds=()
    for path in "${CALLERS[@]}"; do binds+=("--bind-ro=$path"); done
    (
        groups_of_its_own "$1"
        exec systemd-nspawn -q -D "$WORK/$1" -M "$1" -b --register=no --keep-unit --private-network --link-journal=no \
            --resolv-conf=off "${binds[@]}" SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1
    ) >"$WORK/$1.log" 2>&1 </dev/null &
    eventually 120 booted "$1" "$!" || { tail -n 30 "$WORK/$1.log"; fail "$1 does not boot"; }
}

# booted MACHINE NUMBER   whether all is up in what the process of this number started, and which process is the first there
booted() {
    leader[$1]="$(cat "/proc/$2/task/$2/children")"
    leader[$1]="${leader[$1]// /}"
    [ "$(on "$1" systemctl is-system-running 2>/dev/null)" = running ]
}

# on MACHINE COMMAND …
on() {
    local machine="$1"
    shift
    nsenter -t "${leader[$machine]}" -a env -i HOME=/tmp LANG=C.UTF-8 PATH=$ROOT_PATH "$@"
}

# with_network MACHINE COMMANDS   in the folder of the program once that is there, with the network of the caller
with_network() {
    nsenter -t "${leader[$1]}" -m -u -i -p -C env -i HOME=/tmp LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=$ROOT_PATH \
        REPOSITORY=file:///srv/repository.git "${PIP_ENV[@]}" bash -euo pipefail -c "cd $place 2>/dev/null || cd ${place%/*}
$2"
}

# types MACHINE MARK …   the commands of blocks of the guide, one after the other, in one shell; each in the folder of the
# program once that is there
types() {
    local machine="$1" blocks="" mark
    shift
    for mark; do blocks+="cd $place 2>/dev/null || :"$'\n'"$(commands "$guide" "$mark")"$'\n'; done
    with_network "$machine" "$blocks" >"$WORK/said" 2>&1 || { tail -n 50 "$WORK/said"; fail "$guide: $*"; }
}

# join MACHINE …   a network of theirs: 10.77.0.1, 10.77.0.2 and so on; its switch is in the first one
join() {
    local first="$1" machine number=1
    nsenter -t "${leader[$first]}" -n ip link add wire type bridge
    for machine; do plug "$first" "$machine" "$number"; number=$((number + 1)); done
}

# plug FIRST MACHINE NUMBER   a machine into the network of the first one
plug() {
    if [ "$1" != "$2" ]; then
        ip link add wire netns "${leader[$2]}" type veth peer name "to-$2" netns "${leader[$1]}"
        nsenter -t "${leader[$1]}" -n ip link set "to-$2" master wire up
    fi
    nsenter -t "${leader[$2]}" -n ip address add "10.77.0.$3/24" dev wire
    nsenter -t "${leader[$2]}" -n ip link set wire up
}
