"""What a pack file is and how it is read: pure, without tables."""
