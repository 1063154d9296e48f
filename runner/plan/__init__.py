"""What an experiment is about to break, what that costs, and whether its blast radius allows it. Reads only."""
