"""RPM's database of what is installed, in its three forms, without librpm.

Comes in: the bytes of one file. Goes out: packages (`database.parse`).
The forms: `sqlite` (rpmdb.sqlite), `ndb` (Packages.db) and `berkeley` (Packages) each give the headers' blobs;
`header` reads one. `container_manifest` is the text that Azure Linux leaves in images without a database.
Every page and length is taken as a hostile one; what cannot be understood is a Problem.
"""
