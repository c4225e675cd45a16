"""Text as people type it: nothing of mail or tickets. Pure."""
