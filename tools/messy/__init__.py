"""What `messy_folder` writes: the words, the formats, and everything that can be wrong with a file."""
