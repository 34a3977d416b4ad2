"""What `watertower doctor` looks at, in two steps: facts are gathered, then each check says what they mean.

`machine_facts` and `broker_facts` gather: they read, look names up and listen, change nothing, and publish nothing at
all. `machine_checks` and `broker_checks` are pure: one small function a check. A fact that could not be gathered is
None or a Reason, and its check says that it was not made, and why.
"""
