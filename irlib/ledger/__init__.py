"""The ledger: one JSON record for each measurement, written by a command and read by the pages.

A measured number exists in one place, a file under ``book/results/``. Pages call :func:`value`;
nobody types such a number into prose. What a person measures on an own machine goes to another
root (``runs/...``) in the same format.

Taught on the page "How this book is built".
"""

from irlib.ledger.claims import Claim, claim
from irlib.ledger.files import (
    ledger_root,
    read_record,
    record_names,
    record_path,
    records,
    value,
    write_record,
)
from irlib.ledger.provenance import (
    command_typed,
    commit,
    device_in_words,
    library_versions,
    sha256_of_file,
)
from irlib.ledger.record import Record, content_hash

__all__ = [
    "Claim",
    "Record",
    "claim",
    "command_typed",
    "commit",
    "content_hash",
    "device_in_words",
    "ledger_root",
    "library_versions",
    "read_record",
    "record_names",
    "record_path",
    "records",
    "sha256_of_file",
    "value",
    "write_record",
]
