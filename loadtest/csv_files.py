"""The throughput tool's files, with the client's name as a last column (github.com/grecoe/CloudAI,
Utilities/DistributedEndpointTesting). Times are RFC 3339 in UTC; AITime, TotalTime and AiTime are seconds.
"""

import csv

from counters import timestamp

HISTORY = [
    "TestNo",
    "TestCountTotal",
    "ThreadCount",
    "Records",
    "Failures",
    "AITime",
    "TotalTime",
    "RPS",
    "MaxRecords",
    "MinRecords",
    "Client",
]
TIMING = ["Time", "Record", "PayloadSize", "Success", "Attempts", "Response", "TotalTime", "AiTime", "Client"]
SCALING = ["Time", "Scale", "Client"]


class CsvFiles:
    """<name>.timing.csv and <name>.scaling.csv of a run, and <name>.history.csv of a search for saturation."""

    def __init__(self, settings, with_history):
        self.client = settings.client
        self.most_users = self.users = 0
        self.files, self.writers = {}, {}
        # Why a file is incomplete: a line for people.
        self.fault = None
        kinds = {"timing": TIMING, "scaling": SCALING} | ({"history": HISTORY} if with_history else {})
        for kind, columns in kinds.items():
            self.create(settings.file(f"{kind}.csv"), kind, columns)

    def create(self, path, kind, columns):
        try:
            self.files[kind] = open(path, "w", newline="", encoding="utf-8", buffering=1 << 16)  # noqa: SIM115
        except OSError as error:
            self.fail(path, error)
            return
        self.writers[kind] = csv.writer(self.files[kind], lineterminator="\n")
        self.write(kind, [columns])

    def write(self, kind, rows):
        """Writes rows. After a write failed, as on a full disk, writes nothing more to that file."""
        try:
            if kind in self.writers:
                self.writers[kind].writerows(rows)
        except OSError as error:
            del self.writers[kind]
            self.fail(self.files[kind].name, error)

    def fail(self, path, error):
        self.fault = self.fault or f"{path} cannot be written: {error.strerror}"

    def timings(self, rows):
        self.write("timing", ([*row, self.client] for row in rows))

    def scaling(self, users):
        if users != self.users:
            self.write("scaling", [[timestamp(), users, self.client]])
            self.users, self.most_users = users, max(users, self.most_users)

    def history(self, row):
        self.write("history", [[*row, self.client]])

    def close(self):
        self.writers.clear()
        for file in self.files.values():
            try:
                file.close()
            except OSError as error:
                self.fail(file.name, error)
