"""What customers say in a word or two: wishes, thanks, ratings."""
