"""Prints what a Scrapyd has in its folder of databases, as JSON lines: `read_dbs.py DBS_DIR`.

A pending job is {"pending": message, "project": ..., "priority": ...}, in the order in which it would start; a finished
one is {"finished": job, "project": ..., "spider": ..., "start": ..., "end": ...}, oldest first. Nothing is written there.
"""

import json
import math
import pathlib
import sqlite3
import sys


def tables(connection):
    return {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}


def pending(connection, project):
    query = "select message, priority from spider_queue order by priority desc, id"
    for message, priority in connection.execute(query):
        known = isinstance(priority, (int, float)) and not math.isnan(priority)
        # As text: JSON has no word for an infinite number, and Scrapyd keeps a NaN as null.
        text = repr(float(priority)) if known else "nan"
        yield {"pending": json.loads(bytes(message)), "project": project, "priority": text}


def finished(connection):
    query = "select project, spider, job, start_time, end_time from finished_jobs order by end_time, id"
    for project, spider, job, start, end in connection.execute(query):
        yield {"finished": job, "project": project, "spider": spider, "start": start, "end": end}


def main(folder):
    for path in sorted(pathlib.Path(folder).glob("*.db")):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        found = tables(connection)
        if "spider_queue" in found:
            for job in pending(connection, path.stem):
                print(json.dumps(job))
        if "finished_jobs" in found:
            for job in finished(connection):
                print(json.dumps(job))
        connection.close()


if __name__ == "__main__":
    main(sys.argv[1])
