"""The page inside each archive that says in plain words how to read it."""

from typing import Final

README: Final = """\
This archive holds what a digital twin held when it was exported: everything its owner wrote, and
what others shared with them. You can read it without any special program.

  documents/       the texts of documents, as Markdown
  documents.jsonl  one line for each of them: which object it is the text of
  media/           files; the name of each is its SHA-256
  media.jsonl      one line for each of them: its address in Matrix (mxc://...), its type
  missing.jsonl    addresses of files that could not be had, and why
  objects-*.jsonl  one line for each object (task, document, ...): the event as its author's server
                   signed it; "event" / "content" is what was written, "sender" who wrote it,
                   "origin_server_ts" when (milliseconds since 1970)
  rooms.jsonl      one line for each room: its name, its members with their roles, and the
                   circles that it is shared with
  twin.json        whose twin it was: the signed card, the owner's settings
  keys.jsonl       one line for each server: its signed key documents
  manifest.json    the SHA-256 and size of each file here, signed by the twin

A .jsonl file has one JSON object on each line (JSON Lines, UTF-8). To look up a file that an object
points to, turn its "hashes" / "sha256" (base64) into hexadecimal digits, and look for that in media/.

To check the files by hand: the SHA-256 of each file above has to be as manifest.json says, and the
SHA-256 of each file in documents/ and media/ as documents.jsonl and media.jsonl say. To check all
signatures, run `twin verify` on the archive, with no network and no server. How it is done stands in
docs/export.md and docs/proofs.md of that program; a program of your own can do it as well.

Signatures prove who wrote an object. They do not prove that the keys are the servers' own: compare
them with what the servers show, or showed.
"""
