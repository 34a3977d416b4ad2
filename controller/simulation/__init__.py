"""The whole system against simulated lamps: devices that behave as firmware does, and a virtual clock."""
