"""What is done beside the live flow: marks, a second look, replays, pruning."""
