"""ACR task files as build definitions: read, checked, run without Azure; imported, with their triggers.

In: a task file (YAML with Go templates and aliases), values, a context folder. Out: a task as values, its graph, the
images it depends on, and, once run, what each step came to and which digests were pushed. Not known here: where
findings come from, policies, when to act. `parse`, `aliases`, `graph`, `course`, `dependencies`, `arguments`, `cron`,
`triggers` and `import_arm` decide without I/O; `run` drives an executor; `executor_buildah` acts, `in_memory` is its
twin.
"""
