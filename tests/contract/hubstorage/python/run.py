"""Runs the tests of one module and writes their results as one JSON object: name to null or what went wrong."""

import importlib
import json
import os
import sys
import unittest
import warnings


class Results(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.all = {}

    def startTest(self, test):
        super().startTest(test)
        self.all[name_of(test)] = None

    def addError(self, test, err):
        super().addError(test, err)
        self.all[name_of(test)] = self.errors[-1][1]

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.all[name_of(test)] = self.failures[-1][1]

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.all[name_of(test)] = "%s: %s" % (subtest, self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.all[name_of(test)] = "skipped: " + reason


def name_of(test):
    return getattr(test, "_testMethodName", str(test))


def main(module):
    warnings.simplefilter("ignore")
    results = Results()
    unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(module)).run(results)
    json.dump(results.all, sys.stdout)
    sys.stdout.flush()
    # Upload threads of a failed test may never end.
    os._exit(0)


main(sys.argv[1])
