"""The gate: an AdmissionReview v1 comes in, the answer goes out, with words that tell a developer what to do.

In: a review's JSON, an admission policy, and facts about images. Out: a `Decision`, the response's JSON, pinned images.
It does not know how a signature is checked, nor how an image is judged: it is told who signed and what the verdict was.
"""
