"""The loop, shown: in a folder with nothing set up (`pratique demo`), or on a real cluster (`--cluster`)."""
