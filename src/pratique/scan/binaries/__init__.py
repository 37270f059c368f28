"""What compiled programs tell of themselves, from the few parts of them that hold it.

Comes in: a look at a program's beginning (`programs.spans`), then the parts asked for (`programs.parse`).
Goes out: packages: Go's build information (`go`), Rust's list of crates (`rust`), and the versions that well-known
programs have in them (`evidence`).
Whole programs are never held: they pass by in a layer's stream, and only segments of data are kept, up to a limit.
"""
