"""Which workloads run what; move one to a digest, watch it to completion or failure, go back.

In: Kubernetes objects as plain dictionaries, image strings, a time limit. Out: `Workload`s, `RolloutState`s.
Decided in `find` (who runs what), `status` (how far a rollout is) and `patch` (what to send); acted in `cluster`
(the real one) and `in_memory` (its twin), both behind `protocol.ActsOnCluster`; `act.roll_out` is the whole journey.
It does not know why an image should move, nor whether it may: verdicts and admission are other rooms.
"""
