"""NumPy; its element-wise work and reductions run on one thread."""

import numpy as np
import worker

EXPRESSIONS = {
    "add": "a + b",
    "chain": "a * b + 0.5 * a - b",
    "exp": "np.exp(a)",
    "sum": "np.sum(a)",
    "sum0": "np.sum(a, axis=0)",
    "sum1": "np.sum(a, axis=1)",
    "sum2": "np.sum(a, axis=2)",
    "mean": "np.mean(a)",
    "var": "np.var(a)",
    "max": "np.max(a)",
    "argmax": "np.argmax(a)",
    "transposed": "a.T + b",
    "strided": "a[:, ::2] * 2",
    "matmul": "a @ b",
}
STATEMENTS = {
    "add_into": "np.add(a, b, out=c)",
    # `t` is there already, too: no step allocates.
    "chain_into": "np.multiply(a, b, out=c); np.multiply(a, 0.5, out=t); np.add(c, t, out=c); np.subtract(c, b, out=c)",
}


def prepare(name, dtype, shape):
    names = {
        "np": np,
        "a": worker.operand(worker.OPERAND_A, shape, dtype),
        "b": worker.operand(worker.OPERAND_B, shape, dtype),
    }
    if name in EXPRESSIONS:
        return worker.Task(EXPRESSIONS[name], names)
    if name in STATEMENTS:
        names["c"] = np.zeros(shape, dtype)
        if name == "chain_into":
            names["t"] = np.zeros(shape, dtype)
        return worker.Task(STATEMENTS[name], names, target="c")
    return None


if __name__ == "__main__":
    worker.serve(np.__version__, prepare)
