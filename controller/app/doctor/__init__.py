"""What `watertower doctor` examines, in two steps: facts are gathered, then checks interpret them.

`machine_facts`, `site_facts` and `broker_facts` gather: they read, look names up and listen, change nothing, and
publish nothing. `machine_checks` and `broker_checks` are pure: one small function a check. A fact that could not be
gathered is None or a Reason, and its check says that it was not made, and why.
"""
