"""The DMX gateway: a program that receives desired documents over MQTT, drives lamps and reports what they were sent.

`gateway.py` decides without I/O, `runtime.py` connects it to MQTT, clock, disk and output; `outputs/` holds one output
a file.
"""
