#!/bin/sh
# Starts olad (Open Lighting Architecture, Debian package "ola") as a receiver to test the outputs against.
#
#   sh tests/olad/start.sh HTTP_PORT RPC_PORT       ends with the terminal or a signal; answers after a second
#   curl -s "http://127.0.0.1:HTTP_PORT/get_dmx?u=1"
#
#   universe 1–4    sACN universe 1–4       UDP 5568 on every address
#   universe 11–12  Art-Net universe 11–12  UDP 6454
#
# Facts about olad 0.10.9 that this gets around:
# - it refuses to run as root, so root becomes the user of the package;
# - it rewrites its folder of settings, so it gets one to throw away;
# - every plugin that is not switched off opens ports of its own;
# - its E1.31 plugin wants one network card besides lo, though it then hears lo as well.
set -eu
http=$1 rpc=$2
conf=$(mktemp -d)
trap 'rm -rf "$conf"' EXIT

for plugin in dummy espnet ftdidmx gpio karate kinet milinst opendmx openpixelcontrol osc pathport renard sandnet \
    shownet spi stageprofi uartdmx usbdmx usbserial; do
    echo "enabled = false" >"$conf/ola-$plugin.conf"
done
cat >"$conf/ola-e131.conf" <<END
enabled = true
cid = 5b6d2f0a-3c1e-4f7b-9d55-0a1b2c3d4e5f
input_ports = 4
output_ports = 0
draft_discovery = false
ignore_preview = true
prepend_hostname = false
dscp = 0
revision = 0.46
END
cat >"$conf/ola-artnet.conf" <<END
enabled = true
ip = 127.0.0.1
use_loopback = true
always_broadcast = false
use_limited_broadcast = false
net = 0
subnet = 0
output_ports = 0
short_name = receiver
long_name = receiver of the output tests
END
echo "instance-name = outputs" >"$conf/ola-server.conf"
for universe in 1 2 3 4; do echo "11-1-I-$((universe - 1)) = $universe"; done >"$conf/ola-port.conf"
for universe in 11 12; do echo "2-1-I-$((universe - 11)) = $universe"; done >>"$conf/ola-port.conf"
for universe in 1 2 3 4 11 12; do echo "uni_${universe}_merge = LTP"; done >"$conf/ola-universe.conf"

become=
if [ "$(id -u)" = 0 ]; then
    chown -R olad "$conf"
    become="setpriv --reuid=olad --regid=nogroup --clear-groups"
fi
cd /
$become olad -c "$conf" -p "$http" -r "$rpc" -l 2 -i 127.0.0.1 --no-register-with-dns-sd --no-http-quit >&2 &
olad=$!
trap 'kill $olad 2>/dev/null || :; wait $olad || :; exit 0' INT TERM
wait $olad || :
