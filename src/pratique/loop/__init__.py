"""The journey of an image, as durable workflows. Read this room first.

    pushed.py    an image was pushed: observe → scan → judge → lineage → sign → heal everything built on it
    heal.py      an image's base has a newer version: plan → rebase or rebuild → scan → judge → validate → attest
                 → publish → roll out
    make.py      the plan, and the rebase or rebuild itself
    waves.py     in which order the images on a new base are healed (decides)
    assess.py    the scan and judgement that both journeys share
    tags.py      what a tag names: remembered, and moved
    turns.py     journeys that change the same thing wait for each other
    trust.py     what is signed and attested about an image
    polling.py   when to ask registries that tell us nothing (decides); watcher.py asks
    parts.py     what the journeys work with; `wiring` fits the real parts
    requests.py  what goes into a journey and what comes out
    steps.py     what a journey asks of its engine, and the twin that keeps nothing
    flow.py      the engine: DBOS on SQLite or PostgreSQL

Every act is a step with a name; a step that was finished is never repeated, one that was cut short is done again.
"""
