"""The platform process: its parts wired together, started and stopped."""
