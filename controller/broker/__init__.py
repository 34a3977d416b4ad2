"""The embedded MQTT 3.1.1 broker: one tower needs no other program. Written against the OASIS standard.

    bytes --Framer, decode--> packet --PacketHandler--> Router --> ClientSession --publish, ack--> bytes
            `packets`                `packet_handler`  `router`   `client_session`  `packets`

These four are pure, and so is `access`. Around them: `client_connection` (the socket, and fair turns), `login`,
`broker_file`, and `server`, which puts them together.

Where the standard leaves a choice
| question | choice |
|---|---|
| several filters of one client match | one delivery, at the highest QoS granted (3.3.5 allows either) |
| SUBSCRIBE again before its retained messages are sent | each of them once, as it is then |
| MQTT 3.1 and MQTT 5 clients | refused: CONNACK 1; to MQTT 5 in the form of MQTT 5, reason 0x84 |
| wrong log-in | CONNACK 4, none where one is needed 5; no session is touched before |
| a valid filter too many | SUBACK 0x80; a malformed filter ends the connection |
| `$SYS` | not offered; `$share/…` has no meaning before MQTT 5 and is a filter like any other |
| what a user may not do | a message is acknowledged and dropped; a filter matches less, a topic is refused |
| when a message is acknowledged | when it is in memory; the file follows (`broker_file`) |
| broker stops | no wills, since the clients are alive; retained messages and lasting sessions are written |
| power cut | lasting sessions lose what waited, never their subscriptions; nothing is sent a second time |
| QoS 0 for a client that is away | not kept |
| QoS 2 arriving | passed on at once, its identifier held until PUBREL (method B of 4.3.3) |
"""
