"""Java's archives: jar, war, ear and their like, one in another.

Comes in: an archive's bytes. Goes out: the Maven artifacts in it (`archive.parse`). `zip` reads entries in bounded
memory, `names` tells what an archive is from what is written in it.
"""
