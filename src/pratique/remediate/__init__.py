"""Who is built on whom, what to do about it, and the two acts: rebase (edit a manifest) and rebuild (run a builder).

In: images as values, known base images, a build definition. Out: a lineage, a plan, a new image, the validation of it.
Not known here: where findings come from, policies, clusters, when to act. `lineage`, `order`, `safety`, `plan`,
`rebase_plan`, `dockerfile` and `validate` decide without I/O; `rebase` and the builders act.
"""
