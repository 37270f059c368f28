"""The loop, shown: once in a folder with nothing set up (`pratique demo`), once on a real cluster (`pratique demo --cluster`)."""
