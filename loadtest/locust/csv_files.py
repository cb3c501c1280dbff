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
        settings.folder.mkdir(parents=True, exist_ok=True)
        self.client = settings.client
        self.most_users = self.users = 0
        self.open = []
        self.timing = self.create(settings, "timing", TIMING)
        self.scales = self.create(settings, "scaling", SCALING)
        self.tests = self.create(settings, "history", HISTORY) if with_history else None

    def create(self, settings, kind, columns):
        file = open(
            settings.folder / f"{settings.name}.{kind}.csv", "w", newline="", encoding="utf-8", buffering=1 << 16
        )
        self.open.append(file)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        return writer

    def timings(self, rows):
        self.timing.writerows([*row, self.client] for row in rows)

    def scaling(self, users):
        if users != self.users:
            self.scales.writerow([timestamp(), users, self.client])
            self.users, self.most_users = users, max(users, self.most_users)

    def history(self, row):
        self.tests.writerow([*row, self.client])

    def close(self):
        for file in self.open:
            file.close()
