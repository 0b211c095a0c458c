"""Probes of a model, given what it says of the test part, as a run looks at them."""

from peslab.problems import Prediction


def probed(problem, model, tables):
    return problem.probes(model, tables, Prediction.of(tables.test, model))
