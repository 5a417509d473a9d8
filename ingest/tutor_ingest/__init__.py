"""From files to a published generation: load, split, embed, publish."""
