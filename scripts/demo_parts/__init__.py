"""The parts of scripts/demo.py: the daemon, the story, the screen, the account at the end."""
