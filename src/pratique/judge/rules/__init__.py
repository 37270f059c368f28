"""The rules that a policy may use, one file each, named by the rule's id; `table` lists them.

In: the settings from the policy and a `Case` (inventory, findings, now). Out: reasons. A rule knows no other rule.
"""
