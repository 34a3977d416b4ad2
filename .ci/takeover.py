"""What `mosquitto_sub -F "%U %r %t %p"` wrote of a site: whether a higher order was obeyed and confirmed, and when.

    takeover.py FILE SINCE [WITHIN]   SINCE is a second of the clock; without WITHIN nobody need have taken over

Exit code 0 where lamps showed nothing but orange since, orders only rose, and the takeover was within so many seconds.
"""

import json
import sys
from pathlib import Path

told, since, within = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
told_at, orders, obeyed_s, confirmed_s = [], [], None, None
with Path(told).open(encoding="utf-8") as lines:
    for line in lines:
        words = line.split(" ", 3)
        if len(words) < 4 or not words[3].startswith("{") or not words[3].endswith("}\n"):
            continue  # no document, or not yet whole
        after_s, is_retained, topic, payload = float(words[0]) - since, words[1] == "1", words[2], words[3]
        document = json.loads(payload)
        if topic.endswith("/reported"):
            orders.append((document["epoch"], document["revision"]))
            told_at.append((document["at"], orders[-1]))  # what comes late was told before
            if after_s > 0 and any(not zone["on"] or zone["color"] != "#FF6A00" for zone in document["zones"].values()):
                sys.exit(f"{after_s:.2f} s: {payload}")
            if after_s > 0 and obeyed_s is None and orders[-1][0] > orders[0][0]:
                obeyed_s = after_s
        elif topic.endswith("/controller/health") and not is_retained and obeyed_s is not None and confirmed_s is None:
            confirmed_s = after_s if set(document["counts"]) == {"confirmed"} else None
in_order = [order for _, order in sorted(told_at)]
if in_order != sorted(in_order):
    sys.exit(f"an older order was obeyed after a newer one: {sorted(told_at)}")
if within and (confirmed_s is None or confirmed_s > float(within[0])):
    sys.exit(f"not confirmed in time: obeyed {obeyed_s}, confirmed {confirmed_s}")
if confirmed_s is not None:
    print(f"obeyed {obeyed_s:.2f} s and confirmed {confirmed_s:.2f} s after")
