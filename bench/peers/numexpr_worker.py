"""numexpr, which compiles expressions to blocks for several threads; its reductions run on one."""

import numexpr
import numpy as np
import worker

# `half` is a number of the arrays' dtype: a plain 0.5 makes numexpr compute in float64.
CHAIN = "a * b + half * a - b"
EXPRESSIONS = {
    "add": "evaluate('a + b')",
    "chain": f"evaluate('{CHAIN}')",
    "exp": "evaluate('exp(a)')",
    "sum": "evaluate('sum(a)')",
    "sum0": "evaluate('sum(a, axis=0)')",
    "sum1": "evaluate('sum(a, axis=1)')",
    "sum2": "evaluate('sum(a, axis=2)')",
    "max": "evaluate('max(a)')",
    "transposed": "evaluate('a + b', {'a': a.T, 'b': b})",
    "strided": "evaluate('2 * a', {'a': a[:, ::2]})",
}
STATEMENTS = {
    "add_into": "evaluate('a + b', out=c)",
    "chain_into": f"evaluate('{CHAIN}', out=c)",
}


def prepare(name, dtype, shape):
    if name not in EXPRESSIONS and name not in STATEMENTS:
        return None
    names = {
        "evaluate": numexpr.evaluate,
        "half": dtype(0.5),
        "a": worker.operand(worker.OPERAND_A, shape, dtype),
        "b": worker.operand(worker.OPERAND_B, shape, dtype),
    }
    if name in EXPRESSIONS:
        return worker.Task(EXPRESSIONS[name], names)
    names["c"] = np.zeros(shape, dtype)
    return worker.Task(STATEMENTS[name], names, target="c")


if __name__ == "__main__":
    worker.serve(numexpr.__version__, prepare)
